"""YAML in which every value knows its line, and a reader that checks fields and tells what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from courses.authoring.problems import Problems
from lms.kit.errors import N_

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """Parsed values and the line each path of keys begins on."""

    file: str
    values: Any
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """The line of a value, or of the nearest thing around it that exists."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _Loader(yaml.SafeLoader):
    """Plain YAML without aliases: nobody writes a course with them, and a few nested ones can stand for millions of values."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "không dùng bí danh (*) trong tệp", mark)
        return super().compose_node(parent, index)


def read_yaml(file: str, text: str, problems: Problems, *, first_line: int = 1) -> Document | None:
    """Parse YAML that begins on `first_line` of its file; None, with the problem noted, where it cannot be read."""
    lines: dict[Path, int] = {(): first_line}
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return Document(file, {}, lines)
        for path, line in _positions(node):
            if path in lines:
                problems.add(file, first_line + line, N_("Mục “%(name)s” viết hai lần: giữ một."), name=path[-1])
            lines[path] = first_line + line
        return Document(file, loader.construct_document(node), lines)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date such as 2026-02-31; RecursionError: nested too deep
        problems.add(
            file,
            first_line + _line_of(error, text),
            N_("Không đọc được YAML: %(reason)s. Câu có dấu hai chấm hoặc dấu # cần đặt trong dấu ngoặc kép."),
            reason=getattr(error, "problem", None) or getattr(error, "reason", None) or str(error),
        )
        return None


def _line_of(error: Exception, text: str) -> int:
    """The line, from 0, a reading error is about."""
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return int(mark.line)
    position = getattr(error, "position", None)  # of a character YAML does not allow
    return 0 if position is None else text[:position].count("\n")


def _positions(node: yaml.Node, path: Path = ()) -> Iterator[tuple[Path, int]]:
    """Every path of keys and the line, from 0, on which its key or entry stands."""
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield (*path, index), child.start_mark.line
            yield from _positions(child, (*path, index))
    elif isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            yield (*path, str(key.value)), key.start_mark.line
            yield from _positions(child, (*path, str(key.value)))


class Fields:
    """A mapping being read: each getter returns a usable value and notes a problem when the file has none."""

    def __init__(self, document: Document, problems: Problems, path: Path = ()) -> None:
        self._document = document
        self._problems = problems
        self._path = path
        found: Any = document.values
        for step in path:
            found = found[step]
        self._values: dict[str, Any] = found if isinstance(found, dict) else {}
        if not isinstance(found, dict):
            self.problem(None, N_("Cần các dòng dạng “tên: giá trị”."))

    def line(self, key: str | None = None) -> int:
        return self._document.line(self._path if key is None else (*self._path, key))

    def problem(self, key: str | None, message: str, /, **values: Any) -> None:
        self._problems.add(self._document.file, self.line(key), message, **values)

    def only(self, *keys: str) -> None:
        """Note every key that is not one of these: most are misspelt."""
        for key in self._values:
            if key not in keys:
                self.problem(str(key), N_("Không có mục “%(key)s” ở đây. Các mục dùng được: %(keys)s."), key=key, keys=", ".join(keys))

    def has(self, key: str) -> bool:
        return self._values.get(key) is not None

    def names(self) -> tuple[str, ...]:
        """The keys there are."""
        return tuple(map(str, self._values))

    def inner(self, key: str) -> Fields:
        """The mapping that stands under a key which is there."""
        return Fields(self._document, self._problems, (*self._path, key))

    def text(self, key: str) -> str:
        value = self._values.get(key)
        if value is None or value == "":
            self.problem(key, N_("Thiếu mục “%(key)s”: thêm một dòng “%(key)s: …”."), key=key)
        elif not isinstance(value, str):
            self.problem(key, N_("Mục “%(key)s” phải là chữ: đặt giá trị trong dấu ngoặc kép."), key=key)
        else:
            return value.strip()
        return ""

    def optional_text(self, key: str) -> str:
        return self.text(key) if self._values.get(key) is not None else ""

    def whole(self, key: str, least: int, most: int) -> int:
        value = self._values.get(key)
        if value is None:
            self.problem(key, N_("Thiếu mục “%(key)s”: thêm một dòng “%(key)s: …”."), key=key)
        elif isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.problem(key, N_("Mục “%(key)s” phải là số nguyên từ %(least)s đến %(most)s."), key=key, least=least, most=most)
        else:
            return value
        return least

    def truth(self, key: str) -> bool:
        value = self._values.get(key, False)
        if not isinstance(value, bool):
            self.problem(key, N_("Mục “%(key)s” chỉ nhận true hoặc false."), key=key)
        return value is True

    def bilingual(self, key: str) -> dict[str, str]:
        """`{vi: …, en: …}`; both are needed."""
        if self._values.get(key) is None:
            self.problem(key, N_("Thiếu mục “%(key)s”: viết “%(key)s: {vi: …, en: …}”."), key=key)
            return {"vi": "", "en": ""}
        return self.inner(key).languages()

    def languages(self) -> dict[str, str]:
        self.only("vi", "en")
        return {"vi": self.text("vi"), "en": self.text("en")}

    def mappings(self, key: str, *, at_least: int = 0) -> Iterator[Fields]:
        """The entries of a list of mappings."""
        for index in range(len(self._list(key, at_least))):
            yield Fields(self._document, self._problems, (*self._path, key, index))

    def texts(self, key: str, *, at_least: int = 0) -> tuple[str, ...]:
        found = []
        for index, value in enumerate(self._list(key, at_least)):
            if isinstance(value, str) and value.strip():
                found.append(value.strip())
            else:
                line = self._document.line((*self._path, key, index))
                self._problems.add(self._document.file, line, N_("Mỗi dòng của “%(key)s” phải là chữ."), key=key)
        return tuple(found)

    def _list(self, key: str, at_least: int) -> Sequence[Any]:
        value = self._values.get(key)
        if value is None:
            value = []
        if not isinstance(value, list):
            self.problem(key, N_("Mục “%(key)s” phải là danh sách, mỗi dòng bắt đầu bằng “- ”."), key=key)
            return []
        if len(value) < at_least:
            self.problem(key, N_("Mục “%(key)s” cần ít nhất %(count)s dòng."), key=key, count=at_least)
        return value
