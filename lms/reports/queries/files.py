"""Renderings there are, and what they are made from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from lms.kit.actors import NotFound
from lms.reports.documents import Form, Kind, Variant, default_form
from lms.reports.models import ONCE_PUBLIC, Report, ReportAgency, ReportState
from lms.reports.models.files import ReportFile, SignedFile
from lms.reports.queries.bodies import agency_body, body_texts
from lms.reports.rules.body import AgencyBody, read_body

APPROVED = frozenset({ReportState.APPROVED, ReportState.PUBLISHED, ReportState.SUPERSEDED, ReportState.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Source:
    """Everything a rendering is made from."""

    report_id: UUID
    state: str
    body: AgencyBody
    manifest: Mapping[str, Any]
    below: tuple[AgencyBody, ...]

    @property
    def variant(self) -> Variant:
        """What those entitled to the figures get: a draft until it is approved."""
        return Variant.FINAL if self.state in APPROVED else Variant.DRAFT


def source(session: Session, report_id: UUID, agency: UUID, *, public: bool = False) -> Source:
    """`public`: with the agencies right below, each of which tells what of it the public may see. Raises NotFound where the report says
    nothing of the agency."""
    report = session.get(Report, report_id, options=(undefer(Report.manifest_text),))
    body = None if report is None else agency_body(session, report, agency)
    if report is None or body is None:
        raise NotFound
    manifest = json.loads(report.manifest_text) if report.manifest_text else dict(report.manifest)
    below: Sequence[AgencyBody] = ()
    if not body.agency.path:
        below = _all_below(session, report, body)
    elif public:
        below = [found for child in body.children if (found := agency_body(session, report, UUID(child.id))) is not None]
    return Source(report.id, report.state, body, manifest, tuple(below))


def rendered(session: Session, report_id: UUID, agency: UUID, *, kind: Kind, variant: Variant, form: Form) -> str | None:
    """The SHA-256 of a rendering that was stored."""
    return session.scalar(
        select(ReportFile.sha256).where(
            ReportFile.report_id == report_id,
            ReportFile.agency_id == agency,
            ReportFile.kind == kind,
            ReportFile.variant == variant,
            ReportFile.form == form,
        )
    )


def agencies_in_order(session: Session, report_id: UUID) -> list[UUID]:
    query = select(ReportAgency.agency_id).where(ReportAgency.report_id == report_id)
    return list(session.scalars(query.order_by(ReportAgency.ordinal, ReportAgency.agency_id)))


def stored_renderings(session: Session, report_id: UUID, variant: Variant) -> set[tuple[UUID, str]]:
    """(agency, kind) of what needs not be rendered again."""
    query = select(ReportFile.agency_id, ReportFile.kind).where(ReportFile.report_id == report_id, ReportFile.variant == variant)
    return {(agency, kind) for agency, kind in session.execute(query)}


def signed_file(session: Session, report_id: UUID, agency: UUID, *, with_content: bool = False) -> SignedFile | None:
    """The signed document of an agency's result that stands."""
    query = select(SignedFile).where(SignedFile.report_id == report_id, SignedFile.agency_id == agency, SignedFile.replaced_at.is_(None))
    return session.scalar(query.options(undefer(SignedFile.content)) if with_content else query)


def form_of(body: AgencyBody, wanted: str | None) -> Form:
    """Raises NotFound for a form there is none of."""
    if not wanted:
        return default_form(body)
    try:
        return Form(wanted)
    except ValueError as error:
        raise NotFound from error


def _all_below(session: Session, report: Report, body: AgencyBody) -> list[AgencyBody]:
    """Every agency under the topmost one, each after its parent; a report of version 1 keeps none."""
    found = (read_body(text) for text in body_texts(session, report.id) if text)
    return [one for one in found if any(place.id == body.agency.id for place in one.agency.path)]


@dataclass(frozen=True, slots=True)
class Checked:
    """What anybody may know of a paper by its code."""

    agency_code: str
    agency_name: str
    period: str
    revision: int
    state: str
    published_at: datetime


def checked(session: Session, code: str) -> Checked | None:
    """The published result whose fingerprint begins with a code; None for one that is not ours or never was public."""
    row = session.execute(
        select(ReportAgency.code, ReportAgency.agency_id, Report)
        .join(Report, Report.id == ReportAgency.report_id)
        .where(
            ReportAgency.sha256.startswith(code, autoescape=True),
            ReportAgency.sha256 != "",
            Report.state.in_(ONCE_PUBLIC),
            Report.published_at.is_not(None),
        )
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    agency_code, agency, report = row
    body = agency_body(session, report, agency)
    assert body is not None
    assert report.published_at is not None
    return Checked(agency_code, body.agency.name, report.period, report.revision, report.state, report.published_at)
