"""Planning a file: what is stored happens again day by day, and what the file says is fitted in where it belongs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from lms.agencies.rules.complaints import complaint_of
from lms.agencies.rules.event_plan import Builder
from lms.agencies.rules.event_sheet import EventGroup, EventRow
from lms.agencies.rules.events import NO_DECISION, Change, Code, Details, Event, Founding, Recoding, foundings
from lms.agencies.rules.import_differences import told_differences
from lms.agencies.rules.kinds import Decision, EventKind
from lms.agencies.rules.line_plan import LinePlanner
from lms.agencies.rules.plan import Plan, Step, StoredHistory
from lms.agencies.rules.prepare import prepared
from lms.agencies.rules.refs import Ref, naming, ref_text
from lms.agencies.rules.replay import CodeSpan, Replay, Tree, replay
from lms.agencies.rules.sheet import AgencyLine, Reading
from lms.kit.errors import N_
from lms.kit.ids import uuid7
from lms.kit.vietnamese import clean, fold


def plan_import(reading: Reading, stored: StoredHistory, as_of: date, *, new_root: bool = False) -> Plan:
    """Compare a file with what is stored. `as_of`: from when lines without a day of their own hold; `new_root`: may agencies come to
    stand beside the one at the top?"""
    return Planner(reading, stored, as_of, new_root=new_root).run()


_FOUNDING = (EventKind.ESTABLISH, EventKind.CONSOLIDATE, EventKind.SPLIT)


class Planner:
    """Who is who on the day the replay has come to (see `event_plan.Registry`), and what the file adds to that day."""

    def __init__(self, reading: Reading, stored: StoredHistory, as_of: date, *, new_root: bool) -> None:
        self.reading, self.stored, self.as_of = reading, stored, as_of
        self.tree_before = replay(stored.events)
        self.plan = Plan(findings=list(reading.findings))
        self.replay = Replay()
        self.day = date.min
        self.bearers: dict[Code, list[UUID]] = {}
        self.stored_bearers: dict[Code, list[CodeSpan]] = defaultdict(list)
        for spans in self.tree_before.codes.values():
            for span in spans:
                self.stored_bearers[Code(span.scheme, span.code)].append(span)
        self.morning: dict[Ref, list[UUID]] = {}
        self.coming: dict[Ref, UUID] = {}  # who begins today with an event of the file
        self.stored_today: dict[Any, list[Event]] = {}
        self.repeating = False  # does the event at hand look like one that is stored?
        self.lines = LinePlanner(self, new_root=new_root or not self.tree_before.versions)

    def run(self) -> Plan:
        stored: dict[date, list[Event]] = defaultdict(list)
        groups: dict[date, list[EventGroup]] = defaultdict(list)
        lines: dict[date, list[AgencyLine]] = defaultdict(list)
        for event in sorted(self.stored.events, key=lambda event: event.order):
            stored[event.on].append(event)
        for group in self.reading.events:
            groups[group.on].append(group)
        for line in self.lines.once():
            lines[line.valid_from or self.as_of].append(line)
        for day in sorted({*stored, *groups, *lines}):
            self.replay.run_day(day, self.play(day, stored[day], groups[day], lines[day]))
        self.plan.tree = self.replay.tree()
        self.tell_faults(self.plan.tree)
        self.plan.differences = told_differences(self.tree_before, self.plan.tree, self.plan.steps)
        order = {sheet: index for index, sheet in enumerate(self.reading.headers)}
        self.plan.findings.sort(key=lambda finding: (order[finding.sheet], finding.row))
        return self.plan

    def play(self, day: date, stored: Sequence[Event], groups: Sequence[EventGroup], lines: Sequence[AgencyLine]) -> Iterator[Event]:
        """All that happens on a day: what is stored, then the file's events, then what its agencies are from that day on."""
        self.day = day
        self.morning = {
            row.before: self.living(row.before) for group in groups for row in (*group.rows, *group.children) if row.before is not None
        }
        self.coming = {
            row.after: row.identity or uuid7()
            for group in groups
            if group.event in _FOUNDING
            for row in group.rows
            if row.name and row.after is not None
        }
        self.stored_today = {}
        for event in stored:
            yield event
            self.learn(event.details)
            if groups:
                self.stored_today.setdefault(_about(event.details), []).append(event)
        for group in groups:
            details = self.planned(group)
            if details is not None:
                yield self.step(group, Change(day, details, group.decision))
        self.lines.begin_day(lines)
        for line in lines:
            for change in self.lines.changes(line, day):
                yield self.step(line, change)

    def step(self, source: AgencyLine | EventGroup, change: Change) -> Event:
        step = Step(prepared(change), uuid7(), source)
        self.plan.steps.append(step)
        for founding in foundings(step.change.details):
            self.plan.new[founding.agency] = self.code_of(founding)
        self.learn(step.change.details)
        return Event(step.event, self.day, 0, step.change.details, step.change.kind)

    @staticmethod
    def code_of(founding: Founding) -> str:
        code = naming(founding.codes)
        return ref_text(code) if code else str(founding.agency)

    def learn(self, details: Details) -> None:
        for founding in foundings(details):
            for code in founding.codes:
                self.bearers.setdefault(code, []).append(founding.agency)
        if isinstance(details, Recoding) and details.code is not None:
            self.bearers.setdefault(Code(details.scheme, details.code), []).append(details.agency)

    # Who is meant by a code.

    def later_bearers(self, code: Code) -> Sequence[CodeSpan]:
        """Who is stored to bear a code, whenever."""
        return self.stored_bearers.get(code, ())

    def living(self, ref: Ref) -> list[UUID]:
        """Those that exist at this moment and bear a code, the one that has borne it longest first."""
        if isinstance(ref, UUID):
            return [ref] if self.replay.exists(ref) or (self.repeating and ref in self.replay.lives) else []
        key = (ref.scheme, ref.code)
        found = [agency for agency in self.bearers.get(ref, ()) if self.replay.exists(agency) and key in self.replay.lives[agency].codes]
        return list(dict.fromkeys(found))

    def before(self, ref: Ref) -> UUID | None:
        morning, now = self.morning.get(ref, []), self.living(ref)
        return next(iter([*morning, *now] if self.repeating else [*now, *morning]), None)

    def after(self, ref: Ref) -> UUID | None:
        living = self.living(ref)
        if living:
            return living[-1]
        if isinstance(ref, UUID):
            return ref if ref in self.coming.values() else None
        return self.coming.get(ref) or self.lines.promised(ref, self.day)

    def identity(self, ref: Ref | None, row: EventRow) -> UUID:
        if self.repeating and ref is not None:
            born = [agency for agency in self.living(ref) if self.replay.lives[agency].born == self.day]
            if born:
                return born[-1]
        return row.identity or (self.coming.get(ref) if ref is not None else None) or uuid7()

    def profile(self, agency: UUID) -> Mapping[str, Any] | None:
        life = self.replay.lives.get(agency)
        return life.profile if life is not None and life.ended is None else None

    # The events of the file.

    def planned(self, group: EventGroup) -> Details | None:
        """What an event of the file adds; None where it is stored already, or cannot be."""
        if self.stored_today and self.is_stored(group):
            return None
        builder = Builder(group, self)
        details = builder.build()
        for trouble in builder.troubles:
            self.complain(trouble.row, trouble.column, trouble.message, trouble.summary, **trouble.values)
        if details is not None:
            self.compare_names(group)
        return details

    def is_stored(self, group: EventGroup) -> bool:
        """Has this event been recorded before? Its codes mean those of the morning, or else those of this moment."""
        self.repeating = True
        details = self.read_again(group)
        founds_known = details is not None and any(self.replay.exists(founding.agency) for founding in foundings(details))
        same = self.same(details)
        self.repeating = False
        same = same or self.same(self.read_again(group))
        if same is not None:
            self.plan.known_events += 1
            if not _same_decision(self.stored.decisions.get(same.id), group.decision):
                self.remark(
                    group.first,
                    "decision_number",
                    N_("Sự kiện này đã ghi, với số, ngày quyết định hoặc ghi chú khác; giữ nguyên như đã ghi"),
                    N_("Điều chỉnh sự kiện trên trang của sự kiện"),
                )
        elif founds_known:
            self.complain(
                group.first,
                "after",
                N_("Đơn vị này đã được ghi là bắt đầu trong ngày %(day)s, theo một sự kiện có nội dung khác"),
                N_("Điều chỉnh sự kiện trên trang của sự kiện"),
                day=f"{self.day:%d/%m/%Y}",
            )
        return same is not None or founds_known

    def same(self, details: Details | None) -> Event | None:
        """The event of today that says the same."""
        if details is None:
            return None
        return next((event for event in self.stored_today.get(_about(details), ()) if _alike(event.details, details)), None)

    def read_again(self, group: EventGroup) -> Details | None:
        built = Builder(group, self).build()
        return None if built is None else prepared(Change(self.day, built, group.decision)).details

    def compare_names(self, group: EventGroup) -> None:
        """A code slips more easily than a name: say where the two do not fit."""
        for row in group.rows:
            agency = self.before(row.before) if row.before_name and row.before is not None else None
            name = self.replay.lives[agency].profile["name"] if agency in self.replay.lives else None
            if name is not None and fold(str(name)) != fold(row.before_name):
                self.remark(
                    row,
                    "before_name",
                    N_("Mã %(code)s là của %(name)s; kiểm tra lại mã hoặc tên"),
                    N_("Kiểm tra mã và tên đơn vị trước"),
                    code=ref_text(row.before) if row.before is not None else "",
                    name=str(name),
                )

    # What is wrong.

    def complain(self, line: AgencyLine | EventRow, column: str, message: str, summary: str, /, **values: str | int) -> None:
        """The row cannot be imported."""
        self.plan.findings.append(self.reading.finding(line, column, message, summary, values))

    def remark(self, line: AgencyLine | EventRow, column: str, message: str, summary: str, /, **values: str | int) -> None:
        self.plan.findings.append(self.reading.finding(line, column, message, summary, values, blocking=False))

    def tell_faults(self, tree: Tree) -> None:
        """Each fault at the row that brings it about."""
        known = {(fault.kind, fault.agency, fault.on) for fault in self.tree_before.faults}
        by_event = {step.event: step for step in self.plan.steps}
        told: set[tuple[str, int, str]] = set()
        for fault in tree.faults:
            if (fault.kind, fault.agency, fault.on) in known:
                continue
            step = by_event.get(fault.event) or self.culprit({fault.agency, *fault.others})
            own = fault.event in by_event
            complaint = complaint_of(fault, self.label, own=own)
            line = step.source if isinstance(step.source, AgencyLine) else self.row_of(step.source, fault.agency)
            column = complaint.column_of(line)
            if (line.sheet, line.row, complaint.message) not in told:
                told.add((line.sheet, line.row, complaint.message))
                self.complain(line, column, complaint.message, complaint.summary, **complaint.values)

    def culprit(self, agencies: set[UUID]) -> Step:
        """The step on account of which something stored cannot be any more."""
        touching = [step for step in self.plan.steps if agencies & touched(step.change.details)]
        return (touching or self.plan.steps)[-1]

    def row_of(self, group: EventGroup, agency: UUID) -> EventRow:
        rows = [*group.rows, *group.children]
        return next((row for row in rows if row.before is not None and agency in self.bearers_of(row.before)), group.first)

    def bearers_of(self, ref: Ref) -> Sequence[UUID]:
        return [ref] if isinstance(ref, UUID) else self.bearers.get(ref, ())

    def label(self, agency: UUID) -> str:
        """How a message names an agency: by its code in this file or in the system."""
        if agency in self.plan.new:
            return self.plan.new[agency]
        life = self.replay.lives.get(agency)
        spans = self.tree_before.codes.get(agency, ())
        code = naming([Code(*key) for key in life.codes] if life and life.codes else [Code(span.scheme, span.code) for span in spans])
        return ref_text(code) if code else str(life.profile["name"] if life else agency)


def touched(details: Details) -> set[UUID]:
    """Agencies an event names."""
    found = {founding.agency for founding in foundings(details)}
    for name in ("agency", "into", "parent"):
        value = getattr(details, name, None)
        found |= {value} if isinstance(value, UUID) else set()
    found |= set(getattr(details, "agencies", ()))
    found |= {part.agency for part in getattr(details, "parts", ())}
    return found | set(getattr(details, "children", ()))


def _about(details: Details) -> Any:
    """Events that say the same have this in common."""
    return type(details), frozenset(touched(details))


def _same_decision(stored: Decision | None, said: Decision) -> bool:
    """A file that says nothing of a decision says nothing against it."""
    if stored is None or said == NO_DECISION:
        return True
    return (stored.number, stored.dated, clean(stored.note or "")) == (said.number, said.dated, said.note or "")


def _alike(stored: Details, said: Details) -> bool:
    return type(stored) is type(said) and (stored == said or _in_order(stored) == _in_order(said))


def _in_order(details: Details) -> Any:
    """The same whatever the order of codes and of what is merged."""
    codes = [(founding.agency, sorted((code.scheme, code.code) for code in founding.codes)) for founding in foundings(details)]
    bare = [(name, _without_codes(getattr(details, name))) for name in details.__struct_fields__ if name not in ("codes", "agencies")]
    return codes, bare, sorted(getattr(details, "agencies", ()))


def _without_codes(value: Any) -> Any:
    if isinstance(value, Founding):
        return [getattr(value, name) for name in value.__struct_fields__ if name != "codes"]
    if isinstance(value, tuple):
        return [_without_codes(one) for one in value]
    if hasattr(value, "__struct_fields__"):
        return [_without_codes(getattr(value, name)) for name in value.__struct_fields__]
    return value
