"""Counting a test's statistics anew: read beside everything else that goes on, then stored at one moment in the place of the old."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.errors import N_, Conflict
from lms.kit.jobs import Job, JobState, enqueue
from quizzes.kinds import KINDS
from quizzes.kinds.base import Control
from quizzes.models import FormStatistic, ItemStatistic, Round, RoundStatistic
from quizzes.queries.statistics_source import AboutItem, EarlierTest, Source, about_items, earlier_test
from quizzes.rules.rounds import RoundState
from quizzes.rules.statistics import ENOUGH, Change, Drift, ItemFigures, drifts, flags_of, link_by_anchors, suspicion

STATISTICS_JOB = "quizzes.count_statistics"
ROWS_AT_ONCE = 500
CHOSEN = (Control.ONE, Control.SEVERAL)


@dataclass(frozen=True, slots=True)
class Counted:
    """A test's statistics, ready to be stored."""

    round_id: UUID
    whole: dict[str, Any]
    forms: list[dict[str, Any]]
    items: list[dict[str, Any]]


def work_out(session: Session, round_id: UUID, source: Source, at: datetime) -> Counted:
    """Make of what was read what is stored. Reads the questions' keys and the earlier test; writes nothing."""
    earlier = earlier_test(session, round_id)
    about = about_items(session, round_id)
    figures = {
        version: replace(one, options=_with_every_option(one.options, about[version])) for version, one in source.tally.items().items()
    }
    changes = _changes(figures, earlier)
    drifted = drifts(changes)
    items = [
        {
            "round_id": round_id,
            "item_version_id": version,
            **asdict(one),
            "forms": source.forms_with[version],
            "shown": source.shown[version],
            **_judged(version, one, about[version], earlier, drifted.get(version)),
        }
        for version, one in figures.items()
    ]
    forms = [
        {"form_id": form_id, "round_id": round_id, "n": one.n, "figures": asdict(one)}
        for form_id in source.tally.papers
        if (one := source.tally.form(form_id)) is not None
    ]
    together = source.tally.together()
    link = None
    if earlier is not None and together is not None and "mean" in earlier.figures:
        link = link_by_anchors(changes, earlier.figures["mean"], together.mean)
    whole = {
        "round_id": round_id,
        "sittings": source.sittings,
        "figures": asdict(together) if together else {},
        "link": {**asdict(link), "forms": link.forms, "round": earlier.code, "title": earlier.title} if link and earlier else {},
        "flagged": sum(1 for row in items if row["suspicion"]),
        "marked_again_at": source.marked_again_at,
        "counted_at": at,
    }
    return Counted(round_id, whole, forms, items)


def store_statistics(session: Session, counted: Counted) -> None:
    """Put them in the place of those that are there. Nothing is audited: nobody decided anything. Raises NotFound."""
    if session.scalar(select(Round.id).where(Round.id == counted.round_id).with_for_update()) is None:
        raise NotFound
    for table in (ItemStatistic, FormStatistic, RoundStatistic):
        session.execute(delete(table).where(table.round_id == counted.round_id))
    session.execute(insert(RoundStatistic), [counted.whole])
    for table, rows in ((FormStatistic, counted.forms), (ItemStatistic, counted.items)):
        for start in range(0, len(rows), ROWS_AT_ONCE):
            session.execute(insert(table), rows[start : start + ROWS_AT_ONCE], execution_options={"render_nulls": True})


def request_statistics(session: Session, actor: Actor, round_id: UUID, at: datetime) -> UUID:
    """Have the worker count a test's statistics now; the job's id. Raises NotFound, Conflict for a draft or where it is at it already."""
    held = session.get(Round, round_id)
    if held is None:
        raise NotFound
    if held.state == RoundState.DRAFT:
        raise Conflict(N_("Kỳ kiểm tra chưa mở nên chưa có số liệu."), code="nothing_to_count")
    under_way = select(Job.payload).where(Job.kind == STATISTICS_JOB, Job.state.in_((JobState.QUEUED, JobState.RUNNING)))
    if any(payload["round_id"] == str(round_id) for payload in session.scalars(under_way)):
        raise Conflict(N_("Số liệu của kỳ kiểm tra này đang được tính."), code="counting")
    job = enqueue(session, STATISTICS_JOB, {"round_id": str(round_id)}, at=at, created_by=actor.person_id)
    session.flush()
    audit.record(session, actor, "quizzes.request_statistics", held.code, at)
    return job.id


def _changes(figures: Mapping[UUID, ItemFigures], earlier: EarlierTest | None) -> list[Change[UUID]]:
    """The items both tests had word for word, where enough people had them in each."""
    if earlier is None:
        return []
    return [
        Change(version, earlier.items[version][0], earlier.items[version][1], one.facility, one.n)
        for version, one in figures.items()
        if version in earlier.items and min(one.n, earlier.items[version][1]) >= ENOUGH
    ]


def _judged(version: UUID, one: ItemFigures, about: AboutItem, earlier: EarlierTest | None, drift: Drift | None) -> dict[str, Any]:
    flags = flags_of(one, wrong_options(about), drift is not None and drift.notable)
    before = {"round": earlier.code, "facility": earlier.items[version][0], "n": earlier.items[version][1]} if earlier and drift else {}
    return {
        "drift": {**asdict(drift), **before} if drift else {},
        "flags": [flag.value for flag in flags],
        "suspicion": suspicion(flags),
    }


def _options(about: AboutItem) -> list[str]:
    """The options of a question with one list of them; other kinds have none."""
    parts = KINDS[about.kind].parts(about.body)
    if len(parts) == 1 and parts[0].control in CHOSEN:
        return [choice.id for choice in parts[0].choices]
    return []


def wrong_options(about: AboutItem) -> list[str]:
    return [one for one in _options(about) if one not in about.key]


def _with_every_option(options: Mapping[str, Collection[int]], about: AboutItem) -> dict[str, list[int]]:
    """Options nobody took are part of the table."""
    return {**{one: [0, 0, 0] for one in _options(about)}, **{answer: list(counts) for answer, counts in options.items()}}
