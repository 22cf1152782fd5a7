"""Drawing a round's parallel forms ahead of time, drawing them anew while it is a draft, exchanging a question by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.kit.jobs import Job, JobState, enqueue
from quizzes.models import Form, FormSlot
from quizzes.operations.rounds import drop_forms, locked_round, refuse_unless_draft
from quizzes.queries.assembly import Swap, candidates, form_findings, paperwork, plan_swap, round_for_assembly
from quizzes.queries.rounds import blueprint_cells
from quizzes.queries.topics import topic_names
from quizzes.rules.assembly import AssemblyLimits, Candidate, Cell, Enemies, draw_forms

ASSEMBLY_JOB = "quizzes.assemble_forms"
SLOTS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Materials:
    """All that forms are drawn from, read at one moment: the drawing itself needs no database."""

    round_id: UUID
    cells: Sequence[Cell]
    limits: AssemblyLimits
    candidates: Sequence[Candidate]
    enemies: Enemies
    topics: dict[str, str]

    def draw(self, progress: Callable[[int, int], None] | None = None) -> list[list[UUID]]:
        """Raises BankTooSmallError, EnemiesInTheWayError."""
        return draw_forms(self.candidates, self.cells, self.limits, self.enemies, progress=progress, topics=self.topics)


def materials(session: Session, round_id: UUID, zone: ZoneInfo, *, forms: int | None = None, seed: int | None = None) -> Materials:
    """Read what a round's forms are drawn from; `forms` and `seed` in place of its own. Raises NotFound, DomainError for bad limits or
    an empty blueprint."""
    round_ = round_for_assembly(session, round_id)
    against = paperwork(session, round_, zone)
    if not against.cells:
        raise DomainError(N_("Ma trận đề chưa có câu nào."), code="no_blueprint", field="cells")
    kept = against.limits
    limits = replace(kept, forms=kept.forms if forms is None else forms, seed=kept.seed if seed is None else seed)
    limits.check()
    found = candidates(session, round_, against)
    return Materials(round_id, against.cells, limits, found, against.enemies, topic_names(session))


def assemble_forms(
    session: Session, actor: Actor, round_id: UUID, *, zone: ZoneInfo, at: datetime, n: int | None = None, seed: int | None = None
) -> int:
    """Draw the round's forms within its limits and store them; returns how many. `n` and `seed` in place of what the round keeps.

    Raises BankTooSmallError naming the cells, Conflict where the round has forms already.
    """
    held = locked_round(session, round_id)
    if held.form_count:
        raise Conflict(N_("Kỳ kiểm tra %(quarter)s đã có đề."), code="forms_exist", quarter=held.code)
    drawn_from = materials(session, round_id, zone, forms=n, seed=seed)
    return _store(session, actor, drawn_from, drawn_from.draw(), at)


def store_forms(session: Session, actor: Actor, drawn_from: Materials, papers: Sequence[Sequence[UUID]], at: datetime) -> int:
    """Put drawn papers in the place of a draft's forms. Raises Conflict when it is no draft any more or its blueprint has changed since."""
    held = locked_round(session, drawn_from.round_id)
    refuse_unless_draft(held)
    if blueprint_cells(session, held.blueprint_id) != list(drawn_from.cells):
        raise Conflict(N_("Ma trận đề đã đổi trong khi lập đề. Lập lại."), code="blueprint_changed")
    drop_forms(session, held)
    return _store(session, actor, drawn_from, papers, at)


def _store(session: Session, actor: Actor, drawn_from: Materials, papers: Sequence[Sequence[UUID]], at: datetime) -> int:
    held = locked_round(session, drawn_from.round_id)
    forms = [{"id": uuid7(), "round_id": held.id, "number": number} for number, _ in enumerate(papers, start=1)]
    slots = [
        {"form_id": form["id"], "slot": slot, "item_version_id": version}
        for form, paper in zip(forms, papers, strict=True)
        for slot, version in enumerate(paper, start=1)
    ]
    session.execute(insert(Form), forms)
    for start in range(0, len(slots), SLOTS_AT_ONCE):
        session.execute(insert(FormSlot), slots[start : start + SLOTS_AT_ONCE])
    held.form_count = len(forms)
    session.flush()
    items = len({version for paper in papers for version in paper})
    audit.record(session, actor, "quizzes.assemble_forms", held.code, at, forms=len(forms), seed=drawn_from.limits.seed, questions=items)
    return len(forms)


def refuse_bad_forms(session: Session, round_id: UUID, zone: ZoneInfo) -> None:
    """Stop what is about to happen (the opening) where the forms, with the bank as it is now, must not be used. Raises Conflict."""
    if blocking := next((finding for finding in form_findings(session, round_id, zone) if finding.blocking), None):
        raise Conflict(blocking.message, code=f"forms_{blocking.code}", **blocking.values)


def request_assembly(session: Session, actor: Actor, round_id: UUID, at: datetime, *, seed: int | None = None) -> UUID:
    """Have the worker draw a draft's forms, in place of those it has; the job's id. Raises NotFound, Conflict when it is no draft, or the
    worker is at it already."""
    held = locked_round(session, round_id)
    refuse_unless_draft(held)
    running = select(Job.payload).where(Job.kind == ASSEMBLY_JOB, Job.state.in_((JobState.QUEUED, JobState.RUNNING)))
    if any(payload["round_id"] == str(round_id) for payload in session.scalars(running)):
        raise Conflict(N_("Đề của kỳ kiểm tra này đang được lập."), code="assembling")
    if seed is not None:
        held.assembly = {**held.assembly, "seed": seed}
    AssemblyLimits.from_json(held.assembly)
    payload = {"round_id": str(round_id), "actor": str(actor.person_id) if actor.person_id else None, "name": actor.display_name}
    job = enqueue(session, ASSEMBLY_JOB, payload, at=at, created_by=actor.person_id)
    session.flush()
    return job.id


def swap_item(
    session: Session, actor: Actor, round_id: UUID, version: UUID, *, number: int, slot: int, zone: ZoneInfo, at: datetime
) -> Swap:
    """Exchange the question at a slot of a draft's form. Raises NotFound, Conflict when it is no draft or the form would be one that must
    not be (not the blueprint's, a question twice, questions that exclude each other)."""
    held = locked_round(session, round_id)
    refuse_unless_draft(held)
    swap = plan_swap(session, round_id, version, number=number, slot=slot, zone=zone)
    if blocking := next((finding for finding in swap.findings if finding.blocking), None):
        raise Conflict(blocking.message, code=blocking.code, **blocking.values)
    form_id = select(Form.id).where(Form.round_id == round_id, Form.number == number).scalar_subquery()
    session.execute(update(FormSlot).where(FormSlot.form_id == form_id, FormSlot.slot == slot).values(item_version_id=version))
    session.flush()
    change: dict[str, Any] = {"before": {"item": swap.old.code}, "after": {"item": swap.new.code}}
    audit.record(session, actor, "quizzes.swap_item", f"{held.code}/{number}/{slot}", at, **change)
    return swap
