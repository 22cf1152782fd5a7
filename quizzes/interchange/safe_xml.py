"""XML that strangers send, read into a tree: no document type, no entities, nothing from outside, no more than a question file needs.

The parser is expat itself, fed in pieces, so that every limit holds before the memory is spent and not after.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, tostring
from xml.parsers import expat

from lms.kit.errors import N_
from quizzes.interchange.document import Finding, error

DEEPEST = 100
MOST_ELEMENTS = 600_000
MOST_ATTRIBUTES = 200
LONGEST_NAME = 200
MOST_TOKEN_BYTES = 4 * 1024 * 1024
"""One tag or comment; the parser keeps it whole until its end has come."""
_CHUNK = 64 * 1024
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATION = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_ENCODINGS = frozenset(
    [
        *(b"utf-8", b"utf8", b"us-ascii", b"ascii", b"utf-16", b"utf-16le", b"utf-16be"),
        *(b"iso-8859-1", b"windows-1252", b"windows-1258"),
    ]
)


class XmlRefusedError(Exception):
    """A file that is not read. `finding` says why, to a person."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def parse(data: bytes) -> Element:
    """The root of the tree; names are `{namespace}local`. Raises XmlRefusedError, and nothing else."""
    data = data.lstrip() if data[:1].isspace() else data
    declared = _DECLARATION.match(data.removeprefix(b"\xef\xbb\xbf"))
    if declared and declared[1].lower() not in _ENCODINGS:
        raise _refused(N_("tệp XML dùng bảng mã %(encoding)s; lưu lại với bảng mã UTF-8"), encoding=declared[1].decode())
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    builder = _Builder()
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = _forbidden
    parser.EntityDeclHandler = _forbidden
    parser.UnparsedEntityDeclHandler = _forbidden
    parser.ExternalEntityRefHandler = _forbidden
    try:
        for start in range(0, len(data), _CHUNK):
            chunk = data[start : start + _CHUNK]
            parser.Parse(chunk, False)
            if start + len(chunk) - max(parser.CurrentByteIndex, 0) > MOST_TOKEN_BYTES:
                raise _refused(N_("tệp XML có một thẻ dài bất thường; đây không phải tệp câu hỏi bình thường"))
        parser.Parse(b"", True)
    except expat.ExpatError as failed:
        reason = expat.ErrorString(failed.code)
        raise _refused(N_("không đọc được XML: %(reason)s"), line=failed.lineno, reason=reason) from failed
    except (LookupError, UnicodeError, ValueError) as failed:
        raise _refused(N_("không đọc được XML: bảng mã của tệp không dùng được; lưu lại với bảng mã UTF-8")) from failed
    if builder.root is None:
        raise _refused(N_("tệp XML không có nội dung"))
    return builder.root


def local(element: Element) -> str:
    """The name without its namespace."""
    return element.tag.rpartition("}")[2]


def namespace(element: Element) -> str:
    return element.tag.rpartition("}")[0].removeprefix("{")


def children(element: Element, name: str) -> Iterator[Element]:
    """The children of this local name."""
    return (child for child in element if local(child) == name)


def child(element: Element | None, name: str) -> Element | None:
    return None if element is None else next(children(element, name), None)


def text_of(element: Element | None) -> str:
    """All text inside, as it is written."""
    return "" if element is None else "".join(element.itertext())


def writable(text: str) -> str:
    """The text without the characters XML cannot hold."""
    return _NOT_XML.sub("", text)


def document(root: Element) -> bytes:
    """The tree as a file. Equal trees give equal bytes."""
    for element in root.iter():
        if element.text:
            element.text = writable(element.text)
        if element.tail:
            element.tail = writable(element.tail)
        for name, value in element.attrib.items():
            element.attrib[name] = writable(value)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=False)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + written.strip() + b"\n"


class _Builder:
    """Follows the parser and makes the tree, while it is within the limits."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._last: Element | None = None  # closed last: what follows is its tail
        self._pieces: list[str] = []
        self._count = 0
        self._names: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS:
            raise _refused(N_("tệp XML có hơn %(most)s thẻ; chia thành nhiều tệp nhỏ hơn"), most=MOST_ELEMENTS)
        if len(self._open) >= DEEPEST:
            raise _refused(N_("tệp XML lồng nhau quá %(most)s tầng; đây không phải tệp câu hỏi bình thường"), most=DEEPEST)
        if len(attributes) > MOST_ATTRIBUTES or max(map(len, (name, *attributes))) > LONGEST_NAME:
            raise _refused(N_("tệp XML có một thẻ dài bất thường; đây không phải tệp câu hỏi bình thường"))
        self._write()
        element = Element(self._named(name), {self._named(key): value for key, value in attributes.items()})
        if self._open:
            self._open[-1].append(element)
        else:
            self.root = element
        self._open.append(element)
        self._last = None

    def end(self, _name: str) -> None:
        self._write()
        self._last = self._open.pop()

    def text(self, piece: str) -> None:
        self._pieces.append(piece)

    def _named(self, name: str) -> str:
        """The name as ElementTree has it; one text for all its places."""
        return self._names.setdefault(name, "{" + name if "}" in name else name)

    def _write(self) -> None:
        if not self._pieces:
            return
        text = "".join(self._pieces)
        self._pieces.clear()
        if self._last is not None:
            self._last.tail = text
        elif self._open:
            self._open[-1].text = text


def _refused(message: str, *, line: int | None = None, **values: object) -> XmlRefusedError:
    return XmlRefusedError(error(message, line=line, **values))


def _forbidden(*_details: object) -> int:
    raise _refused(N_("tệp XML chứa khai báo DTD hoặc thực thể (entity), không được nhận vì lý do an toàn"))
