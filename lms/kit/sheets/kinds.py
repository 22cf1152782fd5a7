"""What a file is, by its content: names lie."""

from __future__ import annotations

import zipfile
import zlib
from enum import StrEnum
from pathlib import Path

from lms.kit.errors import N_, DomainError


class FileKind(StrEnum):
    XLSX = "xlsx"
    ODS = "ods"
    XLS = "xls"
    CSV = "csv"


_NAMED = (
    (b"%PDF", N_("một tệp PDF")),
    (b"MZ", N_("một chương trình Windows")),
    (b"\x7fELF", N_("một chương trình")),
    (b"\x89PNG", N_("một ảnh PNG")),
    (b"\xff\xd8\xff", N_("một ảnh JPEG")),
    (b"GIF8", N_("một ảnh GIF")),
    (b"Rar!", N_("một tệp nén RAR")),
    (b"7z\xbc\xaf", N_("một tệp nén 7z")),
    (b"\x1f\x8b", N_("một tệp nén GZIP")),
    (b"{\\rtf", N_("một văn bản RTF")),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_TEXT_NAMES = (".csv", ".tsv", ".txt")


def file_kind(path: Path, name: str) -> FileKind:
    """Which reader a file needs. Raises DomainError naming what was found where it is not a spreadsheet."""
    with path.open("rb") as file:
        start = file.read(4096)
    if not start.strip():
        raise DomainError(N_("Tệp %(file)s trống. Chọn lại tệp bảng tính có dữ liệu."), code="empty_file", field="file", file=name)
    if start.startswith(b"PK"):
        return _zip_kind(path, name)
    if start.startswith(_OLE):
        return _ole_kind(path, name)
    for magic, found in _NAMED:
        if start.startswith(magic):
            raise not_a_workbook(name, found)
    if _is_markup(start):
        raise not_a_workbook(name, N_("một trang HTML hoặc XML (phần mềm xuất ra với đuôi tệp Excel)"))
    if name.lower().endswith(_TEXT_NAMES):
        return FileKind.CSV
    if b"\x00" in start and not start.startswith(_UTF16_MARKS):
        raise not_a_workbook(name, N_("dữ liệu không rõ loại"))
    raise not_a_workbook(name, N_("một tệp văn bản thuần; nếu là CSV, đổi đuôi tệp thành .csv"))


def not_a_workbook(name: str, found: str) -> DomainError:
    """`found` is a marked phrase; it stays Vietnamese inside a translated sentence only where nobody translated it."""
    return DomainError(
        N_("Tệp %(file)s không phải bảng tính: đó là %(found)s. Mở bằng Excel hoặc LibreOffice, lưu lại dạng .xlsx rồi gửi lại."),
        code="not_a_workbook",
        field="file",
        file=name,
        found=found,
    )


def damaged(name: str) -> DomainError:
    return DomainError(
        N_("Tệp %(file)s bị hỏng hoặc tải lên chưa trọn. Mở tệp, lưu lại dạng .xlsx rồi gửi lại."),
        code="damaged_workbook",
        field="file",
        file=name,
    )


def _is_markup(start: bytes) -> bool:
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return text.startswith((b"<!doctype", b"<html", b"<?xml", b"<table", b"<meta", b"<head", b"<body", b"<script", b"<svg"))


def _zip_kind(path: Path, name: str) -> FileKind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            mimetype = archive.read("mimetype")[:100] if _is_small(archive, "mimetype", names) else b""
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise damaged(name) from error
    if mimetype.startswith(b"application/vnd.oasis.opendocument.spreadsheet") and "content.xml" in names:
        return FileKind.ODS
    if "xl/workbook.bin" in names:
        raise not_a_workbook(name, N_("sổ tính nhị phân .xlsb"))
    if any(part.lower().endswith("vbaproject.bin") for part in names):
        raise DomainError(
            N_("Tệp %(file)s có macro, không được nhận vì lý do an toàn. Lưu lại dạng .xlsx (không macro) rồi gửi lại."),
            code="macros",
            field="file",
            file=name,
        )
    if "[Content_Types].xml" in names and any(part.lower().startswith("xl/worksheets/") for part in names):
        return FileKind.XLSX
    if any(part.startswith("word/") for part in names) or b"opendocument.text" in mimetype:
        raise not_a_workbook(name, N_("một văn bản Word"))
    if any(part.startswith("ppt/") for part in names):
        raise not_a_workbook(name, N_("một bản trình chiếu"))
    raise not_a_workbook(name, N_("một tệp nén ZIP"))


def _is_small(archive: zipfile.ZipFile, part: str, names: set[str]) -> bool:
    return part in names and archive.getinfo(part).file_size < 1000


def _ole_kind(path: Path, name: str) -> FileKind:
    """Old Excel, old Word and encrypted new Excel share one container; its directory names the streams in UTF-16."""
    content = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise DomainError(
            N_("Tệp %(file)s được bảo vệ bằng mật khẩu. Bỏ mật khẩu rồi gửi lại."), code="encrypted_workbook", field="file", file=name
        )
    if any(stream.encode("utf-16-le") in content for stream in ("Workbook", "Book")):
        return FileKind.XLS
    if "WordDocument".encode("utf-16-le") in content:
        raise not_a_workbook(name, N_("một văn bản Word"))
    raise not_a_workbook(name, N_("dữ liệu không rõ loại"))
