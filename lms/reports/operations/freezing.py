"""Freezing an activity's results: a revision is begun, its bodies are written some at a time, and the manifest makes it whole. Until then
nobody sees it, so that it may stop anywhere and go on: what it is made of is read as it was known when it was begun."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from lms.audit.queries import head as audit_head
from lms.kit import audit, jobs
from lms.kit.actors import Actor, NotFound
from lms.kit.errors import N_, Conflict
from lms.kit.ids import uuid7
from lms.reports.frozen import line
from lms.reports.models import UNFINISHED, Installation, Report, ReportAgency, ReportState
from lms.reports.queries.composing import CURRENT_SETTINGS, Composition, compose, head_of
from lms.reports.queries.correcting import correction_text
from lms.reports.queries.ledger_pass import count_inputs
from lms.reports.rules.body import MANIFEST_SCHEMA, ReportHead, body_text, canonical, sha256
from lms.reports.rules.disclosure import FIGURES, OUTCOME, PARTICIPATION
from lms.reports.rules.rolling_up import RULE_VERSION
from lms.results.models import Activity
from lms.results.queries import ActivityRow

FREEZING = "reports.freeze"
BODIES_AT_ONCE = 50
NEEDED_IN_LISTS = frozenset((FIGURES, PARTICIPATION, OUTCOME))  # without one of these a list of agencies shows nothing of one


def build_report(session: Session, actor: Actor, activity: ActivityRow, at: datetime, because: str | None = None) -> UUID:
    """Freeze an activity's results for every agency as a new revision (draft), at once. Returns the report's id.

    Raises Conflict while it is being frozen, DomainError where the tree of the counting day has no agencies.
    """
    report = begin_report(session, actor, activity.key, at, because)
    composition = compose(session, head_of(session, report))
    write_bodies(session, report.id, composition, composition.agencies)
    finish_report(session, actor, report.id, composition, at)
    return report.id


def request_freezing(session: Session, actor: Actor, activity: str, at: datetime, because: str | None = None) -> UUID:
    """Have the worker freeze an activity's results as they are known now; asked again while it is at it, it is the same job. Returns the
    job's id."""
    _lock_activity(session, activity)
    running = session.scalar(select(Report.job_id).where(Report.activity == activity, Report.state == ReportState.BUILDING))
    if running is not None:
        failed = select(jobs.Job.id).where(jobs.Job.id == running, jobs.Job.state == jobs.JobState.FAILED)
        if session.scalar(failed) is None:
            return running
        drop_building(session, activity)
    report = begin_report(session, actor, activity, at, because)
    payload = {"report": str(report.id), "actor": str(actor.person_id) if actor.person_id else None, "name": actor.display_name}
    job = jobs.enqueue(session, FREEZING, payload, at=at, created_by=actor.person_id)
    session.flush()
    report.job_id = job.id
    return job.id


def begin_report(session: Session, actor: Actor, activity: str, at: datetime, because: str | None = None) -> Report:
    """A revision that is being frozen. Raises NotFound, Conflict while another one is."""
    held = _lock_activity(session, activity)
    if session.scalar(select(Report.id).where(Report.activity == activity, Report.state == ReportState.BUILDING)) is not None:
        raise Conflict(N_("Số liệu của kỳ này đang được chốt. Chờ xong rồi làm tiếp."), code="building")
    if session.get(Installation, 1) is None:
        session.add(Installation(number=1, id=uuid7(), since=at))
    last = session.scalar(select(func.max(Report.revision)).where(Report.activity == activity)) or 0
    report = Report(
        id=uuid7(),
        activity=activity,
        period=held.period,
        revision=last + 1,
        state=ReportState.BUILDING,
        manifest={
            "rule_version": RULE_VERSION,
            "counted_on": held.counted_on.isoformat(),
            "settings": {**CURRENT_SETTINGS, "letterhead": session.info.get("letterhead", {})},
            "base_url": session.info.get("base_url", ""),
        },
        corrects_because=because,
        built_at=at,
        built_by=actor.person_id,
    )
    session.add(report)
    session.flush()
    return report


def write_bodies(session: Session, report_id: UUID, composition: Composition, agencies: Sequence[UUID]) -> int:
    """Write the bodies of some agencies, unless they are there. Returns how many were written: none of a report that is whole."""
    if _building(session, report_id) is None:
        return 0
    there = set(
        session.scalars(select(ReportAgency.agency_id).where(ReportAgency.report_id == report_id, ReportAgency.agency_id.in_(agencies)))
    )
    wanted = set(agencies) - there
    rows = list(_rows(report_id, composition, wanted))
    if rows:
        session.execute(insert(ReportAgency), rows)
    return len(rows)


def finish_report(session: Session, actor: Actor, report_id: UUID, composition: Composition, at: datetime) -> bool:
    """Write the manifest: from now on the revision is a draft, and drafts before it are put aside. False where that was done before, or
    where something came to the ledger late that says it was there when it was read: then the bodies are gone and are to be made again."""
    report = _building(session, report_id)
    if report is None:
        return False
    counted = (composition.inputs["expectations"], composition.inputs["outcomes"])
    if count_inputs(session, report.activity, report.built_at) != counted:
        session.execute(delete(ReportAgency).where(ReportAgency.report_id == report_id))
        return False
    lines = session.execute(
        select(ReportAgency.agency_id, ReportAgency.code, ReportAgency.sha256, ReportAgency.is_withheld)
        .where(ReportAgency.report_id == report_id)
        .order_by(ReportAgency.ordinal)
    ).all()
    if [row.agency_id for row in lines] != list(composition.agencies):
        raise RuntimeError(f"{len(lines)} bodies of {len(composition.agencies)}: not all were written")
    public = session.scalar(select(Report).where(Report.activity == report.activity, Report.state == ReportState.PUBLISHED))
    diff = correction_text(session, public, report) if public is not None else None
    sealed = audit_head(session)
    text = manifest_text(
        composition.head,
        composition.inputs,
        [{"id": str(row.agency_id), "code": row.code, "sha256": row.sha256, "withheld": row.is_withheld} for row in lines],
        audit_head={"sequence": sealed.sequence, "hash": sealed.hash} if sealed else None,
        corrects=None if public is None or diff is None else _corrects(public, report, diff),
    )
    put_aside = session.scalars(
        update(Report)
        .where(Report.activity == report.activity, Report.id != report.id, Report.state.in_(UNFINISHED))
        .values(state=ReportState.DISCARDED, publish_at=None)
        .returning(Report.revision)
    ).all()
    report.manifest_text, report.sha256, report.diff_text = text, sha256(text), diff
    report.manifest = {**report.manifest, "agencies": len(lines), "withheld": sum(row.is_withheld for row in lines)}
    report.state = ReportState.DRAFT
    session.flush()
    before = max(put_aside, default=public.revision if public else None)
    changed = {"before": {"revision": before}, "after": {"revision": report.revision}}
    audit.record(session, actor, "reports.build_report", report_id, at, activity=report.activity, sha256=report.sha256, **changed)
    return True


def manifest_text(
    head: ReportHead,
    inputs: Mapping[str, Any],
    agencies: Sequence[Mapping[str, Any]],
    *,
    audit_head: Mapping[str, Any] | None,
    corrects: Mapping[str, Any] | None,
) -> str:
    """The canonical manifest: what it says of the whole, of what it was made, and the fingerprint of every body."""
    return canonical(
        {
            "schema": MANIFEST_SCHEMA,
            "installation": {"id": head.installation, "base_url": head.base_url},
            "report": {name: getattr(head, name) for name in ReportHead.__slots__},
            "rule_version": head.rule_version,
            "settings": head.settings,
            "inputs": inputs,
            "agencies": agencies,
            "audit_head": audit_head,
            "corrects": corrects,
        }
    )


def drop_building(session: Session, activity: str) -> None:
    """Take away what was left of a freezing that failed."""
    left = select(Report.id).where(Report.activity == activity, Report.state == ReportState.BUILDING)
    session.execute(delete(ReportAgency).where(ReportAgency.report_id.in_(left)))
    session.execute(delete(Report).where(Report.activity == activity, Report.state == ReportState.BUILDING))


def _rows(report_id: UUID, composition: Composition, wanted: set[UUID]) -> Iterator[dict[str, Any]]:
    for ordinal, body in composition.bodies(wanted):
        text = body_text(body)
        yield {
            "report_id": report_id,
            "agency_id": UUID(body.agency.id),
            "parent_id": UUID(body.agency.parent_id) if body.agency.parent_id else None,
            "code": body.agency.code,
            "ordinal": ordinal,
            "is_withheld": not NEEDED_IN_LISTS.isdisjoint(body.withheld),
            "figures": line(body),
            "body": text,
            "sha256": sha256(text),
        }


def _corrects(public: Report, report: Report, diff: str) -> dict[str, Any]:
    """What revision it takes the place of, and the fingerprint of what it corrects."""
    return {
        "report": str(public.id),
        "revision": public.revision,
        "sha256": public.sha256,
        "because": report.corrects_because,
        "diff_sha256": sha256(diff),
    }


def _lock_activity(session: Session, activity: str) -> Activity:
    held = session.scalar(select(Activity).where(Activity.key == activity).with_for_update())
    if held is None:
        raise NotFound
    return held


def _building(session: Session, report_id: UUID) -> Report | None:
    """The report while it is being frozen, locked until the commit."""
    return session.scalar(select(Report).where(Report.id == report_id, Report.state == ReportState.BUILDING).with_for_update())
