"""What an agency file would change in the tree: pure, so that the preview and the import are one and the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from lms.agencies.rules.closure import FOREVER, CycleError, ParentMissingError, ParentSpan, ancestry, by_agency
from lms.agencies.rules.kinds import AgencyKind, EventKind, kind_of_name, usual_block, usual_level
from lms.agencies.rules.sheet import AgencyLine, Reading
from lms.kit.errors import N_
from lms.kit.imports.rules import Checked, Finding, fingerprint_of

# An agency that is stored is known by its id, one that the file brings by its code.
Ref = UUID | str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """What is believed about an agency over a span of days."""

    id: UUID
    name: str
    short_name: str | None
    kind: str
    block: str
    level: str
    parent_id: UUID | None
    legal_basis: str | None
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class StoredAgency:
    """An agency's versions and its codes of one scheme, each in the order of days."""

    id: UUID
    versions: tuple[StoredVersion, ...]
    codes: tuple[tuple[str, date, date], ...]

    def on(self, day: date) -> StoredVersion | None:
        return next((version for version in self.versions if version.valid_from <= day < version.valid_to), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Establish:
    """A new agency with its code, from a day on."""

    line: AgencyLine
    name: str
    short_name: str | None
    kind: str
    block: str
    level: str
    parent: Ref | None
    legal_basis: str | None
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Revise:
    """A stored agency becomes what `after` says from `on` until the end of the version it had on that day."""

    line: AgencyLine
    agency_id: UUID
    before: StoredVersion
    after: StoredVersion
    parent: Ref | None
    on: date

    @property
    def event(self) -> EventKind:
        if self.parent != self.before.parent_id:
            return EventKind.MOVE
        return EventKind.RENAME if self.after.name != self.before.name else EventKind.REVISE


@dataclass(slots=True)
class Plan:
    """Steps in the order of the file; `unchanged` lines say what is stored already."""

    establish: list[Establish] = field(default_factory=list)
    revise: list[Revise] = field(default_factory=list)
    unchanged: int = 0
    findings: list[Finding] = field(default_factory=list)

    def checked(self) -> Checked:
        """The plan as the preview shows it."""
        steps = [*map(_established, self.establish), *map(_revised, self.revise)]
        return Checked(
            counts={"added": len(self.establish), "changed": len(self.revise), "unchanged": self.unchanged},
            rows=len(self.establish) + len(self.revise),
            fingerprint=fingerprint_of(steps),
            findings=self.findings,
        )


def plan_import(reading: Reading, stored: Mapping[UUID, StoredAgency], as_of: date) -> Plan:
    """Compare the lines with what is stored. `as_of` is the day from which lines without a date of their own hold."""
    planner = _Planner(reading, stored, as_of)
    planner.run()
    order = {sheet: index for index, sheet in enumerate(reading.headers)}
    planner.plan.findings.sort(key=lambda finding: (order[finding.sheet], finding.row))
    return planner.plan


class _Planner:
    def __init__(self, reading: Reading, stored: Mapping[UUID, StoredAgency], as_of: date) -> None:
        self.reading, self.stored, self.as_of = reading, stored, as_of
        self.plan = Plan(findings=list(reading.findings))
        self.seen: dict[UUID | None, AgencyLine] = {}
        self.bearers: dict[str, list[tuple[date, date, UUID]]] = {}
        for agency in stored.values():
            for code, valid_from, valid_to in agency.codes:
                self.bearers.setdefault(code, []).append((valid_from, valid_to, agency.id))
        for spans in self.bearers.values():
            spans.sort()
        self.lines = {line.code: line for line in reversed(reading.lines)}

    def run(self) -> None:
        for line in self.lines_once():
            day = line.valid_from or self.as_of
            known = self.bearer(line.code, day)
            if known in self.seen:
                self.trouble(
                    line,
                    "code",
                    N_("Mã này và mã ở dòng %(row)s cùng thuộc một đơn vị; giữ lại một dòng"),
                    N_("Sửa mã đơn vị trùng"),
                    row=self.seen[known].row,
                )
            elif known is not None:
                self.seen[known] = line
                self.compare(line, self.stored[known], day)
            elif self.begins_later(line, day):
                self.trouble(
                    line,
                    "valid_from",
                    N_("Mã %(code)s đã thuộc một đơn vị chỉ tồn tại từ %(begin)s; ngày hiệu lực không được sớm hơn"),
                    N_("Sửa ngày hiệu lực"),
                    code=line.code,
                    begin=f"{self.bearers[line.code][-1][0]:%d/%m/%Y}",
                )
            else:
                self.establish(line, day)
        self.check_tree()

    def lines_once(self) -> list[AgencyLine]:
        return [line for line in self.reading.lines if self.lines[line.code] is line]

    def trouble(self, line: AgencyLine, column: str, message: str, summary: str, **values: str | int) -> None:
        self.plan.findings.append(self.reading.finding(line, column, message, summary, values))

    def bearer(self, code: str, day: date) -> UUID | None:
        """Who bears a code on a day, or gets it later and exists on that day."""
        for valid_from, valid_to, agency_id in self.bearers.get(code, ()):
            if valid_from <= day < valid_to or (valid_from > day and self.stored[agency_id].on(day)):
                return agency_id
        return None

    def begins_later(self, line: AgencyLine, day: date) -> bool:
        return any(valid_from > day for valid_from, _, _ in self.bearers.get(line.code, ()))

    def parent(self, line: AgencyLine, day: date) -> tuple[bool, Ref | None]:
        """Whether the parent could be told, and who it is."""
        if line.parent_code is None:
            return True, None
        known = self.bearer(line.parent_code, day)
        if known is not None:
            return True, known
        other = self.lines.get(line.parent_code)
        if line.parent_code in self.reading.faulty_codes:
            return False, None  # its own line says what is wrong
        if other is None:
            self.trouble(
                line,
                "parent_code",
                N_("Không tìm thấy đơn vị chủ quản có mã %(code)s, cả trong tệp lẫn trong hệ thống vào ngày %(day)s"),
                N_("Sửa mã đơn vị chủ quản không tìm thấy"),
                code=line.parent_code,
                day=f"{day:%d/%m/%Y}",
            )
            return False, None
        stored = self.bearer(other.code, other.valid_from or self.as_of)
        return True, stored or other.code

    def establish(self, line: AgencyLine, day: date) -> None:
        told, parent = self.parent(line, day)
        if not told:
            return
        kind = line.kind or kind_of_name(line.name)
        above = self.stored[parent].on(day) if isinstance(parent, UUID) else None
        self.plan.establish.append(
            Establish(
                line=line,
                name=line.name,
                short_name=line.short_name,
                kind=kind,
                block=line.block or self.block_by_parent(line, kind, above),
                level=line.level or self.level_by_parent(line, kind, above),
                parent=parent,
                legal_basis=line.legal_basis,
                on=day,
            )
        )

    def block_by_parent(self, line: AgencyLine, kind: AgencyKind, above: StoredVersion | None) -> str:
        return usual_block(kind, above.block if above else self.inherited(line, "block"))

    def level_by_parent(self, line: AgencyLine, kind: AgencyKind, above: StoredVersion | None) -> str:
        return usual_level(kind, above.level if above else self.inherited(line, "level"))

    def inherited(self, line: AgencyLine, what: str) -> str | None:
        """What the nearest line above in the tree says, when the parents come with the same file."""
        seen = {line.code}
        above = self.lines.get(line.parent_code or "")
        while above is not None and above.code not in seen:
            seen.add(above.code)
            kind = above.kind or kind_of_name(above.name)
            value: str | None = getattr(above, what) or (usual_block(kind, None) if what == "block" else usual_level(kind, None))
            if getattr(above, what) or kind is not AgencyKind.DIVISION:
                return value
            above = self.lines.get(above.parent_code or "")
        return None

    def compare(self, line: AgencyLine, agency: StoredAgency, day: date) -> None:
        before = agency.on(day)
        if before is None:
            self.trouble(
                line,
                "valid_from",
                N_("Đơn vị mã %(code)s không tồn tại vào ngày %(day)s"),
                N_("Sửa ngày hiệu lực"),
                code=line.code,
                day=f"{day:%d/%m/%Y}",
            )
            return
        told, parent = (True, before.parent_id) if "parent_code" not in line.given else self.parent(line, day)
        if not told:
            return
        # An empty cell of a column that may stay empty leaves what is stored.
        after = replace(
            before,
            name=line.name,
            short_name=line.short_name or before.short_name,
            kind=line.kind or before.kind,
            block=line.block or before.block,
            level=line.level or before.level,
            legal_basis=line.legal_basis or before.legal_basis,
        )
        if after == before and parent == before.parent_id:
            self.plan.unchanged += 1
        else:
            self.plan.revise.append(Revise(line=line, agency_id=agency.id, before=before, after=after, parent=parent, on=day))

    def check_tree(self) -> None:
        """No cycles and no parent that is not there, on any day of the tree as the file would make it."""
        spans = by_agency(self.spans())
        steps: list[tuple[Ref, Establish | Revise]] = [
            *((step.line.code, step) for step in self.plan.establish),
            *((step.agency_id, step) for step in self.plan.revise),
        ]
        for key, step in steps:
            try:
                ancestry(key, spans)
            except CycleError as error:
                if key in error.agencies:
                    self.trouble(
                        step.line,
                        "parent_code",
                        N_("Vòng lặp: từ ngày %(day)s đơn vị này nằm dưới chính nó, qua %(path)s"),
                        N_("Sửa mã đơn vị chủ quản tạo vòng lặp"),
                        day=f"{error.day:%d/%m/%Y}",
                        path=" → ".join(self.name(agency) for agency in (*error.agencies[1:], error.agencies[0])),
                    )
            except ParentMissingError as error:
                if error.agency == key:
                    self.trouble(
                        step.line,
                        "parent_code",
                        N_("Đơn vị chủ quản %(parent)s không tồn tại vào ngày %(day)s"),
                        N_("Sửa ngày hiệu lực hoặc đơn vị chủ quản"),
                        parent=self.name(error.parent),
                        day=f"{error.day:%d/%m/%Y}",
                    )

    def spans(self) -> list[ParentSpan[Ref]]:
        revised = {(step.agency_id, step.before.valid_from): step for step in self.plan.revise}
        result: list[ParentSpan[Ref]] = [ParentSpan(step.line.code, step.parent, step.on, FOREVER) for step in self.plan.establish]
        for agency in self.stored.values():
            for version in agency.versions:
                step = revised.get((agency.id, version.valid_from))
                if step is None:
                    result.append(ParentSpan(agency.id, version.parent_id, version.valid_from, version.valid_to))
                    continue
                if version.valid_from < step.on:
                    result.append(ParentSpan(agency.id, version.parent_id, version.valid_from, step.on))
                result.append(ParentSpan(agency.id, step.parent, step.on, version.valid_to))
        return result

    def name(self, key: Any) -> str:
        if isinstance(key, UUID):
            codes = self.stored[key].codes
            return codes[-1][0] if codes else self.stored[key].versions[-1].name
        return str(key)


def _established(step: Establish) -> dict[str, Any]:
    return {
        "establish": step.line.code,
        "what": [step.name, step.short_name, step.kind, step.block, step.level, step.legal_basis],
        "parent": str(step.parent),
        "on": step.on,
    }


def _revised(step: Revise) -> dict[str, Any]:
    after = step.after
    return {
        "revise": str(step.agency_id),
        "before": str(step.before.id),
        "what": [after.name, after.short_name, after.kind, after.block, after.level, after.legal_basis],
        "parent": str(step.parent),
        "on": step.on,
    }
