"""`multipart/mixed` (RFC 2046, 5.1): read as it comes in, piece by piece, and written.

The reader is strict where leniency would make two programs see different parts: lines end in CR LF, and where the boundary begins a line
it is a boundary, so that anything but an end of line after it is refused. It keeps no more than a piece and the headers of one part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from lms.kit.errors import N_
from lms.lrs.rules.faults import BadRequest

MAX_HEADERS = 8 * 1024  # octets of one part's headers
MAX_PADDING = 256  # octets of white space after a boundary, which some gateways add

_TYPE = re.compile(r"\s*([^\s;/]+/[^\s;]+)\s*", re.ASCII)
_PARAMETER = re.compile(r';\s*(?:([^\s;="]+)=("(?:[^"\\]|\\.)*"|[^\s;"]*))?\s*', re.ASCII)
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]", re.ASCII)
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FOLD = re.compile(rb"\r\n[ \t]+")


def media_type(content_type: str) -> str:
    """`type/subtype` in lower case, without parameters; empty where there is none."""
    found = _TYPE.match(content_type)
    return found[1].lower() if found else ""


def boundary_of(content_type: str) -> str:
    """The boundary a Content-Type names. Raises BadRequest where there is none, or one that RFC 2046 does not allow."""
    found = _TYPE.match(content_type)
    at, named = (found.end() if found else 0), []
    while parameter := _PARAMETER.match(content_type, at):
        at = parameter.end()
        if parameter[1] is not None and parameter[1].lower() == "boundary":
            named.append(_unquoted(parameter[2]))
    if found is None or at != len(content_type) or len(named) != 1 or not _BOUNDARY.fullmatch(named[0]):
        raise BadRequest(
            N_("Content-Type multipart/mixed phải kèm đúng một boundary gồm 1 đến 70 ký tự mà RFC 2046 cho phép"),
            code="invalid_boundary",
        )
    return named[0]


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def parts(pieces: Iterable[bytes], boundary: str) -> Iterator[tuple[dict[str, str], Iterator[bytes]]]:
    """The parts of a body that comes in pieces of whatever size: for each its headers and its content, in pieces too, to be read before
    the next part is asked for. Headers by name in lower case; one given twice has its values joined with commas.

    What stands before the first boundary and after the last is passed over, as RFC 2046 wants. Raises BadRequest where the body ends
    before its last boundary or is malformed; until all is read, nothing of it must be believed.
    """
    window = _Window(iter(pieces), b"\r\n--" + boundary.encode())
    for _preamble in window.until_delimiter(0):
        pass
    while window.another_part():
        headers, content = window.headers(), window.until_delimiter(2)
        yield headers, content
        for _left in content:
            pass
    window.drain()


class _Window:
    """What has come in and is not yet understood."""

    def __init__(self, pieces: Iterator[bytes], delimiter: bytes) -> None:
        self.pieces, self.delimiter = pieces, delimiter
        self.held = bytearray(b"\r\n")  # the first boundary may begin the body

    def more(self) -> None:
        piece = next(self.pieces, None)
        if piece is None:
            raise _malformed(N_("Nội dung multipart/mixed kết thúc khi chưa có boundary cuối cùng"))
        self.held += piece

    def until_delimiter(self, skip: int) -> Iterator[bytes]:
        """All before the next delimiter but the first `skip` octets: the end of line before a part's content, which where that is empty
        may already be that of the delimiter."""
        while True:
            at = self.held.find(self.delimiter)
            ready = at if at >= 0 else len(self.held) - len(self.delimiter) + 1
            if ready > skip:
                yield bytes(self.held[skip:ready])
                del self.held[:ready]
                at, skip = (0 if at >= 0 else at), 0
            if at >= 0:
                del self.held[: at + len(self.delimiter)]
                return
            self.more()

    def another_part(self) -> bool:
        """What follows a delimiter: the end of its line, which stays; or the two hyphens of the last one."""
        while len(self.held) < 2:
            self.more()
        is_last = self.held.startswith(b"--")
        if is_last:
            del self.held[:2]
        while True:
            line = self.held.lstrip(b" \t")
            if len(self.held) - len(line) > MAX_PADDING:
                break
            if line.startswith(b"\r\n"):
                self.held = line
                return not is_last
            if line and line != b"\r":
                break
            piece = next(self.pieces, None)
            if piece is None and is_last and not line:
                return False
            if piece is None:
                break
            self.held += piece
        raise _malformed(N_("Sau boundary phải xuống dòng bằng CR LF; nội dung của một phần không được chứa boundary ở đầu dòng"))

    def headers(self) -> dict[str, str]:
        """Up to the empty line, whose end stays: see `until_delimiter`."""
        while (end := self.held.find(b"\r\n\r\n", 0, MAX_HEADERS + 4)) < 0:
            if len(self.held) > MAX_HEADERS + 4:
                raise _malformed(N_("Phần đầu của một phần trong multipart/mixed quá dài"))
            self.more()
        lines = _FOLD.sub(b" ", bytes(self.held[:end])).split(b"\r\n")[1:]
        del self.held[: end + 2]
        found: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(b":")
            if not colon or not _NAME.fullmatch(name.rstrip(b" \t")) or any(octet in value for octet in b"\r\n\0"):
                raise _malformed(N_("Phần đầu của một phần trong multipart/mixed có dòng không đúng dạng Tên: giá trị"))
            key, text = name.rstrip(b" \t").decode().lower(), value.strip(b" \t").decode("latin-1")
            found[key] = f"{found[key]}, {text}" if key in found else text
        return found

    def drain(self) -> None:
        """The epilogue: read, or a client still sending would not see the answer."""
        self.held.clear()
        for _epilogue in self.pieces:
            pass


def _malformed(message: str) -> BadRequest:
    return BadRequest(message, code="invalid_multipart")


def part_head(boundary: str, headers: Sequence[tuple[str, str]]) -> bytes:
    """What goes before a part's content. Header values must not contain line ends."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"\r\n--{boundary}\r\n{lines}\r\n".encode()


def last_boundary(boundary: str) -> bytes:
    return f"\r\n--{boundary}--\r\n".encode()
