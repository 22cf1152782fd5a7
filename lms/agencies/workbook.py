"""The agency sheets as we write them: what is exported can be imported again and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from lms.agencies.queries import AgencyRow
from lms.agencies.rules.event_rows import event_rows
from lms.agencies.rules.event_sheet import EVENT_COLUMNS
from lms.agencies.rules.events import Code
from lms.agencies.rules.kinds import BLOCK_NAMES, EVENT_NAMES, KIND_NAMES, LEVEL_NAMES
from lms.agencies.rules.line import CODE_COLUMNS, EMPTY_WORD
from lms.agencies.rules.plan import StoredHistory
from lms.agencies.rules.refs import naming, ref_text
from lms.agencies.rules.sheet import COLUMNS
from lms.kit.errors import N_
from lms.kit.sheets import Column, table_workbook
from lms.kit.sheets.writer import ColumnKind

_WIDTHS = {"name": 44, "before_name": 44, "legal_basis": 36, "note": 36, "kind": 24, "block": 24, "event": 24, "identity": 38}
_KINDS: Mapping[str, ColumnKind] = {"valid_from": "date", "on": "date", "decision_date": "date", "share": "decimal"}
_SHEET, _EVENT_SHEET = "Cây đơn vị", "Sự kiện"
_WORDS = (("kind", KIND_NAMES), ("block", BLOCK_NAMES), ("level", LEVEL_NAMES))

Codes = Mapping[UUID, Sequence[Code]]


def tree_workbook(rows: Iterable[AgencyRow], codes: Codes, on: date) -> bytes:
    """The agencies of a day; `codes` that each bears that day."""
    lines = [
        (
            _ref(row.id, codes),
            row.name,
            row.short_name,
            KIND_NAMES.get(row.kind, row.kind),
            BLOCK_NAMES.get(row.block, row.block),
            LEVEL_NAMES.get(row.level, row.level),
            None if row.parent_id is None else _ref(row.parent_id, codes),
            row.valid_from,
            row.legal_basis,
            *_further_codes(codes.get(row.id, ())),
        )
        for row in rows
    ]
    return table_workbook(_columns(COLUMNS), lines, sheet_name=_SHEET, title=f"CÂY ĐƠN VỊ NGÀY {on:%d/%m/%Y}")


def events_workbook(history: StoredHistory) -> bytes:
    """All that is believed to have happened. Imported into an empty system it makes the same tree with the same identities."""
    return table_workbook(_columns(EVENT_COLUMNS), event_rows(history), sheet_name=_EVENT_SHEET, title="SỰ KIỆN VỀ TỔ CHỨC")


def template_workbook(translate: Callable[[str], str]) -> bytes:
    """An empty sheet to fill in, with the words its columns know above it."""
    words = [f"{COLUMNS[field][0]}: {'; '.join(names.values())}." for field, names in _WORDS]
    hint = translate(N_("Bắt buộc có mã và tên. Mã đơn vị chủ quản để trống nếu là đơn vị cao nhất. Ngày viết ngày/tháng/năm."))
    return table_workbook(_columns(COLUMNS), [], sheet_name=_SHEET, title="CÂY ĐƠN VỊ", preamble=[hint, *words])


def event_template_workbook(translate: Callable[[str], str]) -> bytes:
    """The same for events."""
    words = [f"{EVENT_COLUMNS['event'][0]}: {'; '.join(EVENT_NAMES.values())}."]
    words += [f"{EVENT_COLUMNS[field][0]}: {'; '.join(names.values())}." for field, names in _WORDS]
    hints = [
        translate(N_("Các dòng cùng số sự kiện là một sự kiện. Sáp nhập: đơn vị sau đã có từ trước. Hợp nhất: đơn vị sau là đơn vị mới.")),
        translate(N_("Tên, loại, khối, cấp, đơn vị chủ quản là của đơn vị sau. Muốn xóa nội dung của một ô, ghi %(word)s."))
        % {"word": EMPTY_WORD},
    ]
    return table_workbook(_columns(EVENT_COLUMNS), [], sheet_name=_EVENT_SHEET, title="SỰ KIỆN VỀ TỔ CHỨC", preamble=[*hints, *words])


def _columns(labels: Mapping[str, Sequence[str]]) -> list[Column]:
    return [Column(own[0], _WIDTHS.get(field, 16), _KINDS.get(field, "text")) for field, own in labels.items()]


def _ref(agency: UUID, codes: Codes) -> str:
    return ref_text(naming(codes.get(agency, ())) or agency)


def _further_codes(codes: Sequence[Code]) -> list[str | None]:
    own = naming(codes)
    return ["; ".join(code.code for code in codes if code.scheme == scheme and code != own) or None for scheme in CODE_COLUMNS]
