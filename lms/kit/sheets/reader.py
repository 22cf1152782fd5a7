"""Reading .xlsx, .xls, .ods and .csv of unknown origin."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
import structlog

import lms
from lms.kit.collector import without_collector
from lms.kit.errors import N_, DomainError, TooLarge
from lms.kit.sheets.cells import MergedRange, Sheet
from lms.kit.sheets.kinds import damaged
from lms.kit.sheets.wire import LENGTH_BYTES, SHEETS, RawSheet, Refusal, Summary

log = structlog.get_logger()

SECONDS = 90  # wall clock; the child's own limit is processor time
_ROOT = Path(lms.__file__).resolve().parents[1]


def read_workbook(path: Path, name: str | None = None) -> list[Sheet]:
    """All worksheets of a file, hidden ones marked, in the workbook's order.

    `name` is what its owner calls the file; it decides between CSV and other text, and messages name it.
    Raises DomainError (`field="file"`): not a spreadsheet, damaged, encrypted, beyond the limits of `guard`.
    """
    return list(iterate_workbook(path, name))


def iterate_workbook(path: Path, name: str | None = None) -> Iterator[Sheet]:
    """The same one sheet after another, so that only one need be in memory. Whatever is wrong with the file is raised by this call,
    before the first sheet; the file may be gone when they are iterated over."""
    name = name or path.name
    parsed = _parse(path, name)
    try:
        summary = _summary(parsed)
        if summary.refusal is not None:
            raise _error(summary.refusal)
        if not summary.rows:
            raise DomainError(
                N_("Tệp %(file)s không có dòng dữ liệu nào. Chọn lại tệp có dữ liệu."), code="empty_file", field="file", file=name
            )
    except BaseException:
        parsed.close()
        raise
    sheets = _sheets(parsed, summary.sheets)
    weakref.finalize(sheets, parsed.close)  # also where nobody goes through them to the end
    return sheets


def _sheets(parsed: IO[bytes], count: int) -> Iterator[Sheet]:
    parsed.seek(0)
    for _number in range(count):
        length = int.from_bytes(parsed.read(LENGTH_BYTES), "big")
        with without_collector():
            sheet = _sheet(SHEETS.decode(parsed.read(length)))
        yield sheet
    parsed.close()


def _summary(parsed: IO[bytes]) -> Summary:
    """The last thing the child wrote, found by the length that stands behind it."""
    end = parsed.seek(-LENGTH_BYTES, os.SEEK_END)
    length = int.from_bytes(parsed.read(LENGTH_BYTES), "big")
    parsed.seek(end - length)
    return msgspec.msgpack.decode(parsed.read(length), type=Summary)


def _parse(path: Path, name: str) -> IO[bytes]:
    """What the child wrote, in a nameless file."""
    # The child gets no secrets and no settings, only where this package lies.
    environment = {"PYTHONPATH": str(_ROOT), "PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "lms.kit.sheets.child", str(path.absolute()), name]
    output = tempfile.TemporaryFile(prefix="lms-sheets-")  # noqa: SIM115 - the sheets are read from it later
    try:
        done = subprocess.run(  # noqa: S603
            command, stdout=output, stderr=subprocess.PIPE, timeout=SECONDS, env=environment, cwd="/", check=False
        )
        if done.returncode != 0:
            log.warning("sheet_child_died", file=name, code=done.returncode, stderr=done.stderr[-500:].decode(errors="replace"))
            # An exception of the parser ends the child with 1; want of memory or time ends it otherwise or says so.
            raise damaged(name) if done.returncode == 1 and b"MemoryError" not in done.stderr else _too_heavy(name)
    except subprocess.TimeoutExpired as error:
        output.close()
        raise _too_heavy(name) from error
    except BaseException:
        output.close()
        raise
    return output


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
    return Sheet(
        raw.name,
        raw.rows,
        [MergedRange(*area) for area in raw.merged],
        raw.hidden,
        tuple(raw.hidden_columns),
        widths=raw.widths,
        fonts=raw.fonts,
    )
