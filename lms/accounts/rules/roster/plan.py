"""What entering a roster would change: who is new, changed, moved, unchanged, and which rows are refused because it is not certain whom
they mean.

A row means the person with its staff code; else the one with its CCCD number. Where it gives neither, or only ones nobody has yet, and
people of that name and birth date are in that agency, a human decides whether it is one of them; the machine decides only where the row
says nothing new of the single one it may mean, for then nothing is written either way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec

from lms.accounts.rules.groups import derived_group
from lms.accounts.rules.people import masked
from lms.accounts.rules.roster.agencies import AgencyIndex
from lms.accounts.rules.roster.duplicates import Clash
from lms.accounts.rules.roster.person import RosterLine
from lms.kit.errors import N_
from lms.kit.imports.rules import Finding
from lms.kit.vietnamese import fold, same_name_key

GENERATED_CODE = re.compile(r"C[0-9]{7}")
SOMEBODY_ELSE = "new"
"""A decision is the id of the person a row means, or this, a colon and the ids of those it does not mean, with commas between."""


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    MOVED = "moved"
    UNCHANGED = "unchanged"


class KnownPerson(msgspec.Struct, frozen=True, gc=False):
    """A person as stored, with the primary post held on the day of the roster (no agency: none) and the day the latest one began.
    `gone`: the record was joined to another or erased."""

    id: UUID
    staff_code: str
    full_name: str
    birth_date: date | None
    birth_year: int | None
    sex: str | None
    email: str | None
    phone_sealed: bytes | None
    identity_fingerprint: str | None
    qualification: str | None
    it_qualification: str | None
    it_major: bool
    agency_id: UUID | None
    group_code: str | None
    job_title: str | None
    it_duty: str | None
    absence: str | None
    latest_post: date | None
    gone: bool = False


class Step(msgspec.Struct, frozen=True, gc=False):
    """What one row does. `person` has only what changes about the person (numbers legible), `post` the whole new post, if any."""

    line: RosterLine
    outcome: Outcome
    person_id: UUID | None = None
    person: Mapping[str, Any] = {}
    post: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A row of which a human must say whether it is one of these people. The number is masked."""

    line: RosterLine
    candidates: tuple[UUID, ...]

    @property
    def key(self) -> str:
        return decision_key(self.line)

    def row_facts(self) -> dict[str, Any]:
        """The row's side of the comparison, as JSON values."""
        line = self.line
        return {
            "key": self.key,
            "sheet": line.sheet,
            "row": line.row,
            "name": line.full_name,
            "birth": f"{line.birth_date:%d/%m/%Y}" if line.birth_date else line.birth_year,
            "code": line.staff_code,
            "number": masked(line.identity_number) if line.identity_number else None,
            "title": line.job_title,
            "agency": str(line.agency_id),
            "people": [str(candidate) for candidate in self.candidates],
        }


@dataclass(slots=True)
class RosterPlan:
    steps: list[Step] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        return sum(step.outcome is outcome for step in self.steps)


@dataclass(slots=True)
class Lookups:
    """What deciding about rows needs besides the rows and the people. `clashes`: rows refused for clashing with another of the file;
    `decisions`: what humans said; `meant`: a person's id as bytes → index of the row that means them, kept from chunk to chunk; `place_of`:
    index of a row → sheet and row."""

    agencies: AgencyIndex
    fingerprint: Callable[[str], str]
    unseal: Callable[[bytes], str]
    as_of: date
    clashes: Mapping[int, Clash] = field(default_factory=dict)
    decisions: Mapping[str, str] = field(default_factory=dict)
    meant: dict[bytes, int] = field(default_factory=dict)
    place_of: Callable[[int], tuple[str, int]] = lambda index: ("", index)


def decision_key(line: RosterLine) -> str:
    return f"{line.sheet}!{line.row}"


def plan_roster(lines: Sequence[RosterLine], known: Iterable[KnownPerson], lookups: Lookups) -> RosterPlan:
    """Decide about some rows of a file, given everybody they could mean."""
    return _Planner(known, lookups).plan(lines)


class _Planner:
    def __init__(self, known: Iterable[KnownPerson], lookups: Lookups) -> None:
        self.lookups = lookups
        self.agencies = lookups.agencies
        self.fingerprint = lookups.fingerprint
        self.as_of = lookups.as_of
        self.by_id: dict[UUID, KnownPerson] = {}
        self.by_code: dict[str, KnownPerson] = {}
        self.by_identity: dict[str, KnownPerson] = {}
        for person in known:
            if person.id in self.by_id:
                continue
            self.by_id[person.id] = person
            self.by_code[person.staff_code] = person
            if person.identity_fingerprint:
                self.by_identity[person.identity_fingerprint] = person
        self.result = RosterPlan()

    @cached_property
    def by_likeness(self) -> dict[Any, list[KnownPerson]]:
        found: dict[Any, list[KnownPerson]] = {}
        for person in self.by_id.values():
            if person.agency_id is not None and not person.gone:
                found.setdefault(_likeness(person.full_name, person.birth_year, person.agency_id), []).append(person)
        return found

    def plan(self, lines: Sequence[RosterLine]) -> RosterPlan:
        for line in lines:
            clash = self.lookups.clashes.get(line.index)
            if clash is not None:
                self._refuse(line, clash.message, summary=_DUPLICATE, code=line.staff_code or "", **clash.values)
                continue
            step = self._step(line)
            if step is None:
                continue
            if step.person_id is not None:
                index = self.lookups.meant.setdefault(step.person_id.bytes, line.index)
                if index != line.index:
                    sheet, row = self.lookups.place_of(index)
                    where = row if sheet == line.sheet else f"{row} ({sheet})"
                    self._refuse(line, N_("dòng này và dòng %(row)s cùng chỉ một người trong hồ sơ; chỉ giữ một dòng"), row=where)
                    continue
            self.result.steps.append(step)
        return self.result

    # Rows against stored people

    def _step(self, line: RosterLine) -> Step | None:
        print_ = self.fingerprint(line.identity_number) if line.identity_number else None
        of_code = self.by_code.get(line.staff_code) if line.staff_code else None
        of_number = self.by_identity.get(print_) if print_ else None
        if of_code and of_number and of_code.id != of_number.id:
            self._refuse(
                line,
                N_("mã %(code)s là của %(first)s nhưng số CCCD là của %(second)s (%(other)s); sửa một trong hai"),
                code=of_code.staff_code,
                first=of_code.full_name,
                second=of_number.full_name,
                other=of_number.staff_code,
            )
            return None
        person = of_code or of_number
        if person is not None and person.gone:
            self._refuse(line, N_("mã hoặc số CCCD này thuộc hồ sơ đã gộp hoặc đã xóa (%(code)s); kiểm tra lại"), code=person.staff_code)
            return None
        if of_code and print_ and of_code.identity_fingerprint not in (None, print_):
            self._refuse(line, N_("số CCCD khác với hồ sơ của %(code)s; kiểm tra lại mã và số"), code=of_code.staff_code)
            return None
        if person is None:
            return self._without_identifier(line, print_)
        return self._update(line, person, print_)

    def _without_identifier(self, line: RosterLine, print_: str | None) -> Step | None:
        possible = [
            person
            for person in self.by_likeness.get(_likeness(line.full_name, line.birth_year, line.agency_id), [])
            if not (line.birth_date and person.birth_date and line.birth_date != person.birth_date)
            and not (line.staff_code and line.staff_code != person.staff_code and not GENERATED_CODE.fullmatch(person.staff_code))
            and not (print_ and person.identity_fingerprint and print_ != person.identity_fingerprint)
        ]
        decision = self.lookups.decisions.get(decision_key(line), "")
        if decision.startswith(f"{SOMEBODY_ELSE}:"):
            # Not “whoever it may be”: when an import goes on after a crash, one of the possible is the person it has just entered.
            others = decision.partition(":")[2].split(",")
            possible = [person for person in possible if str(person.id) not in others]
        if not possible:
            return Step(line, Outcome.NEW)
        chosen = next((person for person in possible if str(person.id) == decision), None)
        if chosen is not None:
            return self._update(line, chosen, print_)
        same = [person for person in possible if not self._changes(line, person, print_) and self._post(line, person) is None]
        if len(same) == 1:
            return Step(line, Outcome.UNCHANGED, same[0].id)
        self.result.questions.append(Question(line, tuple(person.id for person in possible[:5])))
        self._refuse(
            line,
            N_("có thể trùng với %(people)s: cùng họ tên, ngày sinh, đơn vị; chọn “cùng một người” hay “người khác”, hoặc ghi mã cán bộ"),
            summary=_UNDECIDED,
            people=", ".join(f"{person.full_name} ({person.staff_code})" for person in possible[:3]),
        )
        return None

    def _update(self, line: RosterLine, person: KnownPerson, print_: str | None) -> Step | None:
        other_name = fold(line.full_name) != fold(person.full_name)
        if other_name and line.birth_date and person.birth_date and line.birth_date != person.birth_date:
            self._refuse(
                line,
                N_("trong hồ sơ, %(code)s là %(name)s và có ngày sinh khác; kiểm tra lại mã cán bộ hoặc số CCCD"),
                code=person.staff_code,
                name=person.full_name,
            )
            return None
        if line.staff_code and line.staff_code != person.staff_code and not GENERATED_CODE.fullmatch(person.staff_code):
            self._refuse(line, N_("số CCCD này thuộc %(name)s, mã %(code)s; sửa mã hoặc số"), name=person.full_name, code=person.staff_code)
            return None
        if other_name:
            self._remark(line, N_("đổi họ tên trong hồ sơ từ “%(name)s”"), name=person.full_name)
        changes = self._changes(line, person, print_)
        post = self._post(line, person)
        if post is not None and person.latest_post is not None and person.latest_post > self.as_of:
            self._refuse(
                line,
                N_("người này đã có vị trí bắt đầu ngày %(day)s, sau ngày của danh sách"),
                day=f"{person.latest_post:%d/%m/%Y}",
            )
            return None
        if post is not None and person.agency_id != line.agency_id:
            outcome = Outcome.MOVED
        else:
            outcome = Outcome.CHANGED if changes or post else Outcome.UNCHANGED
        return Step(line, outcome, person.id, changes, post)

    def _changes(self, line: RosterLine, person: KnownPerson, print_: str | None) -> dict[str, Any]:
        """What the row says differently about the person; what it does not say stays."""
        changes: dict[str, Any] = {}
        said, stored = _ABOUT_PERSON(line), _ABOUT_PERSON(person)
        if said != stored:
            told = zip(_PERSON_FIELDS, said, stored, strict=True)
            changes = {name: value for name, value, present in told if value is not None and value != present}
        if line.birth_date is None and line.birth_year == person.birth_year:
            changes.pop("birth_year", None)
        if print_ and print_ != person.identity_fingerprint:
            changes["identity_number"] = line.identity_number
        if line.phone and not (person.phone_sealed and self.lookups.unseal(person.phone_sealed) == line.phone):
            changes["phone"] = line.phone
        return changes

    def _post(self, line: RosterLine, person: KnownPerson) -> dict[str, Any] | None:
        """The post the row describes, where it is not the one held."""
        stays = person.absence if person.agency_id == line.agency_id else None
        post = (
            line.agency_id,
            line.group_code or self._group(line, person),
            line.job_title or person.job_title,
            line.it_duty or person.it_duty or "none",
            stays if line.absence is None else line.absence or None,
        )
        return None if _OF_POST(person) == post else dict(zip(_POST_FIELDS, post, strict=True))

    def _group(self, line: RosterLine, person: KnownPerson) -> str:
        """The group held stays, unless it only ever followed from the title and the title is another now."""
        if person.group_code is None or person.agency_id is None:
            return line.derived_group
        if line.job_title is None or line.job_title == person.job_title:
            return person.group_code
        agency = self.agencies.by_id.get(person.agency_id)
        followed = agency is not None and derived_group(person.job_title, agency.name, agency.block) == person.group_code
        return line.derived_group if followed else person.group_code

    # Findings

    def _refuse(self, line: RosterLine, message: str, *, summary: str = "", **values: str | int) -> None:
        self._find(line, message, True, summary, values)

    def _remark(self, line: RosterLine, message: str, **values: str | int) -> None:
        self._find(line, message, False, "", values)

    def _find(self, line: RosterLine, message: str, blocking: bool, summary: str, values: dict[str, str | int]) -> None:
        self.result.findings.append(
            Finding(
                sheet=line.sheet, row=line.row, value=line.full_name, message=message, summary=summary, values=values, blocking=blocking
            )
        )


def _likeness(name: str, birth_year: int | None, agency_id: UUID) -> tuple[Any, ...]:
    return same_name_key(name), birth_year, agency_id


def plan_digest(plan: RosterPlan) -> list[Any]:
    """The plan as plain values without legible numbers, to see whether it is still the one that was shown."""
    return [
        (line.sheet, line.row, step.person_id)
        if step.outcome is Outcome.UNCHANGED
        else (
            line.sheet,
            line.row,
            step.person_id,
            step.outcome.value,
            sorted(step.person),
            line.full_name,
            line.agency_id,
            line.group_code or line.derived_group,
        )
        for step in plan.steps
        for line in (step.line,)
    ]


_PERSON_FIELDS = ("staff_code", "full_name", "birth_date", "birth_year", "sex", "email", "qualification", "it_qualification", "it_major")
_POST_FIELDS = ("agency_id", "group_code", "job_title", "it_duty", "absence")
_ABOUT_PERSON, _OF_POST = attrgetter(*_PERSON_FIELDS), attrgetter(*_POST_FIELDS)
_DUPLICATE = N_("Bỏ hoặc phân biệt các dòng trùng nhau")
_UNDECIDED = N_("Chọn người cho các dòng có thể trùng với hồ sơ đã có")
