"""Marked-up text (XHTML of QTI, HTML of Moodle) read as items keep text, and written from it.

An item's text is plain, with `**bold**` and line breaks. Everything else that marks text up is let go and named: nobody should find
out in an examination that a formula was lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from xml.etree.ElementTree import Element, SubElement

from lms.kit.errors import N_
from quizzes.interchange.document import Finding, Weight, lost, note
from quizzes.interchange.safe_xml import local

LONGEST_MARKUP = 200_000
DEEPEST_MARKUP = 100
MOST_FINDINGS = 50
_DEEPEST = 60
_PARAGRAPH = "\x1e"
_BREAKS = re.compile(f"[ \n]*{_PARAGRAPH}[ \n{_PARAGRAPH}]*")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_LINES = re.compile(r" *\n *")
_BLOCK_NAMES = (
    "p div section article header footer main figure figcaption blockquote address h1 h2 h3 h4 h5 h6 ul ol dl table tbody thead tfoot pre "
    "fieldset form hr caption prompt rubricBlock itemBody contentBody templateBlock feedbackBlock"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_LINE_STARTS = frozenset(["li", "dt", "dd", "tr"])
_BOLD = frozenset(["b", "strong"])
_VOID_NAMES = "area base br col embed hr img input link meta param source track wbr"
_VOID = frozenset(_VOID_NAMES.split())
_DROPPED = frozenset(["script", "style", "template", "noscript", "head"])
NO_ALT = N_("hình không có lời mô tả (alt) cho người không nhìn thấy hình; tạm lấy tên câu, cần biên tập lại")
LOST_NAMES = {
    "i": N_("chữ nghiêng"),
    "em": N_("chữ nghiêng"),
    "u": N_("chữ gạch chân"),
    "s": N_("chữ gạch ngang"),
    "del": N_("chữ gạch ngang"),
    "sub": N_("chỉ số dưới"),
    "sup": N_("chỉ số trên"),
    "table": N_("bảng"),
    "math": N_("công thức toán (MathML)"),
    "script": N_("mã lệnh (script)"),
    "style": N_("kiểu trình bày (style)"),
    "a": N_("địa chỉ liên kết"),
    "audio": N_("âm thanh"),
    "video": N_("phim"),
    "source": N_("phim"),
    "iframe": N_("trang nhúng"),
    "object": N_("đối tượng nhúng"),
    "embed": N_("đối tượng nhúng"),
    "svg": N_("hình vẽ SVG"),
    "input": N_("ô nhập trong đoạn chữ"),
    "select": N_("ô nhập trong đoạn chữ"),
    "textarea": N_("ô nhập trong đoạn chữ"),
    "button": N_("nút bấm"),
    "pre": N_("khoảng trắng của đoạn định dạng sẵn"),
}


@dataclass(frozen=True, slots=True)
class Image:
    """A picture a text shows. `width` and `height` are what the text says, 0 where it does not."""

    source: str
    alt: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Read:
    text: str
    images: tuple[Image, ...] = ()
    lost: tuple[str, ...] = ()
    """Names of what the text cannot say; translatable."""


def nothing_instead(_element: Element) -> str | None:
    return None


def read(elements: Iterable[Element], instead: Callable[[Element], str | None] = nothing_instead) -> Read:
    """The text of these elements; `instead` says what stands in the place of an element, None: the element itself."""
    walk = _Walk(instead)
    for element in elements:
        walk.element(element)
    return walk.result()


def read_inside(element: Element | None, instead: Callable[[Element], str | None] = nothing_instead) -> Read:
    """The text inside an element."""
    if element is None:
        return Read("")
    if not len(element):
        return Read(tidy_markup(_SPACES.sub(" ", (element.text or "").replace(_PARAGRAPH, ""))))
    walk = _Walk(instead)
    walk.inside(element)
    return walk.result()


def tidy_markup(text: str) -> str:
    """What a walk wrote down, with its spaces and breaks in order."""
    if "\n" not in text and _PARAGRAPH not in text and "  " not in text:
        return text.strip(" ")
    return _LINES.sub("\n", _BREAKS.sub("\n\n", re.sub(" {2,}", " ", text))).strip(" \n")


def findings(names: Iterable[str]) -> list[Finding]:
    """What was let go, as one sentence."""
    distinct = list(dict.fromkeys(names))
    return [lost(N_("không chuyển được: %(what)s (phần chữ vẫn giữ)"), what=", ".join(distinct))] if distinct else []


def distinct(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, in the order they were met; of more than anybody would read only the first."""
    once = list({(one.weight, str(one)): one for one in found}.values())
    if len(once) <= MOST_FINDINGS:
        return tuple(once)
    kept = sorted(once, key=lambda one: one.weight is not Weight.ERROR)[:MOST_FINDINGS]
    return (*kept, note(N_("và %(count)s điều khác"), count=len(once) - MOST_FINDINGS))


class _Walk:
    def __init__(self, instead: Callable[[Element], str | None]) -> None:
        self._instead = instead
        self._out: list[str] = []
        self._images: list[Image] = []
        self._lost: list[str] = []

    def result(self) -> Read:
        return Read(tidy_markup("".join(self._out)), tuple(self._images), tuple(dict.fromkeys(self._lost)))

    def inside(self, element: Element) -> None:
        self._text(element.text)
        for one in element:
            self.element(one)
            self._text(one.tail)

    def element(self, element: Element) -> None:
        replaced = self._instead(element)
        if replaced is not None:
            self._out.append(replaced)
            return
        name = local(element)
        if name in LOST_NAMES and not (name == "a" and not element.get("href")) and not _is_picture(element):
            self._lost.append(LOST_NAMES[name])
        if name in _DROPPED:
            return
        if name == "br":
            self._out.append("\n")
        elif name == "img" or _is_picture(element):
            self._images.append(_image(element))
        elif name in _BOLD:
            self._bold(element)
        else:
            before, after = _around(name)
            self._out.append(before)
            self.inside(element)
            self._out.append(after)

    def _bold(self, element: Element) -> None:
        before = len(self._out)
        self.inside(element)
        inner = "".join(self._out[before:])
        if inner.strip(f" \n{_PARAGRAPH}") and "**" not in inner:
            self._out[before:] = ["**", inner, "**"]

    def _text(self, text: str | None) -> None:
        if text:
            self._out.append(_SPACES.sub(" ", text.replace(_PARAGRAPH, "")))


def _around(name: str) -> tuple[str, str]:
    """What stands before and after the text of an element."""
    if name in _BLOCKS:
        return _PARAGRAPH, _PARAGRAPH
    if name in _LINE_STARTS:
        return ("\n- " if name == "li" else "\n"), ""
    return "", " | " if name in ("td", "th") else ""


def _is_picture(element: Element) -> bool:
    return local(element) == "object" and element.get("type", "").startswith("image/")


def _image(element: Element) -> Image:
    source = element.get("src") or element.get("data") or ""
    alt = element.get("alt") or " ".join("".join(element.itertext()).split())
    return Image(source, alt, _side(element.get("width")), _side(element.get("height")))


def _side(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 5 else 0


def add_text(parent: Element, text: str) -> None:
    """Text after everything the parent already holds."""
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


Writer = Callable[[Element, str], None]


def write_inline(parent: Element, text: str, write: Writer = add_text) -> None:
    """The text within a line: bold parts as elements, every line break as one; `write` puts a piece of plain text down."""
    for part, is_bold in _bold_parts(text):
        target = SubElement(parent, "strong") if is_bold else parent
        for number, line in enumerate(part.split("\n")):
            if number:
                SubElement(target, "br")
            if line:
                write(target, line)


def write_paragraphs(parent: Element, text: str, write: Writer = add_text) -> None:
    """The text as paragraphs, divided where it has an empty line."""
    for paragraph in text.split("\n\n"):
        write_inline(SubElement(parent, "p"), paragraph, write)


def _bold_parts(text: str) -> list[tuple[str, bool]]:
    """As items show it (`rules.bank.bold_parts`); marks around nothing stay marks."""
    parts = text.split("**")
    if len(parts) % 2 == 0 or not all(part.strip() for part in parts[1::2]):
        return [(text, False)]
    return [(part, index % 2 == 1) for index, part in enumerate(parts) if part]


class _HtmlTree(HTMLParser):
    """HTML as it is found, made a tree: what is not closed is closed, what is closed twice is let be."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("div")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("p", "li", "td", "th", "tr", "dt", "dd") and len(self._open) > 1 and self._open[-1].tag == tag:
            self._open.pop()
        element = SubElement(self._open[-1], tag, {name: value or "" for name, value in attrs})
        if tag not in _VOID and len(self._open) < _DEEPEST:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        SubElement(self._open[-1], tag, {name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self._open) - 1, 0, -1):
            if self._open[depth].tag == tag:
                del self._open[depth:]
                return

    def handle_data(self, data: str) -> None:
        add_text(self._open[-1], data)


def html_tree(text: str) -> Element:
    """HTML as a tree; never raises. Ask for no more than LONGEST_MARKUP characters."""
    parser = _HtmlTree()
    parser.feed(text)
    parser.close()
    return parser.root


_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})(?=[\s/>])")
# Those that close themselves: twenty paragraphs nobody closed are not twenty deep.
_UNNESTED = _VOID | frozenset(["p", "li", "td", "th", "tr", "dt", "dd", "option"])


def is_too_deep(source: str) -> bool:
    """Is this HTML nested deeper than anybody writes? Making such a tree regular takes minutes."""
    depth = 0
    for closing, name in _TAG.findall(source):
        if name.lower() not in _UNNESTED:
            depth = max(depth - 1, 0) if closing else depth + 1
            if depth > DEEPEST_MARKUP:
                return True
    return False


def html(text: str) -> str:
    """An item's text as HTML."""
    if "\n" not in text and "**" not in text:
        return escaped(text)
    paragraphs = []
    for paragraph in text.split("\n\n"):
        pieces = (f"<b>{escaped(part)}</b>" if is_bold else escaped(part) for part, is_bold in _bold_parts(paragraph))
        paragraphs.append("<p>" + "".join(pieces).replace("\n", "<br>") + "</p>")
    return "".join(paragraphs)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
