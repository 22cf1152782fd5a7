"""The sheet of events: its columns, what each row says, and which rows make one event."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from lms.agencies.rules.events import NO_DECISION, Code
from lms.agencies.rules.kinds import EVENT_NAMES, AgencyKind, Block, Decision, EventKind, Level
from lms.agencies.rules.line import CODE_COLUMNS, EMPTIED, LineReader, Said, finding_at
from lms.agencies.rules.refs import FORMS, Ref, parse_ref
from lms.kit.errors import N_
from lms.kit.imports.rules import Finding
from lms.kit.sheets.cells import Row
from lms.kit.sheets.header import Header
from lms.kit.vietnamese import fold

EVENT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": ("Số sự kiện", "Sự kiện số", "STT sự kiện", "Mã sự kiện"),
    "on": ("Ngày hiệu lực", "Hiệu lực từ", "Hiệu lực từ ngày", "Có hiệu lực từ"),
    "event": ("Loại sự kiện", "Sự kiện", "Loại thay đổi", "Hình thức sắp xếp"),
    "before": ("Mã đơn vị trước", "Mã đơn vị cũ", "Mã trước", "Mã cũ"),
    "before_name": ("Tên đơn vị trước", "Tên đơn vị cũ", "Tên cũ"),
    "after": ("Mã đơn vị sau", "Mã đơn vị mới", "Mã sau", "Mã mới"),
    "name": ("Tên đơn vị sau", "Tên đơn vị mới", "Tên mới", "Tên đơn vị"),
    "short_name": ("Tên viết tắt", "Viết tắt", "Tên ngắn", "Tên gọi tắt"),
    "kind": ("Loại đơn vị", "Loại", "Loại hình đơn vị"),
    "block": ("Khối", "Khối đơn vị"),
    "level": ("Cấp", "Cấp hành chính", "Cấp đơn vị"),
    "parent_code": ("Mã đơn vị chủ quản", "Mã cơ quan chủ quản", "Mã đơn vị cấp trên", "Mã cấp trên", "Mã cha"),
    **CODE_COLUMNS,
    "share": ("Tỷ lệ", "Tỉ lệ", "Tỷ lệ người"),
    "decision_number": ("Số quyết định", "Số văn bản", "Số, ký hiệu", "Quyết định"),
    "decision_date": ("Ngày quyết định", "Ngày văn bản", "Ngày ban hành"),
    "legal_basis": ("Văn bản căn cứ", "Căn cứ", "Căn cứ pháp lý"),
    "note": ("Ghi chú", "Diễn giải"),
    "identity": ("Mã hệ thống",),
}
EVENT_NEEDED = ("event", "on")
BESIDE = N_("Thêm mã")  # a further code beside those the agency has

_EVENT_WORDS: Mapping[str, EventKind] = {
    "thanh lap moi": EventKind.ESTABLISH,
    "nhap": EventKind.MERGE,
    "nhap vao": EventKind.MERGE,
    "sap nhap vao": EventKind.MERGE,
    "tach": EventKind.SPLIT,
    "chia": EventKind.SPLIT,
    "ket thuc hoat dong": EventKind.ABOLISH,
    "chuyen chu quan": EventKind.MOVE,
    "doi chu quan": EventKind.MOVE,
    "dieu chinh": EventKind.REVISE,
    "cap ma": EventKind.RECODE,
    "them ma": EventKind.RECODE,
}
_WORDS = re.compile(r"[^0-9a-z]+")
_SHARE = re.compile(r"([0-9]{1,3}(?:[.,][0-9]{1,20})?)\s*(%?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """A row of the sheet of events. Fields are None where the cell is empty."""

    sheet: str
    row: int
    number: str
    on: date | None
    event: EventKind | None
    beside: bool = False
    before: Ref | None = None
    before_name: str = ""
    after: Ref | None = None
    name: str = ""
    short_name: Said = None
    kind: AgencyKind | None = None
    block: Block | None = None
    level: Level | None = None
    parent: Ref | None = None
    at_the_top: bool = False
    codes: tuple[Code, ...] = ()
    share: float | None = None
    decision: Decision = NO_DECISION
    legal_basis: Said = None
    identity: UUID | None = None


@dataclass(frozen=True, slots=True)
class EventGroup:
    """The rows of one event; `children` say where what was below its agencies goes."""

    on: date
    event: EventKind
    decision: Decision
    rows: tuple[EventRow, ...]
    children: tuple[EventRow, ...] = ()

    @property
    def first(self) -> EventRow:
        return self.rows[0]


def event_from(text: str) -> EventKind | None:
    key = _WORDS.sub(" ", fold(text)).strip()
    for kind in EventKind:
        if key in (kind.value, _WORDS.sub(" ", fold(EVENT_NAMES[kind])).strip()):
            return kind
    return _EVENT_WORDS.get(key)


def read_event(header: Header, sheet: str, row: Row) -> tuple[EventRow, list[Finding]]:
    """What a row says, and what is wrong with it."""
    line = LineReader(header, EVENT_COLUMNS, sheet, row)
    event = line.word("event", event_from, EVENT_NAMES)
    parent = line.said("parent_code")
    read = EventRow(
        sheet=sheet,
        row=row.number,
        number=line.text("number"),
        on=line.day("on"),
        event=event,
        beside=fold(line.text("event")) == fold(BESIDE),
        before=line.ref("before"),
        before_name=line.text("before_name"),
        after=_new_code(line) if event is EventKind.RECODE else line.ref("after"),
        name=line.name("name"),
        short_name=line.said("short_name"),
        kind=line.kind("kind"),
        block=line.block("block"),
        level=line.level("level"),
        parent=None if parent is EMPTIED else line.ref("parent_code"),
        at_the_top=parent is EMPTIED,
        codes=line.codes(),
        share=_share(line),
        decision=Decision(line.text("decision_number") or None, line.day("decision_date"), line.text("note") or None),
        legal_basis=line.said("legal_basis"),
        identity=_identity(line),
    )
    return read, line.troubles


def group_rows(rows: Sequence[EventRow], header: Header) -> tuple[list[EventGroup], list[Finding]]:
    """Rows with one number are one event; a row without a number is one by itself."""
    grouped: dict[object, list[EventRow]] = {}
    for row in rows:
        grouped.setdefault(row.number or row.row, []).append(row)
    groups: list[EventGroup] = []
    troubles: list[Finding] = []
    for own in grouped.values():
        first = own[0]
        children = [row for row in own[1:] if row.event is EventKind.MOVE and first.event is not EventKind.MOVE]
        for column, message, summary in _disagreements(own, children):
            troubles.append(
                finding_at(
                    header,
                    EVENT_COLUMNS,
                    (first.sheet, column[0], column[1]),
                    value="",
                    message=message,
                    summary=summary,
                    values={"row": first.row},
                )
            )
        if first.on is not None and first.event is not None:
            main = tuple(row for row in own if row not in children)
            groups.append(EventGroup(first.on, first.event, first.decision, main, tuple(children)))
    return groups, troubles


def _disagreements(own: Sequence[EventRow], children: Sequence[EventRow]) -> list[tuple[tuple[int, str], str, str]]:
    first = own[0]
    found: list[tuple[tuple[int, str], str, str]] = []
    if first.on is None:
        found.append(((first.row, "on"), N_("Chưa có ngày hiệu lực đọc được"), N_("Điền ngày hiệu lực")))
    if first.event is None:
        found.append(((first.row, "event"), N_("Chưa có loại sự kiện đọc được"), N_("Điền loại sự kiện")))
    for row in own[1:]:
        if row.on not in (None, first.on):
            found.append(
                ((row.row, "on"), N_("Ngày hiệu lực khác dòng %(row)s của cùng sự kiện"), N_("Sửa các dòng của một sự kiện cho khớp"))
            )
        if row.event not in (None, first.event) and row not in children:
            found.append(
                ((row.row, "event"), N_("Loại sự kiện khác dòng %(row)s của cùng sự kiện"), N_("Sửa các dòng của một sự kiện cho khớp"))
            )
        if row.decision.number not in (None, first.decision.number):
            found.append(
                (
                    (row.row, "decision_number"),
                    N_("Số quyết định khác dòng %(row)s của cùng sự kiện"),
                    N_("Sửa các dòng của một sự kiện cho khớp"),
                )
            )
    return found


def _new_code(line: LineReader) -> Ref | None:
    """The code an agency gets; `QD20:` with nothing behind it says that it bears none of that scheme any more."""
    text = line.text("after").upper()
    scheme, colon, code = text.partition(":")
    if colon and not code and scheme.lower() in FORMS:
        return Code(scheme.lower(), "")
    ref = parse_ref(text) if text else None
    if isinstance(ref, Code) and ref.code:
        return ref
    if text:
        line.bad_code("after", text)
    else:
        line.trouble("after", N_("Chưa có mã mới"), N_("Điền mã mới"))
    return None


def _share(line: LineReader) -> float | None:
    """`0,4` or `40%`."""
    cell = line.cell("share")
    if cell is None:
        return None
    match = _SHARE.fullmatch(line.text("share"))
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        share = float(cell)
    else:
        share = float(match[1].replace(",", ".")) / (100 if match[2] else 1) if match else -1.0
    if not 0 <= share <= 1:
        line.trouble("share", N_("Tỷ lệ phải từ 0 đến 1, ví dụ 0,4 hoặc 40%%"), N_("Sửa tỷ lệ"))
        return None
    return share


def _identity(line: LineReader) -> UUID | None:
    text = line.text("identity")
    try:
        return UUID(text) if text else None
    except ValueError:
        line.trouble("identity", N_("Mã hệ thống không đúng; để trống nếu không có"), N_("Xóa mã hệ thống sai"))
        return None
