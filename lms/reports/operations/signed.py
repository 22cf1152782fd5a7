"""Keeping what came back signed, and what the service sealed itself."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.clock import local_date
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.reports.models import Report
from lms.reports.models.files import SignedFile
from lms.reports.queries import files
from lms.reports.queries.files import APPROVED, Source
from lms.reports.signing.verdicts import Examined

_NUMBER = re.compile(r"[0-9]{1,6}[a-zđ]?/[0-9A-ZĐa-zđ&]+(?:-[0-9A-ZĐa-zđ&]+)*")


@dataclass(frozen=True, slots=True)
class Signed:
    """A file that was examined. `number` and `issued_on` as the clerk (văn thư) gave them: 05/BC-SKHCN, ngày ban hành."""

    content: bytes
    examined: Examined
    number: str
    issued_on: date
    is_seal: bool = False


def keep_signed(session: Session, actor: Actor, source: Source, signed: Signed, *, zone: ZoneInfo, at: datetime) -> UUID:
    """Keep a signed document beside the report; the one before it no longer stands, and is kept. The same file again changes nothing.

    Raises Conflict where the report is not approved, DomainError for a number or day that cannot be.
    """
    # The examination took its time: the report is looked at as it is now.
    check_signable(replace(source, state=session.scalars(select(Report.state).where(Report.id == source.report_id)).one()))
    agency = UUID(source.body.agency.id)
    if not signed.is_seal:
        _check_paper(signed, source, local_date(at, zone), zone)
    sha256 = hashlib.sha256(signed.content).hexdigest()
    standing = files.signed_file(session, source.report_id, agency)
    if standing is not None and (standing.sha256, standing.number, standing.issued_on) == (sha256, signed.number, signed.issued_on):
        return standing.id
    session.execute(
        update(SignedFile)
        .where(SignedFile.report_id == source.report_id, SignedFile.agency_id == agency, SignedFile.replaced_at.is_(None))
        .values(replaced_at=at)
    )
    kept = SignedFile(
        id=uuid7(),
        report_id=source.report_id,
        agency_id=agency,
        sha256=sha256,
        size=len(signed.content),
        content=signed.content,
        number=signed.number,
        issued_on=signed.issued_on,
        verdict=signed.examined.as_json(),
        is_seal=signed.is_seal,
        stored_at=at,
        stored_by=actor.person_id,
    )
    session.add(kept)
    session.flush()
    details: dict[str, Any] = {"agency": str(agency), "sha256": sha256, "signers": signed.examined.signers}
    details["content"] = signed.examined.content.value
    action = "reports.seal" if signed.is_seal else "reports.keep_signed"
    before = {"sha256": standing.sha256 if standing else None, "number": standing.number if standing else None}
    audit.record(session, actor, action, source.report_id, at, before=before, after={"sha256": sha256, "number": signed.number}, **details)
    return kept.id


def check_signable(source: Source) -> None:
    if source.state not in APPROVED:
        raise Conflict(N_("Báo cáo chưa được phê duyệt: chưa nhận bản đã ký."), code="not_approved")


def _check_paper(signed: Signed, source: Source, today: date, zone: ZoneInfo) -> None:
    if len(signed.number) > 60 or not _NUMBER.fullmatch(signed.number):
        raise DomainError(N_("Số, ký hiệu viết như 05/BC-SKHCN."), code="bad_number", field="number")
    frozen = local_date(datetime.fromisoformat(source.body.report.built_at), zone)
    if not frozen <= signed.issued_on <= today:
        raise DomainError(
            N_("Ngày ban hành phải từ ngày chốt số liệu (%(first)s) đến hôm nay."),
            code="bad_day",
            field="issued_on",
            first=f"{frozen:%d/%m/%Y}",
        )
