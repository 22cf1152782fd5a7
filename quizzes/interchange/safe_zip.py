"""ZIP packages that strangers send, read in memory and never unpacked to a disk: every entry is looked at before one is opened."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

from lms.kit.errors import N_
from quizzes.interchange.document import Finding, error, shown_name

MOST_ENTRIES = 15_000
MOST_UNPACKED = 64 * 1024 * 1024
MOST_RATIO = 200  # text packs 10 to 40 times, zeros 1,000 times
_RATIO_MATTERS_ABOVE = 1024 * 1024
_ENTRY = b"PK\x01\x02"
_DRIVE = re.compile(r"[A-Za-z]:")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError, LookupError)
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


class ZipRefusedError(Exception):
    """A package that is not read. `finding` says why, to a person."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


class Package:
    """The files of a sound package, by name. They are unpacked one at a time, when they are asked for."""

    def __init__(self, archive: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo]) -> None:
        self._archive = archive
        self._entries = entries

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    @property
    def names(self) -> list[str]:
        return list(self._entries)

    def read(self, name: str) -> bytes:
        """Raises ZipRefusedError where the entry is damaged, KeyError where there is none."""
        try:
            return self._archive.read(self._entries[name])
        except KeyError:
            raise
        except _UNREADABLE as failed:
            raise _refused(N_("tệp ZIP bị hỏng ở “%(entry)s”; nén lại rồi gửi lại"), entry=shown_name(name)) from failed


def is_zip(data: bytes) -> bool:
    return data[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def opened(data: bytes) -> Package:
    """The package, once every entry of its contents has been found harmless. Raises ZipRefusedError, and nothing else."""
    if data.count(_ENTRY) > MOST_ENTRIES:
        raise _refused(N_("tệp ZIP có hơn %(most)s tệp bên trong; chia thành nhiều gói nhỏ hơn"), most=MOST_ENTRIES)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        found = archive.infolist()
    except _UNREADABLE as failed:
        raise _refused(N_("tệp không phải ZIP hoặc đã bị hỏng (tải lên chưa hết?); nén lại rồi gửi lại")) from failed
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in found:
        _check_name(entry)
        if entry.is_dir():
            continue
        if entry.filename in entries:
            raise _refused(N_("tệp ZIP có hai tệp cùng tên “%(entry)s”"), entry=shown_name(entry.filename))
        _check_entry(entry)
        entries[entry.filename] = entry
    unpacked = sum(entry.file_size for entry in entries.values())
    if unpacked > MOST_UNPACKED:
        raise _refused(N_("tệp ZIP bung ra hơn %(megabytes)s MB; chia thành nhiều gói nhỏ hơn"), megabytes=MOST_UNPACKED // 2**20)
    return Package(archive, entries)


def packed(files: Mapping[str, bytes]) -> bytes:
    """The files as a ZIP; equal files give equal bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _check_name(entry: zipfile.ZipInfo) -> None:
    # zipfile itself cuts names at NUL and turns this system's separator: what was written is what counts.
    for name in {entry.filename, entry.orig_filename}:
        climbs = name.startswith("/") or "\\" in name or "\x00" in name or bool(_DRIVE.match(name)) or ".." in name.split("/")
        if climbs:
            raise _refused(
                N_("tệp ZIP có đường dẫn thoát ra ngoài gói (“%(entry)s”), không được nhận vì lý do an toàn"), entry=shown_name(name)
            )


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = shown_name(entry.filename)
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise _refused(N_("tệp ZIP chứa liên kết (“%(entry)s”), không được nhận vì lý do an toàn"), entry=name)
    if entry.flag_bits & 0x1:
        raise _refused(N_("tệp ZIP đặt mật khẩu; bỏ mật khẩu rồi gửi lại"))
    if entry.compress_type not in _METHODS:
        raise _refused(N_("tệp ZIP nén “%(entry)s” bằng cách không thông dụng; nén lại bằng ZIP thường"), entry=name)
    if entry.file_size > _RATIO_MATTERS_ABOVE and entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
        raise _refused(N_("tệp ZIP giống một tệp nén phá hoại: “%(entry)s” bung ra gấp hơn %(ratio)s lần"), entry=name, ratio=MOST_RATIO)


def _refused(message: str, **values: Any) -> ZipRefusedError:
    return ZipRefusedError(error(message, **values))
