"""The sheets of an agency file: the agencies of the tree (here), and what happened to them (`event_sheet`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from lms.agencies.rules.event_sheet import EVENT_COLUMNS, EVENT_NEEDED, EventGroup, EventRow, group_rows, read_event
from lms.agencies.rules.events import Code
from lms.agencies.rules.kinds import BLOCK_NAMES, KIND_NAMES, LEVEL_NAMES, AgencyKind, Block, Level
from lms.agencies.rules.line import CODE_COLUMNS, EARLIEST, LATEST, LONGEST_NAME, LineReader, finding_at
from lms.agencies.rules.refs import CODE, Ref, parse_ref, ref_text
from lms.kit.errors import N_, DomainError
from lms.kit.imports.rules import Finding
from lms.kit.sheets.cells import Row, Sheet, cell_text
from lms.kit.sheets.header import Header, find_header
from lms.kit.vietnamese import fold

__all__ = ["CODE", "COLUMNS", "EARLIEST", "LATEST", "LONGEST_NAME", "AgencyLine", "Reading", "read_lines"]

# Field → labels it is known by. The first is ours, in the template and the export.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "code": ("Mã đơn vị", "Mã định danh", "Mã cơ quan", "Mã định danh cơ quan", "Mã định danh điện tử", "Mã"),
    "name": ("Tên đơn vị", "Tên cơ quan", "Tên cơ quan, đơn vị", "Cơ quan, đơn vị", "Đơn vị", "Cơ quan"),
    "short_name": ("Tên viết tắt", "Viết tắt", "Tên ngắn", "Tên gọi tắt"),
    "kind": ("Loại", "Loại đơn vị", "Loại hình", "Loại hình đơn vị"),
    "block": ("Khối", "Khối đơn vị"),
    "level": ("Cấp", "Cấp hành chính", "Cấp đơn vị"),
    "parent_code": ("Mã đơn vị chủ quản", "Mã cơ quan chủ quản", "Mã đơn vị cấp trên", "Mã cấp trên", "Mã cha"),
    "valid_from": ("Ngày hiệu lực", "Hiệu lực từ", "Hiệu lực từ ngày", "Có hiệu lực từ"),
    "legal_basis": ("Văn bản căn cứ", "Căn cứ", "Căn cứ pháp lý", "Văn bản", "Quyết định"),
    **CODE_COLUMNS,
}
NEEDED = ("code", "name")

_FOOTERS = ("tong cong", "cong", "tong so", "nguoi lap", "thu truong", "ghi chu")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyLine:
    """A line that could be understood. Fields are None where the cell is empty; `given` names the columns the sheet has at all."""

    sheet: str
    row: int
    given: frozenset[str]
    ref: Ref
    name: str
    codes: tuple[Code, ...] = ()
    short_name: str | None = None
    kind: AgencyKind | None = None
    block: Block | None = None
    level: Level | None = None
    parent: Ref | None = None
    valid_from: date | None = None
    legal_basis: str | None = None

    @property
    def code(self) -> str:
        return ref_text(self.ref)


@dataclass(frozen=True, slots=True)
class Reading:
    """All lines and events of a file in order, what is wrong with the others, the agencies those others name, and the headers."""

    lines: list[AgencyLine] = field(default_factory=list)
    events: list[EventGroup] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    faulty: set[Ref] = field(default_factory=set)
    headers: dict[str, Header] = field(default_factory=dict)

    def finding(
        self,
        line: AgencyLine | EventRow,
        column: str,
        message: str,
        summary: str,
        values: Mapping[str, str | int],
        *,
        blocking: bool = True,
    ) -> Finding:
        """Trouble with a line that could be read."""
        labels = COLUMNS if isinstance(line, AgencyLine) else EVENT_COLUMNS
        return finding_at(
            self.headers[line.sheet],
            labels,
            (line.sheet, line.row, column),
            value=_value(line, column),
            message=message,
            summary=summary,
            values=values,
            blocking=blocking,
        )


def read_lines(sheets: Sequence[Sheet], file: str) -> Reading:
    """Understand every visible sheet that has the header of agencies or of events. Raises DomainError where none has."""
    reading = Reading()
    missing: DomainError | None = None
    for sheet in sheets:
        if sheet.hidden or not sheet.rows:
            continue
        try:
            _read_sheet(sheet, file, reading)
        except DomainError as error:
            missing = missing or error
    if not reading.headers:
        raise missing or DomainError(N_("Tệp %(file)s không có trang tính nào hiện ra."), code="empty_file", field="file", file=file)
    reading.findings.extend(_duplicates(reading))
    return reading


def _read_sheet(sheet: Sheet, file: str, reading: Reading) -> None:
    try:
        header = find_header(sheet, EVENT_COLUMNS, EVENT_NEEDED, file)
    except DomainError:
        _read_agencies(sheet, find_header(sheet, COLUMNS, NEEDED, file), reading)
        return
    reading.headers[sheet.name] = header
    rows: list[EventRow] = []
    for row in header.data(sheet):
        if any(cell_text(row[column]) for column in header.columns.values()):
            read, troubles = read_event(header, sheet.name, row)
            reading.findings.extend(troubles)
            rows.append(read)
    groups, troubles = group_rows(rows, header)
    reading.findings.extend(troubles)
    wrong = {finding.row for finding in reading.findings if finding.sheet == sheet.name and finding.blocking}
    for group in groups:
        if any(row.row in wrong for row in group.rows):
            reading.faulty.update(row.after for row in group.rows if row.after is not None)
        else:
            reading.events.append(group)


def _read_agencies(sheet: Sheet, header: Header, reading: Reading) -> None:
    reading.headers[sheet.name] = header
    for row in header.data(sheet):
        if not _is_beside_the_point(header, row):
            _read_line(LineReader(header, COLUMNS, sheet.name, row), reading)


def _read_line(line: LineReader, reading: Reading) -> None:
    ref, parent = line.ref("code"), line.ref("parent_code")
    if ref is None and not line.troubles:
        line.trouble("code", N_("Chưa có mã đơn vị"), N_("Điền mã đơn vị"))
    if parent is not None and parent == ref:
        line.trouble("parent_code", N_("Đơn vị không thể là chủ quản của chính mình"), N_("Sửa mã đơn vị chủ quản"))
    name = line.name("name")
    if not name:
        line.trouble("name", N_("Chưa có tên đơn vị"), N_("Điền tên đơn vị"))
    kind, block, level = line.kind("kind"), line.block("block"), line.level("level")
    codes, valid_from = line.codes(), line.day("valid_from")
    if line.troubles or ref is None:
        reading.findings.extend(line.troubles)
        reading.faulty.update(() if ref is None else (ref,))
        return
    reading.lines.append(
        AgencyLine(
            sheet=line.sheet,
            row=line.row.number,
            given=frozenset(line.header.columns),
            ref=ref,
            name=name,
            codes=codes,
            short_name=line.text("short_name") or None,
            kind=kind,
            block=block,
            level=level,
            parent=parent,
            valid_from=valid_from,
            legal_basis=line.text("legal_basis") or None,
        )
    )


def _is_beside_the_point(header: Header, row: Row) -> bool:
    """Nothing under our columns, or a total or signature line below the list."""
    texts = {field: cell_text(row[column]) for field, column in header.columns.items()}
    if not any(texts.values()):
        return True
    only = [text for text in texts.values() if text]
    return parse_ref(texts["code"]) is None and len(only) == 1 and fold(only[0]).startswith(_FOOTERS)


def _duplicates(reading: Reading) -> list[Finding]:
    first: dict[Ref, AgencyLine] = {}
    found: list[Finding] = []
    for line in reading.lines:
        other = first.setdefault(line.ref, line)
        if other is not line:
            for one, two in ((line, other), (other, line)):
                where = f"{two.sheet}, {two.row}" if one.sheet != two.sheet else str(two.row)
                values = {"where": where}
                found.append(reading.finding(one, "code", N_("Mã đơn vị trùng dòng %(where)s"), N_("Sửa mã đơn vị trùng"), values))
    once: dict[tuple[str, int], Finding] = {}
    for finding in found:
        once.setdefault((finding.sheet, finding.row), finding)
    return list(once.values())


def _value(line: AgencyLine | EventRow, column: str) -> str:
    value = getattr(line, {"parent_code": "parent"}.get(column, column), None)
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if value is not None and column in ("parent_code", "before", "after") and not isinstance(value, str):
        return ref_text(value) if not hasattr(value, "name") else ""
    names: Mapping[str, Mapping[str, str]] = {"kind": KIND_NAMES, "block": BLOCK_NAMES, "level": LEVEL_NAMES}
    return names[column][value] if column in names and value else str(value or "")
