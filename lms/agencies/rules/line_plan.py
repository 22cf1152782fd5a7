"""From a line about an agency to what is recorded: that it begins, or that from its day on it is otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from lms.agencies.rules.events import Amendment, Change, Code, Establishment, Recoding
from lms.agencies.rules.kinds import AgencyKind, Decision, kind_of_name, usual_block, usual_level
from lms.agencies.rules.refs import Ref, ref_text
from lms.agencies.rules.sheet import AgencyLine
from lms.kit.errors import N_
from lms.kit.ids import uuid7

if TYPE_CHECKING:
    from lms.agencies.rules.planner import Planner


class LinePlanner:
    """Plans the lines of a file's agencies on the days on which they hold."""

    def __init__(self, planner: Planner, *, new_root: bool) -> None:
        self.planner, self.new_root = planner, new_root
        self.by_ref: dict[Ref, AgencyLine] = {line.ref: line for line in reversed(planner.reading.lines)}
        self.ids: dict[Ref, UUID] = {}  # of agencies that begin with a line
        self.seen: dict[UUID, AgencyLine] = {}

    def once(self) -> list[AgencyLine]:
        """Each code once; the others are told as duplicates."""
        return [line for line in self.planner.reading.lines if self.by_ref[line.ref] is line]

    def begin_day(self, lines: Sequence[AgencyLine]) -> None:
        """Children may stand above their parents: say first who begins today."""
        for line in lines:
            if self.bearer(line.ref) is None:
                self.ids.setdefault(line.ref, uuid7())

    def promised(self, ref: Ref, day: date) -> UUID | None:
        """The id of an agency that a line of this day or before is going to begin with."""
        line = self.by_ref.get(ref)
        if line is None or (line.valid_from or self.planner.as_of) > day:
            return None
        return self.ids.setdefault(ref, uuid7())

    def changes(self, line: AgencyLine, day: date) -> Iterator[Change]:
        known = self.bearer(line.ref)
        if known is not None and known in self.seen:
            self.planner.complain(
                line,
                "code",
                N_("Mã này và mã ở dòng %(row)s cùng thuộc một đơn vị; giữ lại một dòng"),
                N_("Sửa mã đơn vị trùng"),
                row=self.seen[known].row,
            )
        elif known is not None:
            self.seen[known] = line
            yield from self.revised(line, known, day)
        elif begins := self.begins_later(line, day):
            self.planner.complain(
                line,
                "valid_from",
                N_("Mã %(code)s đã thuộc một đơn vị chỉ tồn tại từ %(begin)s; ngày hiệu lực không được sớm hơn"),
                N_("Sửa ngày hiệu lực"),
                code=line.code,
                begin=f"{begins:%d/%m/%Y}",
            )
        elif isinstance(line.ref, UUID):
            self.planner.complain(
                line, "code", N_("Không có đơn vị nào có mã hệ thống này vào ngày hiệu lực"), N_("Sửa mã đơn vị"), code=line.code
            )
        else:
            yield from self.established(line, day)

    def bearer(self, ref: Ref) -> UUID | None:
        """Who bears a code at this moment, or exists and gets it later."""
        living = self.planner.living(ref)
        if living:
            return living[-1]
        if isinstance(ref, UUID):
            return None
        later = [
            span.agency
            for span in self.planner.later_bearers(ref)
            if span.valid_from > self.planner.day and self.planner.replay.exists(span.agency)
        ]
        return later[0] if later else None

    def begins_later(self, line: AgencyLine, day: date) -> date | None:
        if isinstance(line.ref, UUID):
            return None
        return max((span.valid_from for span in self.planner.later_bearers(line.ref) if span.valid_from > day), default=None)

    def parent(self, line: AgencyLine, day: date) -> tuple[bool, UUID | None]:
        """Whether the parent could be told, and who it is."""
        if line.parent is None:
            return True, None
        known = self.bearer(line.parent)
        if known is not None:
            return True, known
        if line.parent in self.planner.reading.faulty:
            return False, None  # its own line says what is wrong
        if line.parent in self.by_ref:
            return True, self.ids.setdefault(line.parent, uuid7())
        self.planner.complain(
            line,
            "parent_code",
            N_("Không tìm thấy đơn vị chủ quản có mã %(code)s, cả trong tệp lẫn trong hệ thống vào ngày %(day)s"),
            N_("Sửa mã đơn vị chủ quản không tìm thấy"),
            code=ref_text(line.parent),
            day=f"{day:%d/%m/%Y}",
        )
        return False, None

    def established(self, line: AgencyLine, day: date) -> Iterator[Change]:
        told, parent = self.parent(line, day)
        if not told:
            return
        if parent is None and self.refuses_root(line):
            return
        kind = line.kind or kind_of_name(line.name)
        above = self.planner.profile(parent) if parent is not None else None
        own = (line.ref,) if isinstance(line.ref, Code) else ()
        agency = self.ids.setdefault(line.ref, uuid7())
        self.planner.plan.new[agency] = line.code
        yield Change(
            day,
            Establishment(
                agency=agency,
                name=line.name,
                short_name=line.short_name,
                kind=kind.value,
                block=line.block or usual_block(kind, above["block"] if above else self.inherited(line, "block")),
                level=line.level or usual_level(kind, above["level"] if above else self.inherited(line, "level")),
                parent=parent,
                legal_basis=line.legal_basis,
                codes=tuple(dict.fromkeys((*own, *line.codes))),
            ),
            Decision(number=line.legal_basis),
        )

    def inherited(self, line: AgencyLine, what: str) -> str | None:
        """What the nearest line above in the tree says, when the parents come with the same file."""
        seen = {line.ref}
        above = self.by_ref.get(line.parent) if line.parent is not None else None
        while above is not None and above.ref not in seen:
            seen.add(above.ref)
            kind = above.kind or kind_of_name(above.name)
            value: str | None = getattr(above, what) or (usual_block(kind, None) if what == "block" else usual_level(kind, None))
            if getattr(above, what) or kind is not AgencyKind.DIVISION:
                return value
            above = self.by_ref.get(above.parent) if above.parent is not None else None
        return None

    def revised(self, line: AgencyLine, agency: UUID, day: date) -> Iterator[Change]:
        profile = self.planner.profile(agency) or {}
        told, parent = (True, profile.get("parent")) if "parent_code" not in line.given else self.parent(line, day)
        if not told:
            return
        # An empty cell of a column that may stay empty leaves what is stored.
        said: Mapping[str, Any] = {
            "name": line.name,
            "short_name": line.short_name,
            "kind": line.kind,
            "block": line.block,
            "level": line.level,
            "legal_basis": line.legal_basis,
        }
        changes = {name: value for name, value in said.items() if value is not None and value != profile.get(name)}
        if parent != profile.get("parent"):
            if parent is None and self.refuses_root(line):
                return
            changes["parent"] = parent
        recoded = [
            Recoding(agency=agency, scheme=code.scheme, code=code.code)
            for code in line.codes
            if (code.scheme, code.code) not in self.planner.replay.lives[agency].codes and not self.gets_later(agency, code)
        ]
        decision = Decision(number=line.legal_basis)
        if not changes and not recoded:
            self.planner.plan.unchanged += 1
        if changes:
            yield Change(day, Amendment(agency=agency, **changes), decision)
        for recoding in recoded:
            yield Change(day, recoding, decision)

    def gets_later(self, agency: UUID, code: Code) -> bool:
        """An export says since when an agency is as it is, not since when it bears each of its codes."""
        return any(span.agency == agency and span.valid_from > self.planner.day for span in self.planner.later_bearers(code))

    def refuses_root(self, line: AgencyLine) -> bool:
        """A file of another province would put its tree beside ours."""
        if self.new_root:
            return False
        lives = self.planner.replay.lives
        tops = [agency for agency, life in lives.items() if life.ended is None and life.profile["parent"] is None]
        self.planner.complain(
            line,
            "parent_code",
            N_(
                "Đơn vị này sẽ đứng ngang với đơn vị cao nhất đang có (%(ours)s), như tệp của tỉnh khác. "
                "Điền mã đơn vị chủ quản, hoặc chọn cho phép thêm đơn vị cao nhất rồi tải lại"
            ),
            N_("Kiểm tra tệp có đúng của tỉnh này không"),
            ours=", ".join(sorted(self.planner.label(agency) for agency in tops)[:3]) or "—",
        )
        return True
