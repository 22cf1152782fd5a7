"""From the rows of an event to what is recorded: which agencies its codes mean, and what happens to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from lms.agencies.rules.event_sheet import EventGroup, EventRow
from lms.agencies.rules.events import (
    Abolition,
    Amendment,
    Code,
    Consolidation,
    Details,
    Division,
    Establishment,
    Founding,
    Merger,
    Part,
    Recoding,
)
from lms.agencies.rules.kinds import AgencyKind, EventKind, kind_of_name, usual_block, usual_level
from lms.agencies.rules.line import EMPTIED
from lms.agencies.rules.refs import Ref, ref_text
from lms.kit.errors import N_


class Registry(Protocol):
    """Who is meant by a code on the day of an event."""

    def before(self, ref: Ref) -> UUID | None:
        """The agency as it was in the morning."""

    def after(self, ref: Ref) -> UUID | None:
        """The agency as it is in the evening, among those that exist already."""

    def identity(self, ref: Ref | None, row: EventRow) -> UUID:
        """Whose id an agency that begins with this event gets."""

    def profile(self, agency: UUID) -> Mapping[str, Any] | None:
        """What an agency is at this moment."""


@dataclass(frozen=True, slots=True)
class Trouble:
    row: EventRow
    column: str
    message: str
    summary: str
    values: Mapping[str, str | int] = field(default_factory=dict)


class Builder:
    """Builds one event; what it cannot build is in `troubles`."""

    def __init__(self, group: EventGroup, registry: Registry) -> None:
        self.group, self.registry = group, registry
        self.troubles: list[Trouble] = []
        self.founded: dict[Ref, UUID] = {}

    def build(self) -> Details | None:
        """The event, or None where something is wrong with its rows."""
        steps: Mapping[EventKind, Callable[[], Details | None]] = {
            EventKind.ESTABLISH: self.establish,
            EventKind.RENAME: self.amend,
            EventKind.MOVE: self.amend,
            EventKind.REVISE: self.amend,
            EventKind.RECODE: self.recode,
            EventKind.MERGE: self.merge,
            EventKind.CONSOLIDATE: self.consolidate,
            EventKind.SPLIT: self.divide,
            EventKind.ABOLISH: self.abolish,
        }
        details = steps[self.group.event]()
        return None if self.troubles else details

    def trouble(self, row: EventRow, column: str, message: str, summary: str, /, **values: str | int) -> None:
        self.troubles.append(Trouble(row, column, message, summary, values))

    def before(self, row: EventRow) -> UUID | None:
        if row.before is None:
            self.trouble(row, "before", N_("Chưa có mã đơn vị trước"), N_("Điền mã đơn vị trước"))
            return None
        agency = self.registry.before(row.before)
        if agency is None:
            self.unknown(row, "before", row.before)
        return agency

    def unknown(self, row: EventRow, column: str, ref: Ref) -> None:
        self.trouble(
            row,
            column,
            N_("Không có đơn vị nào mang mã %(code)s vào ngày %(day)s; sự kiện không được có trước đơn vị"),
            N_("Sửa mã hoặc ngày hiệu lực"),
            code=ref_text(ref),
            day=f"{self.group.on:%d/%m/%Y}",
        )

    def only_row(self) -> EventRow:
        for row in self.group.rows[1:]:
            self.trouble(
                row,
                "number",
                N_("Sự kiện loại này chỉ có một dòng; dòng %(row)s đã nêu sự kiện này"),
                N_("Ghi mỗi sự kiện một số riêng"),
                row=self.group.first.row,
            )
        return self.group.first

    def befores(self) -> tuple[UUID, ...]:
        return tuple(agency for agency in map(self.before, self.group.rows) if agency is not None)

    def afters(self) -> EventRow:
        """The one row whose agency comes after; all rows must mean the same."""
        named = [row for row in self.group.rows if row.after is not None]
        for row in named[1:]:
            if row.after != named[0].after:
                self.trouble(
                    row,
                    "after",
                    N_("Sự kiện loại này chỉ có một đơn vị sau; dòng %(row)s nêu mã khác"),
                    N_("Sửa các dòng của một sự kiện cho khớp"),
                    row=named[0].row,
                )
        if not named:
            self.trouble(self.group.first, "after", N_("Chưa có mã đơn vị sau"), N_("Điền mã đơn vị sau"))
            return self.group.first
        return next((row for row in named if row.name), named[0])

    def founding(self, row: EventRow) -> Founding | None:
        """The agency a row founds."""
        if row.after is None:
            self.trouble(row, "after", N_("Chưa có mã đơn vị sau"), N_("Điền mã đơn vị sau"))
        if not row.name:
            self.trouble(row, "name", N_("Chưa có tên đơn vị sau"), N_("Điền tên đơn vị sau"))
        parent = None if row.parent is None else self.place(row, row.parent)
        if row.after is None or not row.name or (row.parent is not None and parent is None):
            return None
        agency = self.registry.identity(row.after, row)
        self.founded[row.after] = agency
        above = self.registry.profile(parent) if parent is not None else None
        kind = row.kind or kind_of_name(row.name)
        own = (row.after,) if isinstance(row.after, Code) else ()
        return Founding(
            agency=agency,
            name=row.name,
            short_name=None if row.short_name is EMPTIED else row.short_name,
            kind=kind.value,
            block=(row.block or usual_block(AgencyKind(kind), above["block"] if above else None)),
            level=(row.level or usual_level(AgencyKind(kind), above["level"] if above else None)),
            parent=parent,
            legal_basis=None if row.legal_basis is EMPTIED else row.legal_basis,
            codes=tuple(dict.fromkeys((*own, *row.codes))),
        )

    def place(self, row: EventRow, ref: Ref) -> UUID | None:
        """The agency under which another comes."""
        agency = self.founded.get(ref) or self.registry.after(ref)
        if agency is None:
            self.trouble(
                row,
                "parent_code",
                N_("Không tìm thấy đơn vị chủ quản có mã %(code)s vào ngày %(day)s"),
                N_("Sửa mã đơn vị chủ quản không tìm thấy"),
                code=ref_text(ref),
                day=f"{self.group.on:%d/%m/%Y}",
            )
        return agency

    def children(self) -> dict[UUID, UUID | None]:
        """Where what was directly below goes."""
        found: dict[UUID, UUID | None] = {}
        for row in self.group.children:
            child = self.before(row)
            if row.parent is None and not row.at_the_top:
                self.trouble(row, "parent_code", N_("Chưa có mã đơn vị chủ quản mới"), N_("Điền mã đơn vị chủ quản mới"))
            parent = None if row.parent is None else self.place(row, row.parent)
            if child is not None:
                found[child] = parent
        return found

    # The kinds of events.

    def establish(self) -> Details | None:
        founding = self.founding(self.only_row())
        if founding is None:
            return None
        return Establishment(**{name: getattr(founding, name) for name in founding.__struct_fields__})

    def amend(self) -> Details | None:
        row = self.only_row()
        agency = self.before(row)
        changes: dict[str, Any] = {name: value for name in ("name", "kind", "block", "level") if (value := getattr(row, name))}
        changes |= {name: str(value) for name, value in changes.items()}
        for name in ("short_name", "legal_basis"):
            said = getattr(row, name)
            if said is not None:
                changes[name] = None if said is EMPTIED else said
        if row.at_the_top:
            changes["parent"] = None
        elif row.parent is not None:
            changes["parent"] = self.place(row, row.parent)
        needed = {EventKind.RENAME: ("name", "name"), EventKind.MOVE: ("parent", "parent_code")}.get(self.group.event)
        if needed and needed[0] not in changes:
            message = N_("Chưa có tên mới") if needed[0] == "name" else N_("Chưa có mã đơn vị chủ quản mới")
            self.trouble(row, needed[1], message, N_("Điền nội dung thay đổi"))
        elif not changes:
            self.trouble(row, "name", N_("Không có gì thay đổi ở dòng này"), N_("Điền nội dung thay đổi"))
        return None if agency is None else Amendment(agency=agency, **changes)

    def recode(self) -> Details | None:
        row = self.only_row()
        agency = self.before(row)
        if agency is None or not isinstance(row.after, Code):
            return None
        return Recoding(agency=agency, scheme=row.after.scheme, code=row.after.code or None, beside=row.beside)

    def merge(self) -> Details | None:
        agencies, last = self.befores(), self.afters()
        into = self.registry.after(last.after) if last.after is not None else None
        if last.after is not None and into is None:
            self.trouble(
                last,
                "after",
                N_("Đơn vị tiếp nhận mã %(code)s không tồn tại vào ngày %(day)s; nếu là đơn vị mới, loại sự kiện là Hợp nhất"),
                N_("Sửa mã hoặc loại sự kiện"),
                code=ref_text(last.after),
                day=f"{self.group.on:%d/%m/%Y}",
            )
        children = self.children()
        return None if into is None else Merger(agencies=agencies, into=into, children=children)

    def consolidate(self) -> Details | None:
        agencies, founding = self.befores(), self.founding(self.afters())
        children = self.children()
        return None if founding is None else Consolidation(agencies=agencies, founding=founding, children=children)

    def divide(self) -> Details | None:
        agency = self.before(self.group.first)
        parts = [part for row in self.group.rows if (part := self.part(row, agency)) is not None]
        children = self.children()
        if agency is None:
            return None
        others = tuple(part for part in parts if part.agency != agency)
        return Division(agency=agency, parts=others, survives=len(others) < len(parts), children=children)

    def part(self, row: EventRow, agency: UUID | None) -> Part | None:
        if row.before not in (None, self.group.first.before):
            self.trouble(
                row,
                "before",
                N_("Chia tách chỉ có một đơn vị trước; dòng %(row)s nêu mã khác"),
                N_("Ghi mỗi sự kiện một số riêng"),
                row=self.group.first.row,
            )
        if row.name:
            founding = self.founding(row)
            return None if founding is None else Part(agency=founding.agency, founding=founding, share=row.share)
        if row.after is None:
            self.trouble(row, "after", N_("Chưa có mã đơn vị sau"), N_("Điền mã đơn vị sau"))
            return None
        heir = self.founded.get(row.after) or self.registry.after(row.after)
        if heir is None:
            self.unknown(row, "after", row.after)
            return None
        return Part(agency=heir, share=None if heir == agency else row.share)

    def abolish(self) -> Details | None:
        row = self.only_row()
        agency, children = self.before(row), self.children()
        return None if agency is None else Abolition(agency=agency, children=children)
