"""The agency sheet as we write it: what is exported can be imported again and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from lms.agencies.queries import AgencyRow
from lms.agencies.rules.kinds import BLOCK_NAMES, KIND_NAMES, LEVEL_NAMES
from lms.agencies.rules.sheet import COLUMNS
from lms.kit.errors import N_
from lms.kit.sheets import Column, table_workbook

_WIDTHS = {"name": 44, "legal_basis": 36, "kind": 24, "block": 24, "code": 16, "parent_code": 16}
_COLUMNS = [Column(labels[0], _WIDTHS.get(field, 14), "date" if field == "valid_from" else "text") for field, labels in COLUMNS.items()]
_SHEET = "Cây đơn vị"


def tree_workbook(rows: Iterable[AgencyRow], codes: dict[object, str | None], on: date) -> bytes:
    """The agencies of a day; `codes` by agency id, for the parents' column. Agencies without a code cannot come back and are left out."""
    lines = [
        (
            row.code,
            row.name,
            row.short_name,
            KIND_NAMES.get(row.kind, row.kind),
            BLOCK_NAMES.get(row.block, row.block),
            LEVEL_NAMES.get(row.level, row.level),
            codes.get(row.parent_id),
            row.valid_from,
            row.legal_basis,
        )
        for row in rows
        if row.code
    ]
    return table_workbook(_COLUMNS, lines, sheet_name=_SHEET, title=f"CÂY ĐƠN VỊ NGÀY {on:%d/%m/%Y}")


def template_workbook(translate: Callable[[str], str]) -> bytes:
    """An empty sheet to fill in, with the words its columns know above it."""
    words = [
        f"{COLUMNS[field][0]}: {'; '.join(names.values())}."
        for field, names in (("kind", KIND_NAMES), ("block", BLOCK_NAMES), ("level", LEVEL_NAMES))
    ]
    hint = translate(N_("Bắt buộc có mã và tên. Mã đơn vị chủ quản để trống nếu là đơn vị cao nhất. Ngày viết ngày/tháng/năm."))
    return table_workbook(_COLUMNS, [], sheet_name=_SHEET, title="CÂY ĐƠN VỊ", preamble=[hint, *words])
