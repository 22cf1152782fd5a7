"""Spreadsheets in and out: hostile files are refused before anything parses them, and parsed in a process of their own."""

from lms.kit.sheets.cells import Cell, MergedRange, Row, Sheet, cell_text, sheet
from lms.kit.sheets.guard import MAX_FILE_BYTES
from lms.kit.sheets.header import Header, find_header
from lms.kit.sheets.reader import iterate_workbook, read_workbook
from lms.kit.sheets.writer import Column, error_copy, new_workbook, table_workbook

__all__ = [
    "MAX_FILE_BYTES",
    "Cell",
    "Column",
    "Header",
    "MergedRange",
    "Row",
    "Sheet",
    "cell_text",
    "error_copy",
    "find_header",
    "iterate_workbook",
    "new_workbook",
    "read_workbook",
    "sheet",
    "table_workbook",
]
