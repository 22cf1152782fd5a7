"""A file of the agency tree, or a folder of such files, as its sheets."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

from lms.kit.errors import N_, DomainError
from lms.kit.sheets import Sheet, read_workbook

SUFFIXES = frozenset((".xlsx", ".xls", ".ods", ".csv", ".tsv"))
MAX_FILES = 20


def read_files(path: Path) -> list[Sheet]:
    """All sheets of a file, or of the spreadsheets in a folder in the order of their names. Raises DomainError."""
    return [sheet for file in _files(path) for sheet in read_workbook(file)]


def packed_content(path: Path) -> bytes:
    """What is kept with the import: the file as it is, a folder's files as an archive."""
    if not path.is_dir():
        return path.read_bytes()
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in _files(path):
            archive.write(file, file.name)
    return target.getvalue()


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.is_file() and file.suffix.lower() in SUFFIXES)
    if not 1 <= len(found) <= MAX_FILES:
        raise DomainError(
            N_("Thư mục %(folder)s có %(found)s bảng tính; cần từ 1 đến %(limit)s."),
            code="wrong_folder",
            field="file",
            folder=path.name,
            found=len(found),
            limit=MAX_FILES,
        )
    return found
