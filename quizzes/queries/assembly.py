"""What forms are drawn from and checked against: the items that may be used with what is known of them, and the forms as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from lms.agencies.models import FOREVER
from lms.kit.actors import NotFound
from lms.kit.clock import Quarter, local_date
from quizzes.models import Form, FormSlot, Item, ItemPair, ItemStatistic, ItemVersion, Round
from quizzes.queries.rounds import blueprint_cells
from quizzes.rules.assembly import LEVEL_FACILITY, AssemblyLimits, Candidate, Enemies, enemies_of, key_class
from quizzes.rules.assembly.pool import UNKNOWN_LEVEL_FACILITY
from quizzes.rules.bank import ItemState
from quizzes.rules.form_check import Finding, Papers, Paperwork, Placed, check_forms, item_purposes
from quizzes.rules.rounds import Purpose
from quizzes.rules.statistics import ENOUGH

RECENT_ENOUGH = 8  # quarters whose statistics say how hard an item is


@dataclass(frozen=True, slots=True)
class RoundForAssembly:
    """A round as the drawing of its forms sees it."""

    id: UUID
    code: str
    quarter: str
    purpose: str
    opens_at: datetime
    closes_at: datetime
    extended_until: datetime | None
    blueprint_id: UUID
    assembly: dict[str, Any]
    state: str
    form_count: int

    @property
    def limits(self) -> AssemblyLimits:
        """What it keeps; where it names no seed, its quarter is the seed."""
        return AssemblyLimits.from_json(self.assembly, seed=int(Quarter.parse(self.quarter).code))

    def days(self, zone: ZoneInfo) -> tuple[date, date]:
        """The first and the last day somebody may sit, make-up sittings included."""
        end = max(self.closes_at, self.extended_until or self.closes_at) - timedelta(microseconds=1)
        return local_date(self.opens_at, zone), local_date(end, zone)


_ROUND = [getattr(Round, name) for name in RoundForAssembly.__dataclass_fields__]


def round_for_assembly(session: Session, round_id: UUID) -> RoundForAssembly:
    """Raises NotFound."""
    row = session.execute(select(*_ROUND).where(Round.id == round_id)).one_or_none()
    if row is None:
        raise NotFound
    return RoundForAssembly(*row)


def paperwork(session: Session, round_: RoundForAssembly, zone: ZoneInfo) -> Paperwork:
    """What the forms of a round are checked against. Two statements."""
    first_day, last_day = round_.days(zone)
    return Paperwork(
        cells=blueprint_cells(session, round_.blueprint_id),
        limits=round_.limits,
        enemies=enemies(session),
        first_day=first_day,
        last_day=last_day,
        purpose=round_.purpose,
    )


def enemies(session: Session) -> Enemies:
    """Pairs of items that exclude each other."""
    pairs = session.execute(select(ItemPair.item_id, ItemPair.other_id).where(ItemPair.relation == "enemy"))
    return enemies_of((one, other) for one, other in pairs)


def candidates(session: Session, round_: RoundForAssembly, against: Paperwork) -> list[Candidate]:
    """The approved items of the blueprint's topics that hold through the whole window and serve this purpose. Three statements."""
    statement = _items().where(
        ItemVersion.state == ItemState.APPROVED,
        ItemVersion.valid_from <= against.first_day,
        ItemVersion.valid_to > against.last_day,
        Item.purpose.in_(item_purposes(against.purpose)),
        ItemVersion.topic.in_({cell.topic for cell in against.cells}),
    )
    return _as_candidates(session, round_, session.execute(statement.order_by(ItemVersion.id)).all())


def stored_papers(session: Session, round_: RoundForAssembly, number: int | None = None) -> Papers:
    """The forms of a round as they are stored, each question with what the bank says of it now. Three statements for any number."""
    statement = (
        _items()
        .add_columns(ItemVersion.state, Item.purpose, ItemVersion.valid_from, ItemVersion.valid_to, Form.number, FormSlot.slot)
        .join(FormSlot, FormSlot.item_version_id == ItemVersion.id)
        .join(Form, Form.id == FormSlot.form_id)
        .where(Form.round_id == round_.id)
        .order_by(Form.number, FormSlot.slot)
    )
    if number is not None:
        statement = statement.where(Form.number == number)
    rows = session.execute(statement).all()
    known = {one.version: one for one in _as_candidates(session, round_, {row[0]: row for row in rows}.values())}
    papers: dict[int, list[Placed]] = defaultdict(list)
    for row in rows:
        state, purpose, valid_from, valid_to, form_number, slot = row[-6:]
        papers[form_number].append(Placed(slot, known[row[0]], state, purpose, valid_from, valid_to))
    return dict(papers)


def form_findings(session: Session, round_id: UUID, zone: ZoneInfo) -> list[Finding]:
    """What there is to say against a round's forms now; it must not open while one of them is `blocking`. Raises NotFound."""
    round_ = round_for_assembly(session, round_id)
    return check_forms(stored_papers(session, round_), paperwork(session, round_, zone))


@dataclass(frozen=True, slots=True)
class Swap:
    """An exchange of one question of a form: what was there, what would be, and what is to be said against the form then that is not said
    of it now."""

    old: Candidate
    new: Candidate
    findings: list[Finding]

    @property
    def possible(self) -> bool:
        return not any(finding.blocking for finding in self.findings)


def plan_swap(session: Session, round_id: UUID, version: UUID, *, number: int, slot: int, zone: ZoneInfo) -> Swap:
    """What exchanging the question at a slot would lead to; writes nothing. Raises NotFound for an unknown form, slot or item, or one
    that may not be used in this round."""
    round_ = round_for_assembly(session, round_id)
    against = paperwork(session, round_, zone)
    papers = dict(stored_papers(session, round_))
    new = next((one for one in candidates(session, round_, against) if one.version == version), None)
    old = next((one for one in papers.get(number, ()) if one.slot == slot), None)
    if new is None or old is None:
        raise NotFound
    said = {(finding.code, str(finding)) for finding in check_forms(papers, against)}
    kept = [one for one in papers[number] if one.slot != slot]
    placed = Placed(slot, new, ItemState.APPROVED, "both", against.first_day, FOREVER)
    papers[number] = [*kept, placed]
    return Swap(old.candidate, new, [one for one in check_forms(papers, against) if one.blocking or (one.code, str(one)) not in said])


def alternatives(session: Session, round_: RoundForAssembly, *, number: int, slot: int, zone: ZoneInfo) -> list[Candidate]:
    """Items that could stand at a slot of a form: of its cell, not in the form, excluded by nothing in it; like it in difficulty first."""
    against = paperwork(session, round_, zone)
    paper = stored_papers(session, round_, number).get(number, ())
    old = next((one.candidate for one in paper if one.slot == slot), None)
    if old is None:
        raise NotFound
    here = {one.candidate.item for one in paper}
    rest = here - {old.item}
    found = [
        one
        for one in candidates(session, round_, against)
        if (one.topic, one.level) == (old.topic, old.level)
        and one.item not in here
        and not against.enemies.get(one.item, frozenset()) & rest
    ]
    return sorted(found, key=lambda one: (abs(one.facility - old.facility), one.code))


def _items() -> Select[Any]:
    return select(
        ItemVersion.id,
        ItemVersion.item_id,
        Item.code,
        ItemVersion.topic,
        ItemVersion.level,
        ItemVersion.kind,
        ItemVersion.body,
        ItemVersion.key,
    ).join(Item, Item.id == ItemVersion.item_id)


def _as_candidates(session: Session, round_: RoundForAssembly, rows: Iterable[Any]) -> list[Candidate]:
    limits = round_.limits
    measured, anchors = _measured(session, round_)
    recent = _recent_uses(session, round_, limits.recent_quarters)
    named = set(limits.anchor_codes)
    return [
        Candidate(
            version=row[0],
            item=row[1],
            code=row[2],
            topic=row[3],
            level=row[4],
            facility=measured.get(row[0], LEVEL_FACILITY.get(row[4], UNKNOWN_LEVEL_FACILITY)),
            measured=row[0] in measured,
            key=key_class(row[5], row[6], row[7]),
            recent=recent.get(row[1], 0),
            anchor=row[0] in anchors and (not named or row[2] in named),
        )
        for row in rows
    ]


def _earlier(round_: RoundForAssembly, quarters: int) -> tuple[str, str]:
    """The first of so many quarters before the round's, and the round's own (not included)."""
    quarter = Quarter.parse(round_.quarter)
    number = quarter.year * 4 + quarter.number - 1 - quarters
    return f"{number // 4}-Q{number % 4 + 1}", round_.quarter


def _measured(session: Session, round_: RoundForAssembly) -> tuple[dict[UUID, float], Collection[UUID]]:
    """Facility by version, of all recent tests that counted together, where enough people had it; and the versions that were measured in a
    quarterly test, which may serve as anchors. Practice says nothing: people look things up."""
    first, own = _earlier(round_, RECENT_ENOUGH)
    rows = session.execute(
        select(ItemStatistic.item_version_id, ItemStatistic.n, ItemStatistic.facility, Round.purpose)
        .join(Round, Round.id == ItemStatistic.round_id)
        .where(Round.quarter >= first, Round.quarter <= own, Round.id != round_.id, Round.purpose != Purpose.PRACTICE)
    )
    people: dict[UUID, int] = defaultdict(int)
    points: dict[UUID, float] = defaultdict(float)
    quarterly: set[UUID] = set()
    for version, n, facility, purpose in rows:
        people[version] += n
        points[version] += n * facility
        if purpose == Purpose.QUARTERLY and n >= ENOUGH:
            quarterly.add(version)
    return {version: points[version] / n for version, n in people.items() if n >= ENOUGH}, quarterly


def _recent_uses(session: Session, round_: RoundForAssembly, quarters: int) -> dict[UUID, int]:
    """In tests of how many of the last quarters each item was, whichever version of it. Practice does not count."""
    if not quarters:
        return {}
    first, own = _earlier(round_, quarters)
    rows = session.execute(
        select(ItemVersion.item_id, func.count(Round.quarter.distinct()))
        .select_from(FormSlot)
        .join(Form, Form.id == FormSlot.form_id)
        .join(Round, Round.id == Form.round_id)
        .join(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
        .where(Round.quarter >= first, Round.quarter < own, Round.purpose != Purpose.PRACTICE)
        .group_by(ItemVersion.item_id)
    )
    return {row[0]: row[1] for row in rows}
