"""Texts of Moodle XML: each in a format of its own, with the files it shows beside it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.etree.ElementTree import Element, SubElement

from lms.kit.errors import N_
from quizzes.interchange.document import Finding, error, lost, note, tidy
from quizzes.interchange.markup import Image
from quizzes.interchange.plain_text import from_html
from quizzes.interchange.safe_xml import XmlRefusedError, child, children, text_of

MOST_TAGS = 600_000
"""Tags and entities in the HTML of one file: what it costs to read."""
PLUGIN_FILE = "@@PLUGINFILE@@"


@dataclass(slots=True)
class Budget:
    """How much HTML of a file may still be read."""

    left: int = MOST_TAGS

    def spend(self, source: str) -> None:
        """Raises XmlRefusedError where it is more than was left."""
        self.left -= source.count("<") + source.count("&")
        if self.left < 0:
            raise XmlRefusedError(error(N_("tệp có hơn %(most)s thẻ HTML; chia thành nhiều tệp nhỏ hơn"), most=MOST_TAGS))


@dataclass(slots=True)
class Texts:
    """The texts of one question as they are read; what they lose, and the pictures and files they come with."""

    budget: Budget = field(default_factory=Budget)
    findings: list[Finding] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def source(self, element: Element | None) -> tuple[str, str]:
        """What is written, and in which format."""
        if element is None:
            return "", "html"
        self._take_files(element)
        return text_of(child(element, "text")), element.get("format", "html")

    def read(self, element: Element | None, *, pictures: bool = False) -> str:
        """The text inside `<text>`; its pictures are kept only where an item can have one."""
        source, written = self.source(element)
        return self.plain(source, written, pictures=pictures)

    def plain(self, source: str, written: str, *, pictures: bool = False) -> str:
        if not source.strip():
            return ""
        if written in ("plain_text", "markdown", "wiki_like"):
            if written != "plain_text":
                self.findings.append(note(N_("đoạn viết bằng %(format)s được giữ nguyên dấu của nó"), format=written))
            return tidy(source)
        self.budget.spend(source)
        if written == "moodle_auto_format":
            source = source.strip().replace("\r\n", "\n").replace("\n", "<br>")
        text, found, images = from_html(source)
        self.findings += found
        if pictures:
            self.images += images
        elif images:
            self.findings.append(lost(N_("hình ngoài câu dẫn (trong phương án, lời giải thích) không chuyển được")))
        return text

    def _take_files(self, element: Element) -> None:
        for file in children(element, "file"):
            name = (file.get("path", "/").rstrip("/") + "/" + file.get("name", "")).lstrip("/")
            content = decoded(file)
            if content is None:
                self.findings.append(lost(N_("tệp đính kèm “%(name)s” bị hỏng, bỏ qua"), name=name[:80]))
            elif name:
                self.files[name] = content


def decoded(file: Element) -> bytes | None:
    """The content of a `<file>`; None where it is none."""
    if file.get("encoding", "base64") != "base64":
        return None
    try:
        return base64.b64decode("".join(text_of(file).split()), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def file_name(source: str) -> str | None:
    """Which of the files an address means; None: none of them."""
    if not source.startswith(PLUGIN_FILE):
        return None
    return unquote(source.removeprefix(PLUGIN_FILE).partition("?")[0]).lstrip("/")


def add(parent: Element, name: str, text: str, attributes: Mapping[str, str] | None = None) -> Element:
    """`<name><text>…</text></name>`"""
    element = SubElement(parent, name, dict(attributes or {}))
    SubElement(element, "text").text = text
    return element


def add_file(parent: Element, name: str, content: bytes) -> None:
    SubElement(parent, "file", {"name": name, "path": "/", "encoding": "base64"}).text = base64.b64encode(content).decode()
