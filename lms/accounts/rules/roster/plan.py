"""What entering a roster would change: who is new, changed, moved, unchanged, and which rows are refused because it is not certain whom
they mean.

A row means the person with its staff code; else the one with its CCCD number; else, where it gives neither, the only one of that name
and birth date in that agency. Where two rows, or a row and a stored person, share name, birth date and agency and nothing proves them to
be two people, nothing is guessed: the rows are refused and say what would tell them apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from lms.accounts.rules.groups import derived_group
from lms.accounts.rules.roster.agencies import AgencyIndex
from lms.accounts.rules.roster.person import RosterLine, RosterReading
from lms.kit.errors import N_
from lms.kit.imports.rules import Finding
from lms.kit.vietnamese import fold, same_name_key

GENERATED_CODE = re.compile(r"C[0-9]{7}")


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    MOVED = "moved"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person as stored, with the primary post held on the day of the roster (no agency: none) and the day the latest one began."""

    id: UUID
    staff_code: str
    full_name: str
    birth_date: date | None
    birth_year: int | None
    sex: str | None
    email: str | None
    phone_fingerprint: str | None
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


@dataclass(frozen=True, slots=True)
class Step:
    """What one row does. `person` has only what changes about the person (numbers legible), `post` the whole new post, if any."""

    line: RosterLine
    outcome: Outcome
    person_id: UUID | None = None
    person: Mapping[str, Any] = field(default_factory=dict)
    post: Mapping[str, Any] | None = None


@dataclass(slots=True)
class RosterPlan:
    steps: list[Step] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        return sum(step.outcome is outcome for step in self.steps)


def plan_roster(
    reading: RosterReading,
    known: Iterable[KnownPerson],
    agencies: AgencyIndex,
    fingerprint: Callable[[str], str],
    as_of: date,
) -> RosterPlan:
    """Decide about every readable row. `fingerprint` recognises numbers without storing them legibly."""
    return _Planner(list(known), agencies, fingerprint, as_of).plan(reading)


class _Planner:
    def __init__(self, known: list[KnownPerson], agencies: AgencyIndex, fingerprint: Callable[[str], str], as_of: date) -> None:
        self.agencies = agencies
        self.fingerprint = fingerprint
        self.as_of = as_of
        self.by_code = {person.staff_code: person for person in known}
        self.by_identity = {person.identity_fingerprint: person for person in known if person.identity_fingerprint}
        self.by_likeness: dict[Any, list[KnownPerson]] = {}
        for person in known:
            if person.agency_id is not None:
                key = _likeness(person.full_name, person.birth_date, person.birth_year, person.agency_id)
                self.by_likeness.setdefault(key, []).append(person)
        self.result = RosterPlan()
        self.refused: set[tuple[str, int]] = set()

    def plan(self, reading: RosterReading) -> RosterPlan:
        self._refuse_duplicates(reading.lines)
        meant: dict[UUID, RosterLine] = {}
        for line in reading.lines:
            if (line.sheet, line.row) in self.refused:
                continue
            step = self._step(line)
            if step is None:
                continue
            if step.person_id is not None:
                earlier = meant.setdefault(step.person_id, line)
                if earlier is not line:
                    self._refuse(line, N_("dòng này và dòng %(row)s cùng chỉ một người trong hồ sơ; chỉ giữ một dòng"), row=earlier.row)
                    continue
            self.result.steps.append(step)
        return self.result

    # Rows against rows

    def _refuse_duplicates(self, lines: list[RosterLine]) -> None:
        codes: dict[str, RosterLine] = {}
        numbers: dict[str, RosterLine] = {}
        alike: dict[Any, RosterLine] = {}
        for line in lines:
            same_code = codes.setdefault(line.staff_code, line) if line.staff_code else line
            same_number = numbers.setdefault(line.identity_number, line) if line.identity_number else line
            same_person = alike.setdefault(_likeness(line.full_name, line.birth_date, line.birth_year, line.agency.id), line)
            if same_code is not line:
                self._refuse(
                    line, N_("mã cán bộ %(code)s trùng với dòng %(row)s"), summary=_DUPLICATE, code=line.staff_code or "", row=same_code.row
                )
            elif same_number is not line:
                self._refuse(line, N_("số CCCD trùng với dòng %(row)s"), summary=_DUPLICATE, row=same_number.row)
            elif same_person is not line and not self._are_two(line, same_person.staff_code, same_person.identity_number):
                for one, other in ((line, same_person), (same_person, line)):
                    self._refuse(
                        one,
                        N_("cùng họ tên, ngày sinh, đơn vị với dòng %(row)s; thêm mã cán bộ hoặc số CCCD cho cả hai dòng để phân biệt"),
                        summary=_DUPLICATE,
                        row=other.row,
                    )

    @staticmethod
    def _are_two(line: RosterLine, other_code: str | None, other_number: str | None) -> bool:
        """Do identifiers prove that somebody else is meant? (`other_number` in the same form as the line's.)"""
        codes_differ = bool(line.staff_code and other_code and line.staff_code != other_code and not GENERATED_CODE.fullmatch(other_code))
        return codes_differ or bool(line.identity_number and other_number and line.identity_number != other_number)

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
        if of_code and print_ and of_code.identity_fingerprint not in (None, print_):
            self._refuse(line, N_("số CCCD khác với hồ sơ của %(code)s; kiểm tra lại mã và số"), code=of_code.staff_code)
            return None
        if person is None:
            return self._without_identifier(line, print_)
        return self._update(line, person, print_)

    def _without_identifier(self, line: RosterLine, print_: str | None) -> Step | None:
        alike = self.by_likeness.get(_likeness(line.full_name, line.birth_date, line.birth_year, line.agency.id), [])
        possible = [
            person
            for person in alike
            if not (line.staff_code and line.staff_code != person.staff_code and not GENERATED_CODE.fullmatch(person.staff_code))
            and not (print_ and person.identity_fingerprint and print_ != person.identity_fingerprint)
        ]
        if not possible:
            return Step(line, Outcome.NEW)
        if len(possible) == 1 and not line.staff_code and not print_ and line.birth_date is not None:
            return self._update(line, possible[0], print_)
        self._refuse(
            line,
            N_("có thể trùng với %(people)s: cùng họ tên, ngày sinh, đơn vị; ghi đúng mã cán bộ vào dòng này"),
            summary=_DUPLICATE,
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
        if post is not None and person.agency_id != line.agency.id:
            outcome = Outcome.MOVED
        else:
            outcome = Outcome.CHANGED if changes or post else Outcome.UNCHANGED
        return Step(line, outcome, person.id, changes, post)

    def _changes(self, line: RosterLine, person: KnownPerson, print_: str | None) -> dict[str, Any]:
        """What the row says differently about the person; what it does not say stays."""
        changes: dict[str, Any] = {}
        for name in (
            "staff_code",
            "full_name",
            "birth_date",
            "birth_year",
            "sex",
            "email",
            "qualification",
            "it_qualification",
            "it_major",
        ):
            value = getattr(line, name)
            if value is not None and value != getattr(person, name):
                changes[name] = value
        if line.birth_date is None and line.birth_year == person.birth_year:
            changes.pop("birth_year", None)
        if print_ and print_ != person.identity_fingerprint:
            changes["identity_number"] = line.identity_number
        if line.phone and self.fingerprint(line.phone) != person.phone_fingerprint:
            changes["phone"] = line.phone
        return changes

    def _post(self, line: RosterLine, person: KnownPerson) -> dict[str, Any] | None:
        """The post the row describes, where it is not the one held."""
        post: dict[str, Any] = {
            "agency_id": line.agency.id,
            "group_code": line.group_code or self._group(line, person),
            "job_title": line.job_title or person.job_title,
            "it_duty": line.it_duty or person.it_duty or "none",
        }
        stays = person.absence if person.agency_id == line.agency.id else None
        post["absence"] = stays if line.absence is None else line.absence or None
        held = {name: getattr(person, name) for name in post}
        return None if held == post else post

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
        self.refused.add((line.sheet, line.row))
        self._find(line, message, True, summary, values)

    def _remark(self, line: RosterLine, message: str, **values: str | int) -> None:
        self._find(line, message, False, "", values)

    def _find(self, line: RosterLine, message: str, blocking: bool, summary: str, values: dict[str, str | int]) -> None:
        self.result.findings.append(
            Finding(
                sheet=line.sheet, row=line.row, value=line.full_name, message=message, summary=summary, values=values, blocking=blocking
            )
        )


def _likeness(name: str, birth_date: date | None, birth_year: int | None, agency_id: UUID) -> tuple[Any, ...]:
    return same_name_key(name), birth_date or birth_year, agency_id


def plan_digest(plan: RosterPlan) -> list[Any]:
    """The plan as plain values without legible numbers, to see whether it is still the one that was shown."""
    return [
        [
            step.line.sheet,
            step.line.row,
            step.outcome.value,
            str(step.person_id or ""),
            sorted(step.person),
            step.line.full_name,
            str(step.line.agency.id),
            step.line.group_code or step.line.derived_group,
        ]
        for step in plan.steps
    ]


_DUPLICATE = N_("Bỏ hoặc phân biệt các dòng trùng nhau")
