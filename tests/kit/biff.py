"""The smallest .xls that Excel 97 would open: one BIFF8 stream in one compound file. Enough to prove that we read real ones."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def write_xls(path: Path, sheets: dict[str, Sequence[Sequence[str | float | None]]]) -> Path:
    stream = _workbook(sheets)
    stream += b"\0" * (max(4096, -(-len(stream) // _SECTOR) * _SECTOR) - len(stream))
    count = len(stream) // _SECTOR
    assert count + 2 <= _SECTOR // 4, "one sector of the allocation table holds 128 entries"
    table = [*range(1, count), _END, _END, _FAT]  # the stream, the directory, the table itself
    table += [_FREE] * (_SECTOR // 4 - len(table))
    directory = _entry("Root Entry", 5, child=1, start=_END, size=0) + _entry("Workbook", 2, child=_FREE, start=0, size=len(stream))
    directory += _entry("", 0, child=_FREE, start=0, size=0) * 2
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack("<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, count, 0, 4096, _END, 0, _END, 0, count + 1)
    header += struct.pack("<108I", *[_FREE] * 108)
    path.write_bytes(header + stream + directory + struct.pack(f"<{len(table)}I", *table))
    return path


def _workbook(sheets: dict[str, Sequence[Sequence[str | float | None]]]) -> bytes:
    bodies = [_sheet(rows) for rows in sheets.values()]
    start = len(_globals(sheets, [0] * len(bodies)))
    positions = [start + sum(map(len, bodies[:place])) for place in range(len(bodies))]
    return _globals(sheets, positions) + b"".join(bodies)


def _globals(names: dict[str, object], positions: Sequence[int]) -> bytes:
    sheets = b"".join(
        _record(0x0085, struct.pack("<IBBBB", position, 0, 0, len(name), 1) + name.encode("utf-16-le"))
        for name, position in zip(names, positions, strict=True)
    )
    return _beginning(0x0005) + _record(0x0042, struct.pack("<H", 1200)) + sheets + _record(0x000A, b"")


def _sheet(rows: Sequence[Sequence[str | float | None]]) -> bytes:
    cells = b""
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            where = struct.pack("<HHH", row, column, 0)
            if isinstance(value, str):
                cells += _record(0x0204, where + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
            elif value is not None:
                cells += _record(0x0203, where + struct.pack("<d", value))
    size = struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0)
    return _beginning(0x0010) + _record(0x0200, size) + cells + _record(0x000A, b"")


def _beginning(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    used = len(text) + 2 if name else 0
    return text.ljust(64, b"\0") + struct.pack("<HBBIII16xI8x8xIII", used, kind, 1, _FREE, _FREE, child, 0, start, size, 0)
