"""From the Markdown of a lesson to its blocks. Whatever an author writes leaves here as sanitised HTML or as plain data."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, cast

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin

from courses.authoring.documents import Fields, read_yaml
from courses.authoring.problems import Problems
from courses.rules import CALLOUTS, Block, Callout, Check, Checklist, CheckOption, Figure, Prose, Task
from lms.kit.errors import N_

TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li"),
    *("a", "sup", "div", "table", "thead", "tbody", "tr", "th", "td"),
}
CELL = {"class", "role", "scope", "data-label"}
ATTRIBUTES = {
    "a": {"href"},
    "ol": {"start"},
    "pre": {"data-scroll"},
    "div": {"class", "data-scroll"},
    "table": {"class", "role"},
    "thead": {"role"},
    "tbody": {"role"},
    "tr": {"role"},
    "th": CELL,
    "td": CELL,
}
INLINE_TAGS = {"strong", "em", "code", "br", "a", "sup"}

_FIGURE = re.compile(r'(?P<path>\S+)\s+["“](?P<caption>[^"”]+)["”]')
_TASK = re.compile(r"\[ \] +(.+)", re.DOTALL)
_SOURCE = re.compile(r"\[\^([^\]\s]+)\]")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a lesson may refer to: source ids of its course, and drawings by path with their SHA-256."""

    sources: frozenset[str]
    figures: dict[str, str]


@dataclass(frozen=True, slots=True)
class Body:
    """A lesson's text: blocks in order, cited source ids by first mention, paths of the drawings shown."""

    blocks: tuple[Block, ...]
    cites: tuple[str, ...]
    figures: tuple[str, ...]


def read_body(file: str, text: str, first_line: int, around: Surroundings, problems: Problems) -> Body:
    """Turn Markdown that begins on `first_line` of `file` into blocks, noting every problem."""
    return _Reader(file, text, first_line, around, problems).read()


def sanitised(html: str, tags: set[str] = TAGS) -> str:
    """The last word on HTML made from authored text."""
    return nh3.clean(
        html,
        tags=tags,
        attributes={tag: names for tag, names in ATTRIBUTES.items() if tag in tags},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )


def _source_rule(state: StateInline, silent: bool) -> bool:
    match = _SOURCE.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        token = state.push("source", "", 0)
        token.meta = {"id": match[1]}
    state.pos = match.end()
    return True


def _parser() -> MarkdownIt:
    # HTML is recognised only so that it can be shown as text and pointed out; nothing of it gets through.
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    markdown.use(container_plugin, "block", validate=lambda *_: True)
    markdown.inline.ruler.before("link", "source", _source_rule)
    renderer = cast(Any, markdown.renderer)
    renderer.rules["source"] = lambda tokens, index, options, env: _source_link(tokens[index].meta["id"], env["cites"])
    renderer.rules["html_inline"] = lambda tokens, index, options, env: escape(tokens[index].content)
    renderer.rules["html_block"] = lambda tokens, index, options, env: f"<p>{escape(tokens[index].content)}</p>\n"
    renderer.rules["table_open"] = lambda tokens, index, options, env: (
        '<div class="table-frame" data-scroll="">' + renderer.renderToken(tokens, index, options, env)
    )
    renderer.rules["table_close"] = lambda *_: "</table></div>\n"
    renderer.rules["fence"] = renderer.rules["code_block"] = lambda tokens, index, options, env: (
        f'<pre data-scroll=""><code>{escape(tokens[index].content)}</code></pre>\n'
    )
    return markdown


def _source_link(source_id: str, cites: list[str]) -> str:
    if source_id not in cites:
        cites.append(source_id)
    return f'<sup><a href="#source-{escape(source_id)}">[{cites.index(source_id) + 1}]</a></sup>'


_MARKDOWN = _parser()


class _Reader:
    """Reads one lesson from top to bottom; sources are numbered on the way."""

    def __init__(self, file: str, text: str, first_line: int, around: Surroundings, problems: Problems) -> None:
        self._file = file
        self._first_line = first_line
        self._lines = text.split("\n")
        self._text = text
        self._around = around
        self._problems = problems
        self._env: dict[str, Any] = {"cites": []}
        self._blocks: list[Block] = []
        self._figures: list[str] = []

    def read(self) -> Body:
        tokens = _MARKDOWN.parse(self._text, self._env)
        _dress_tables(tokens)
        self._check(tokens)
        prose: list[Token] = []
        index = 0
        while index < len(tokens):
            token = tokens[index]
            if token.type == "container_block_open":
                end = _closing(tokens, index)
                self._flush(prose)
                self._container(token, tokens[index + 1 : end])
                index = end
            elif _is_check(token):
                self._flush(prose)
                self._check_question(token)
            else:
                prose.append(token)
            index += 1
        self._flush(prose)
        return Body(tuple(self._blocks), tuple(self._env["cites"]), tuple(self._figures))

    def _line(self, token: Token, containing: str = "") -> int:
        first, end = token.map or (0, 0)
        for number in range(first, min(end, len(self._lines))):
            if containing and containing in self._lines[number]:
                return self._first_line + number
        return self._first_line + first

    def _add(self, token: Token, message: str, /, **values: str) -> None:
        self._problems.add(self._file, self._line(token), message, **values)

    def _html(self, tokens: Sequence[Token]) -> str:
        return sanitised(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, self._env)).strip()

    def _flush(self, prose: list[Token]) -> None:
        if prose:
            self._blocks.append(Prose(self._html(prose)))
            prose.clear()

    # -- the five kinds of ::: blocks -------------------------------------------------------------------------------------------------

    def _container(self, opening: Token, inside: Sequence[Token]) -> None:
        name, _, rest = opening.info.strip().partition(" ")
        if opening.map and not self._closed(opening.map[1]):
            self._add(opening, N_("Khối “::: %(name)s” chưa đóng: thêm dòng “:::” ở cuối khối."), name=name)
        for token in inside:
            if token.type == "container_block_open" or _is_check(token):
                self._add(token, N_("Không đặt khối trong khối: đóng khối “%(name)s” trước, rồi mở khối này."), name=name)
                return
        if name in CALLOUTS:
            self._blocks.append(Callout(name, rest.strip(), self._html(inside)))
        elif name == "figure":
            self._figure(opening, rest.strip(), inside)
        elif name == "checklist":
            self._checklist(opening, rest.strip(), inside)
        else:
            self._add(
                opening,
                N_("Không có khối “%(name)s”. Dùng một trong: %(names)s."),
                name=name,
                names=", ".join((*CALLOUTS, "figure", "checklist")),
            )

    def _closed(self, end: int) -> bool:
        """Whether the block that ends before line `end` was ended by its author; the parser also ends it with the text."""
        return any(line.strip().startswith(":::") for line in self._lines[end - 1 : end + 1])

    def _figure(self, opening: Token, given: str, inside: Sequence[Token]) -> None:
        match = _FIGURE.fullmatch(given)
        if match is None:
            self._add(opening, N_('Viết hình dạng: ::: figure media/ten-hinh.svg "Chú thích".'))
            return
        alternative = self._html(inside)
        if not alternative:
            self._add(opening, N_("Hình chưa có mô tả bằng lời: viết giữa hai dòng “:::” mọi điều hình nói."))
        sha256 = self._around.figures.get(match["path"])
        if sha256 is None:
            self._add(opening, N_("Không có tệp hình %(path)s trong thư mục khóa học: thêm tệp hoặc sửa tên."), path=match["path"])
            return
        self._figures.append(match["path"])
        self._blocks.append(Figure(sha256, match["caption"].strip(), alternative))

    def _checklist(self, opening: Token, title: str, inside: Sequence[Token]) -> None:
        if not title:
            self._add(opening, N_("Danh sách việc cần tên: viết sau chữ “checklist”, ví dụ “Việc làm trong tuần này”."))
        tasks: dict[str, Task] = {}
        for token in inside:
            if token.type == "inline":
                match = _TASK.fullmatch(token.content)
                if match is None:
                    self._add(token, N_("Mỗi việc viết thành một dòng “- [ ] việc cần làm”."))
                    continue
                task = Task(hashlib.sha256(match[1].encode()).hexdigest()[:12], self._inline(match[1]))
                if task.id in tasks:
                    self._add(token, N_("Việc này đã có ở trên: xoá một dòng."))
                tasks[task.id] = task
        if not tasks:
            self._add(opening, N_("Danh sách chưa có việc nào: thêm dòng “- [ ] việc cần làm”."))
        self._blocks.append(Checklist(title, tuple(tasks.values())))

    # -- check questions --------------------------------------------------------------------------------------------------------------

    def _check_question(self, token: Token) -> None:
        document = read_yaml(self._file, token.content, self._problems, first_line=self._line(token) + 1)
        if document is None:
            return
        fields = Fields(document, self._problems)
        fields.only("stem", "options")
        options = []
        for option in fields.mappings("options", at_least=2):
            option.only("text", "correct", "why")
            texts = {key: option.text(key) for key in ("text", "why")}
            options.append(CheckOption(self._cited(token, texts["text"]), self._cited(token, texts["why"]), option.truth("correct")))
        right = sum(option.correct for option in options)
        if options and right == 0:
            fields.problem("options", N_("Câu tự kiểm tra chưa có phương án đúng: thêm “correct: true” vào một phương án."))
        elif len(options) > 1 and right == len(options):
            fields.problem("options", N_("Mọi phương án đều đúng: câu hỏi cần ít nhất một phương án sai."))
        self._blocks.append(Check(self._cited(token, fields.text("stem")), tuple(options)))

    def _cited(self, around: Token, text: str) -> str:
        """Inline HTML of a text that the lesson's own parse has not seen."""
        for token in _MARKDOWN.parseInline(text, self._env):
            self._check_children(around, token)
        return self._inline(text)

    def _inline(self, text: str) -> str:
        return sanitised(_MARKDOWN.renderInline(text, self._env), INLINE_TAGS)

    # -- what no lesson may hold ------------------------------------------------------------------------------------------------------

    def _check(self, tokens: Sequence[Token]) -> None:
        placed = Token("", "", 0)
        for token in tokens:
            placed = token if token.map else placed  # cells of a table do not know their line, their row does
            if token.type == "heading_open" and token.tag not in ("h2", "h3", "h4"):
                self._add(token, N_("Đề mục trong bài dùng “##”, “###” hoặc “####”: tên bài đã là đề mục cấp một."))
            elif token.type == "html_block":
                self._html_shown(placed, token.content)
            elif token.type == "inline":
                self._check_children(placed, token)

    def _check_children(self, placed: Token, inline: Token) -> None:
        for child in inline.children or ():
            if child.type == "html_inline":
                self._html_shown(placed, child.content)
            elif child.type == "source":
                self._check_source(placed, child)
            elif child.type == "image":
                self._check_image(placed, child)
            elif child.type == "link_open":
                self._check_link(placed, child)

    def _html_shown(self, placed: Token, html: str) -> None:
        line = self._line(placed, html.strip().split("\n")[0])
        self._problems.notice(
            self._file, line, N_("HTML không được nhận: “%(html)s” hiện ra như chữ. Dùng Markdown."), html=html.strip()[:40]
        )

    def _check_source(self, placed: Token, child: Token) -> None:
        source_id = child.meta["id"]
        if source_id not in self._around.sources:
            line = self._line(placed, f"[^{source_id}]")
            self._problems.add(
                self._file, line, N_("Nguồn [^%(id)s] không có trong course.yaml: thêm vào “sources” hoặc sửa mã nguồn."), id=source_id
            )

    def _check_image(self, placed: Token, child: Token) -> None:
        line = self._line(placed, str(child.attrs.get("src", "")))
        self._problems.add(self._file, line, N_('Ảnh đưa vào bằng khối “::: figure media/… "Chú thích"” kèm mô tả bằng lời.'))

    def _check_link(self, placed: Token, child: Token) -> None:
        href = str(child.attrs.get("href", ""))
        if not href.startswith(("http://", "https://", "mailto:")):
            self._problems.add(
                self._file, self._line(placed, href), N_("Liên kết “%(href)s” phải bắt đầu bằng https:// (hoặc mailto:)."), href=href
            )


def _is_check(token: Token) -> bool:
    return token.type == "fence" and token.info.strip() == "check"


def _closing(tokens: Sequence[Token], start: int) -> int:
    """Index of the token that closes the container opened at `start`."""
    level = tokens[start].level
    return next(
        index for index in range(start + 1, len(tokens)) if tokens[index].type == "container_block_close" and tokens[index].level == level
    )


ROLES = {"table_open": "table", "thead_open": "rowgroup", "tbody_open": "rowgroup", "tr_open": "row", "th_open": "columnheader"}


def _dress_tables(tokens: Sequence[Token]) -> None:
    """Make tables fit a phone: each cell knows its column's heading, so that rows can be shown as cards (components/table.html).

    The first cell of a row becomes its heading. Roles are written out because cards change what browsers take a table for.
    """
    headings: list[str] = []
    column = 0
    for index, token in enumerate(tokens):
        numeric = "right" in str(token.attrs.pop("style", ""))  # inline styles are forbidden on our pages
        if token.type in ROLES:
            token.attrs["role"] = ROLES[token.type]
        if token.type == "table_open":
            headings = []
            token.attrs["class"] = "table table--cards"
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            token.attrs["scope"] = "col"
            headings.append(_plain(tokens[index + 1]))
        elif token.type in ("td_open", "td_close") and column == 0:
            token.tag = "th"
            token.attrs |= {"role": "rowheader", "scope": "row"} if token.type == "td_open" else {}
        elif token.type == "td_open":
            token.attrs |= {"role": "cell", "data-label": headings[column] if column < len(headings) else ""}
        if numeric:
            token.attrs["class"] = "numeric"
        column += token.type == "td_close"


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))
