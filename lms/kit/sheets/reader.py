"""Reading .xlsx, .xls, .ods and .csv of unknown origin."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import msgspec
import structlog

import lms
from lms.kit.errors import N_, DomainError, TooLarge
from lms.kit.sheets.cells import Cell, MergedRange, Row, Sheet
from lms.kit.sheets.kinds import damaged
from lms.kit.sheets.wire import Answer, RawCell, RawSheet, Refusal

log = structlog.get_logger()

SECONDS = 90  # wall clock; the child's own limit is processor time
_ROOT = Path(lms.__file__).resolve().parents[1]


def read_workbook(path: Path, name: str | None = None) -> list[Sheet]:
    """All worksheets of a file, hidden ones marked, in the workbook's order.

    `name` is what its owner calls the file; it decides between CSV and other text, and messages name it.
    Raises DomainError (`field="file"`): not a spreadsheet, damaged, encrypted, beyond the limits of `guard`.
    """
    name = name or path.name
    answer = _parse(path, name)
    if answer.refusal is not None:
        raise _error(answer.refusal)
    sheets = [_sheet(raw) for raw in answer.sheets]
    if not any(sheet.rows for sheet in sheets):
        raise DomainError(
            N_("Tệp %(file)s không có dòng dữ liệu nào. Chọn lại tệp có dữ liệu."), code="empty_file", field="file", file=name
        )
    return sheets


def _parse(path: Path, name: str) -> Answer:
    # The child gets no secrets and no settings, only where this package lies.
    environment = {"PYTHONPATH": str(_ROOT), "PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "lms.kit.sheets.child", str(path.absolute()), name]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, env=environment, cwd="/", check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise _too_heavy(name) from error
    if done.returncode != 0:
        log.warning("sheet_child_died", file=name, code=done.returncode, stderr=done.stderr[-500:].decode(errors="replace"))
        # An exception of the parser ends the child with 1; want of memory or time ends it otherwise or says so.
        raise damaged(name) if done.returncode == 1 and b"MemoryError" not in done.stderr else _too_heavy(name)
    return msgspec.msgpack.decode(done.stdout, type=Answer)


def _too_heavy(name: str) -> TooLarge:
    return TooLarge(
        N_("Đọc tệp %(file)s cần nhiều bộ nhớ hoặc thời gian hơn mức cho phép. Xóa dòng, cột, trang tính thừa rồi lưu lại dạng .xlsx."),
        code="workbook_too_heavy",
        field="file",
        file=name,
    )


def _error(refusal: Refusal) -> DomainError:
    kind = TooLarge if refusal.too_large else DomainError
    return kind(refusal.message, code=refusal.code, field="file", **refusal.values)


def _sheet(raw: RawSheet) -> Sheet:
    rows = [Row(row.number, tuple(map(_cell, row.cells)), row.hidden) for row in raw.rows]
    return Sheet(raw.name, rows, [MergedRange(*area) for area in raw.merged], raw.hidden, tuple(raw.hidden_columns))


def _cell(raw: RawCell) -> Cell:
    if isinstance(raw, tuple):
        kind, text = raw
        return date.fromisoformat(text) if kind == "date" else datetime.fromisoformat(text)
    return raw
