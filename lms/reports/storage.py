"""Renderings in the data folder, each under the SHA-256 of its bytes: written whole or not at all, and checked when read."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import tempfile
from datetime import datetime
from pathlib import Path

from lms.kit.errors import N_, DomainError

_UNFINISHED = ".new-"
_HASH = re.compile("[0-9a-f]{64}")


class FileStore:
    """`DATA_DIR/reports/ab/ab12…`. The same content twice is one file; two who write it at once do not disturb each other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> str:
        """Keep some bytes and give their hash. Raises DomainError where the disk is full or the folder cannot be written; then nothing of
        them is left."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._path(sha256)
        if self._is_whole(path, len(content)):
            return sha256
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, content)
        except OSError as error:
            raise _refusal(error, self.folder) from error
        return sha256

    def get(self, sha256: str) -> bytes | None:
        """The bytes; None where they are not there, or are not what their name says (then they are to be made again)."""
        try:
            content = self._path(sha256).read_bytes()
        except FileNotFoundError:
            return None
        return content if hashlib.sha256(content).hexdigest() == sha256 else None

    def sweep(self, before: datetime) -> int:
        """Take away what workers that were killed while they wrote have left since before a moment. Returns how many files."""
        left = [path for path in self.folder.glob(f"*/{_UNFINISHED}*") if path.stat().st_mtime < before.timestamp()]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def _path(self, sha256: str) -> Path:
        if not _HASH.fullmatch(sha256):
            raise ValueError(sha256)
        return self.folder / sha256[:2] / sha256

    def _is_whole(self, path: Path, size: int) -> bool:
        return path.is_file() and path.stat().st_size == size and self.get(path.name) is not None


def _write(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_UNFINISHED)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _refusal(error: OSError, folder: Path) -> DomainError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DomainError(
            N_("Hết chỗ trên đĩa của thư mục %(folder)s: giải phóng chỗ rồi chạy lại; các tệp đã xong không phải làm lại."),
            code="disk_full",
            folder=str(folder),
        )
    return DomainError(
        N_("Không ghi được vào thư mục %(folder)s (%(reason)s): kiểm tra quyền ghi rồi chạy lại."),
        code="not_writable",
        folder=str(folder),
        reason=error.strerror or type(error).__name__,
    )
