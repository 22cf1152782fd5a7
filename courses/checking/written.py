"""A course's files as their author sees them: texts with file and line, lessons with the block each line stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from pathlib import Path

import yaml

from courses.authoring.package_files import parse_course, read_files
from courses.authoring.problems import Problem
from courses.rules import CourseContent, lesson_slug

FAST_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What is not written in Vietnamese, or not for a reader: English, names of things, addresses.
NOT_PROSE = frozenset(
    re.findall(
        r"\S+",
        """
    en title_en id code slug kind level competency lesson topic scoring sha256 unit diacritics shape
    competencies audience frameworks key verify correct valid_from valid_to
    """,
    )
)
_OTHERS = re.compile(r"[^/]+/questions\.yaml|CHANGES\.md")
_DRAWN_TEXT = re.compile(r"<(?:text|tspan|title|desc)\b[^>]*>([^<]*[^<\s][^<]*)")
_LIST = re.compile(r"[-*+] |[0-9]+[.)] ")
_QUOTED = re.compile("“[^”]*”")
_CITATION = re.compile(r"\[\^[^\]]*\]")
_INLINE = re.compile(
    r"`[^`]*`"  # code
    r"|\]\([^)]*\)"  # where a link leads
    r"|(?:https?|mailto):\S+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:vn|com|org|gov|net|io|md|yaml|svg|pdf|docx|xlsx|csv|json|py|ps1|txt|xml|html|exe|zip|log|conf)\b"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a lesson. `region`: front, prose, code, check, or the name of the `:::` block; `block` counts paragraphs and blocks,
    `section` headings."""

    number: int
    text: str
    region: str
    block: int
    section: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of Vietnamese text for a reader, without code and addresses. Passages of one paragraph or block, and those of one section
    or item, have the same number."""

    file: str
    line: int
    text: str
    region: str
    block: int
    section: int

    def shows_mistakes(self, found: str) -> bool:
        """May `found` be wrong on purpose: an option of a question, a common mistake, a quotation?"""
        return self.region in ("text", "why", "warning") or any(found in quoted for quoted in _QUOTED.findall(self.text))


@dataclass(frozen=True, slots=True)
class WrittenLesson:
    file: str
    module: str
    slug: str
    lines: tuple[Line, ...]

    @property
    def minutes(self) -> int | None:
        for line in self.lines:
            if line.region == "front" and (match := re.fullmatch(r"minutes: *([0-9]+) *", line.text)):
                return int(match[1])
        return None


@dataclass(frozen=True)
class WrittenCourse:
    """All files of a course by path, what the loader reads from them (None where it refuses) and says about them."""

    label: str
    files: Mapping[str, str]
    content: CourseContent | None
    problems: tuple[Problem, ...]
    media: Mapping[str, bytes]

    @property
    def complete(self) -> bool:
        """Does its author say that it is? Then it has its changes written down and its test planned."""
        return {"CHANGES.md", "blueprint.yaml"} <= self.files.keys()

    @cached_property
    def modules(self) -> tuple[str, ...]:
        """Folders of the modules, in order."""
        return tuple(sorted({name.partition("/")[0] for name in self.files if "/" in name and not name.startswith("media/")}))

    @cached_property
    def lessons(self) -> tuple[WrittenLesson, ...]:
        return tuple(
            WrittenLesson(self.path(name), name.partition("/")[0], lesson_slug(name.rpartition("/")[2].removesuffix(".md")), _lines(text))
            for name, text in sorted(self.files.items())
            if "/" in name and name.endswith(".md")
        )

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """Every Vietnamese text of lessons, of the YAML files and of the drawings."""
        found = [passage for lesson in self.lessons for passage in _of_lesson(lesson)]
        for name, text in sorted(self.files.items()):
            if name.endswith(".yaml"):
                found.extend(_of_yaml(self.path(name), text))
        for name, content in sorted(self.media.items()):
            found.extend(_of_drawing(self.path(name), _decoded(content)))
        return tuple(found)

    def path(self, name: str) -> str:
        return f"{self.label}/{name}"

    def line_of(self, name: str, text: str) -> int:
        """The first line of a file that holds a text; 1 where none does."""
        return next((number for number, line in enumerate(self.files.get(name, "").split("\n"), start=1) if text in line), 1)


def read_written(folder: Path) -> WrittenCourse:
    """Read a course's folder, questions and blueprint with it. Raises OSError where a file cannot be read."""
    package = read_files(folder)
    content, problems = parse_course(package)
    files = {name: _decoded(bytes_) for name, bytes_ in package.files.items()}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if _OTHERS.fullmatch(name) and path.is_file():
            files[name] = _decoded(path.read_bytes())
    media = {name: data for name, data in package.files.items() if name.startswith("media/")}
    return WrittenCourse(package.label, files, content, tuple(problems), media)


def _decoded(content: bytes) -> str:
    return content.decode(errors="replace").replace("\r\n", "\n")


def _lines(text: str) -> tuple[Line, ...]:
    """Each line with where it stands. The loader says what is not closed; here everything ends with the file."""
    found: list[Line] = []
    region, fence, front = "prose", "", False
    block = section = 0
    before = ""
    for number, line in enumerate(text.split("\n"), start=1):
        bare = line.strip()
        if (number == 1 or front) and bare == "---":
            front = number == 1
            continue
        if front:
            found.append(Line(number, line, "front", block, section))
        elif fence:
            if bare == "```":
                fence = ""
                block += 1
            else:
                found.append(Line(number, line, fence, block, section))
        elif bare.startswith("```"):
            fence = "check" if bare == "```check" else "code"
            block += 1
        elif bare.startswith(":::"):
            block += 1
            name, _, rest = bare.removeprefix(":::").strip().partition(" ")
            region = name or "prose"
            if name and rest:
                found.append(Line(number, rest, region, block, section))
        else:
            if not bare or bare.startswith("#"):
                block += region == "prose"
            section += bare.startswith("#")
            indented = line.startswith("    ") and not _LIST.match(bare) and (not before or found[-1].region == "code")
            found.append(Line(number, line, "code" if indented else region, block, section))
        before = bare
    return tuple(found)


def _of_lesson(lesson: WrittenLesson) -> Iterator[Passage]:
    for line in lesson.lines:
        if line.region == "code" or not line.text.strip():
            continue
        text, region = line.text, line.region
        if region in ("front", "check"):
            name, colon, value = text.strip().removeprefix("- ").partition(": ")
            if not colon or name in NOT_PROSE:
                continue
            text = value.strip().strip("\"'")
            region = name if region == "check" else region
        elif line.region == "figure" and text.startswith("media/"):
            text = text.partition(" ")[2].strip('"')
        yield Passage(lesson.file, line.number, plain(text), region, line.block, line.section)


def _of_drawing(file: str, text: str) -> Iterator[Passage]:
    for match in _DRAWN_TEXT.finditer(text):
        line = text.count("\n", 0, match.start(1)) + 1
        yield Passage(file, line, plain(unescape(match[1])), "drawing", line, 0)


def plain(text: str) -> str:
    """A text without inline code, citations and addresses."""
    return _INLINE.sub("…", _CITATION.sub("", text))


def _of_yaml(file: str, text: str) -> Iterator[Passage]:
    """The texts of a YAML file; each entry of `items` or `sources` is a block and a section. Nothing where it cannot be read: others say
    so."""
    try:
        root = yaml.compose(text, Loader=FAST_LOADER)
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    yield from (Passage(file, line, plain(value), name, block, block) for line, value, name, block in _scalars(root, "", 0))


def _scalars(node: yaml.Node | None, name: str, block: int) -> Iterator[tuple[int, str, str, int]]:
    if isinstance(node, yaml.ScalarNode):
        if node.tag == "tag:yaml.org,2002:str" and node.value:
            yield node.start_mark.line + 1, node.value, name, block
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _scalars(child, name, child.start_mark.line + 1 if block == 0 or name in ("items", "sources") else block)
    elif isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            if key.value not in NOT_PROSE:
                yield from _scalars(child, name if name == "sources" else str(key.value), block)
