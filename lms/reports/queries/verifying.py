"""Is a report what it says it is? The file beside what is kept, what is kept beside what the ledger gives when it is read once more as it
was known then, and the fingerprints of the manifest beside all of them. Only reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from lms.kit.errors import N_, DomainError
from lms.reports.models import Installation, Report, ReportAgency
from lms.reports.queries.bodies import body_rows
from lms.reports.queries.composing import compose
from lms.reports.rules.body import FILE_SCHEMA, MANIFEST_SCHEMA, SCHEMA, ReportHead, body_from, body_text, canonical, sha256
from lms.reports.rules.rolling_up import RULE_VERSION

MOST = 200  # differences that are named


@dataclass(frozen=True, slots=True)
class Difference:
    """`where`: file (beside what is kept) or ledger (what is kept beside what it gives now). `agency`: code, or None for the whole."""

    where: str
    agency: str | None
    figure: str
    claimed: Any
    found: Any


@dataclass(frozen=True, slots=True)
class Verified:
    """`revision` and `state` are of the report as it is kept now; `sha256` of its manifest."""

    report_id: UUID
    period: str
    revision: int
    state: str
    sha256: str
    agencies: int
    differences: list[Difference]
    rule_version: str

    @property
    def holds(self) -> bool:
        return not self.differences


def verify_text(session: Session, text: str) -> Verified:
    """Verify a body or a whole report. Raises DomainError for what is none, is of another province, or of a report nobody here knows."""
    values = _read(text)
    schema = values.get("schema")
    head = values["report"] if schema == SCHEMA else values["manifest"]["report"]
    report = _report_of(session, head)
    differences = []
    if canonical(values) != text.strip():
        differences.append(Difference("file", None, "canonical", "RFC 8785", None))
    if schema == SCHEMA:
        differences += _beside_kept(session, report, values)
        only = {UUID(values["agency"]["id"])}
    else:
        differences += _unlike("file", None, values["manifest"], json.loads(report.manifest_text), "manifest")
        claimed = {body["agency"]["id"]: body for body in values["agencies"]}
        for agency, kept in body_rows(session, report.id):
            body = claimed.pop(str(agency), None)
            if body is None:
                differences.append(Difference("file", json.loads(kept)["agency"]["code"], "body", None, str(agency)))
            elif canonical(body) != kept:
                differences += _unlike("file", body["agency"]["code"], body, json.loads(kept))
        differences += [Difference("file", body["agency"]["code"], "body", agency, None) for agency, body in claimed.items()]
        only = None
    return _verified(session, report, differences, only)


def verify_report(session: Session, report_id: UUID) -> Verified:
    """Verify what is kept of a report. Raises DomainError for one frozen before version 2."""
    report = session.get_one(Report, report_id, options=(undefer(Report.manifest_text),))
    if not report.manifest_text:
        raise _too_old()
    return _verified(session, report, [], None)


def _verified(session: Session, report: Report, differences: list[Difference], only: set[UUID] | None) -> Verified:
    found = [*differences, *_beside_manifest(session, report), *_beside_ledger(session, report, only)]
    manifest = json.loads(report.manifest_text)
    return Verified(
        report.id,
        report.period,
        report.revision,
        report.state,
        report.sha256,
        len(manifest["agencies"]),
        found[:MOST],
        manifest["rule_version"],
    )


def _beside_kept(session: Session, report: Report, values: Mapping[str, Any]) -> Iterator[Difference]:
    code = str(values["agency"]["code"])
    kept = session.scalar(
        select(ReportAgency.body).where(ReportAgency.report_id == report.id, ReportAgency.agency_id == UUID(values["agency"]["id"]))
    )
    if kept is None:
        yield Difference("file", code, "body", values["agency"]["id"], None)
    elif canonical(values) != kept:
        yield from _unlike("file", code, values, json.loads(kept))


def _beside_manifest(session: Session, report: Report) -> Iterator[Difference]:
    """Was anything that is kept altered after it was frozen?"""
    if sha256(report.manifest_text) != report.sha256:
        yield Difference("kept", None, "manifest.sha256", report.sha256, sha256(report.manifest_text))
    claimed = {entry["id"]: entry for entry in json.loads(report.manifest_text)["agencies"]}
    for agency, text in body_rows(session, report.id):
        entry = claimed.pop(str(agency), None)
        if entry is None or sha256(text) != entry["sha256"]:
            yield Difference("kept", entry["code"] if entry else str(agency), "sha256", entry and entry["sha256"], sha256(text))
    for entry in claimed.values():
        yield Difference("kept", entry["code"], "body", entry["sha256"], None)


def _beside_ledger(session: Session, report: Report, only: set[UUID] | None) -> Iterator[Difference]:
    """What the ledger, the tree and the features give today when they are asked for what was known when it was frozen."""
    manifest = json.loads(report.manifest_text)
    if manifest["rule_version"] != RULE_VERSION:
        return
    composition = compose(session, ReportHead(**manifest["report"]))
    for name, value in composition.inputs.items():
        if manifest["inputs"].get(name) != value:
            yield Difference("ledger", None, f"inputs.{name}", manifest["inputs"].get(name), value)
    kept = dict(body_rows(session, report.id)) if only is None else None
    wanted = set(composition.agencies) if only is None else only
    for _, body in composition.bodies(wanted):
        agency = UUID(body.agency.id)
        text = kept.pop(agency, None) if kept is not None else _kept_body(session, report.id, agency)
        if text is None:
            yield Difference("ledger", body.agency.code, "body", None, body.agency.id)
            continue
        rebuilt = body_text(body)
        if rebuilt != text:
            yield from _unlike("ledger", body.agency.code, json.loads(text), json.loads(rebuilt))
    for text in (kept or {}).values():
        yield Difference("ledger", json.loads(text)["agency"]["code"], "body", json.loads(text)["agency"]["id"], None)


def _kept_body(session: Session, report_id: UUID, agency: UUID) -> str | None:
    return session.scalar(select(ReportAgency.body).where(ReportAgency.report_id == report_id, ReportAgency.agency_id == agency))


def _unlike(where: str, agency: str | None, claimed: Any, found: Any, path: str = "") -> Iterator[Difference]:
    """Every place at which two JSON values differ."""
    if isinstance(claimed, Mapping) and isinstance(found, Mapping):
        for key in sorted({*claimed, *found}):
            yield from _unlike(where, agency, claimed.get(key), found.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(claimed, list) and isinstance(found, list) and len(claimed) == len(found):
        for place, (one, other) in enumerate(zip(claimed, found, strict=True)):
            yield from _unlike(where, agency, one, other, f"{path}[{place}]")
    elif claimed != found:
        yield Difference(where, agency, path, claimed, found)


def _read(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
        schema = values["schema"]
        if schema == SCHEMA:
            body_from(values)
        elif schema == FILE_SCHEMA:
            if values["manifest"]["schema"] != MANIFEST_SCHEMA:
                raise ValueError(schema)
            for body in values["agencies"]:
                body_from(body)
        else:
            raise ValueError(schema)
        canonical(values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DomainError(
            N_("Tệp này không phải báo cáo kết quả của Công vụ LMS (JSON nội dung một cơ quan hoặc toàn bộ báo cáo)."), code="not_a_report"
        ) from error
    return dict(values)


def _report_of(session: Session, head: Mapping[str, Any]) -> Report:
    own = session.scalar(select(Installation.id))
    if head["installation"] != str(own):
        raise DomainError(
            N_("Báo cáo này do hệ thống khác lập (%(address)s), không phải hệ thống này. Kiểm chứng ở nơi đã lập."),
            code="other_province",
            address=head["base_url"] or head["installation"],
        )
    try:
        report_id = UUID(str(head["id"]))
        datetime.fromisoformat(str(head["built_at"]))
    except ValueError as error:
        raise DomainError(N_("Tệp đã bị sửa: phần đầu báo cáo không đọc được."), code="altered") from error
    report = session.get(Report, report_id, options=(undefer(Report.manifest_text),))
    if report is None:
        raise DomainError(N_("Hệ thống này không có báo cáo mang mã %(id)s."), code="unknown_report", id=str(report_id))
    if not report.manifest_text:
        raise _too_old()
    return report


def _too_old() -> DomainError:
    return DomainError(N_("Báo cáo này được lập bằng phiên bản cũ, chưa có bản chuẩn để kiểm chứng."), code="version_1")
