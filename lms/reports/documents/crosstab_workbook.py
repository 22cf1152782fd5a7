"""A cross-tab as a workbook: the same numbers as the page, texts never formulas. A pure function of the table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from io import BytesIO

from lms.reports.documents.sheets import FONT, new_book
from lms.reports.rules.crosstab import ALL, CrossTab, Key, Place

HEADER_ROW = 4
HIDDEN = "…"


def cross_tab_workbook(
    table: CrossTab,
    *,
    title: str,
    notes: Sequence[str],
    names: tuple[Mapping[str, str], Mapping[str, str]],
    heads: tuple[str, str],
    withheld: Collection[Place] = (),
) -> bytes:
    """`names` of the keys of rows and columns; `heads`: what stands over the rows' names, and what the margins are called."""
    target = BytesIO()
    book = new_book(target)
    sheet = book.add_worksheet("Thống kê")
    base = {**FONT, "border": 1}
    head = book.add_format({**base, "bold": True, "align": "center", "valign": "vcenter", "text_wrap": True})
    text, number = book.add_format({**base, "text_wrap": True}), book.add_format({**base, "num_format": "#,##0"})
    plain = book.add_format(FONT)
    sheet.write_string(0, 0, title, book.add_format({**FONT, "font_size": 14, "bold": True}))
    for line, note in enumerate(notes[: HEADER_ROW - 2], start=1):
        sheet.write_string(line, 0, note, plain)
    sheet.set_column(0, 0, 42)
    sheet.set_column(1, len(table.columns) + 1, 14)
    sheet.freeze_panes(HEADER_ROW + 1, 1)
    columns: list[Key] = [*(column for column in table.columns if column), ALL]
    sheet.write_string(HEADER_ROW, 0, heads[0], head)
    for place, column in enumerate(columns, start=1):
        sheet.write_string(HEADER_ROW, place, heads[1] if column is None else names[1].get(column, column), head)
    for line, row in enumerate([*table.rows, ALL], start=HEADER_ROW + 1):
        sheet.write_string(line, 0, heads[1] if row is None else names[0].get(row, row), text)
        for place, column in enumerate(columns, start=1):
            if (row, column) in withheld:
                sheet.write_string(line, place, HIDDEN, text)
            else:
                sheet.write_number(line, place, table.count(row, column), number)
    book.close()
    return target.getvalue()
