"""A course's folder: its files are read and hashed first, and parsed only when somebody needs what they say."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from courses.authoring.blueprint import read_blueprint
from courses.authoring.documents import Fields, read_yaml
from courses.authoring.figures import check_figure
from courses.authoring.markdown import Body, Surroundings, read_body
from courses.authoring.problems import Problems, odd_characters
from courses.rules import NUMBERED, SLUG, Checklist, CourseContent, CourseTest, Lesson, Media, Module, Source, Term
from lms.kit.errors import N_

# Raised when the same files give other blocks than before, so that every course gets a new version.
RENDERING = b"1"
MOST_TEXT = 256 * 1024
COURSE_FIELDS = ("code", "slug", "title", "summary", "outcomes", "audience", "periods", "competencies", "sources", "glossary")
RESERVED_SLUGS = ("media",)

_PARTS = re.compile(r"(?:course|blueprint)\.yaml|media/[^/]+|[^/]+/(?:module\.yaml|[^/]+\.md)")
_CODE = re.compile(r"[A-Z]{1,8}[0-9]{1,3}")
_AUDIENCE = re.compile(r"N[0-9]{1,2}|IT")
_SOURCE_ID = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class PackageFiles:
    """The files a course is made of, by path within its folder, and the hash of them all. `label` begins problems' file names."""

    label: str
    files: Mapping[str, bytes]
    content_hash: str


def course_folders(folder: Path) -> list[Path]:
    """`folder` itself where it holds a course, else the folders in it that do, by name."""
    if (folder / "course.yaml").is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob("*/course.yaml"))


def read_files(folder: Path) -> PackageFiles:
    """Read what belongs to the course; questions, notes and the like are left alone. Raises OSError where a file cannot be read."""
    files: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if _PARTS.fullmatch(name) and path.is_file():
            files[name] = path.read_bytes()
    digest = hashlib.sha256(RENDERING)
    for name, content in files.items():
        digest.update(f"\0{name}\0{len(content)}\0".encode() + content)
    return PackageFiles(folder.name, files, digest.hexdigest())


def parse_course(package: PackageFiles) -> tuple[CourseContent | None, Problems]:
    """What the files say, and everything wrong with them. No course where a problem refuses it."""
    problems = Problems()
    course = _Parser(package, problems).course()
    return (None if problems.refuse else course), problems


class _Parser:
    def __init__(self, package: PackageFiles, problems: Problems) -> None:
        self._package = package
        self._problems = problems
        self._media = {
            name: Media(name, hashlib.sha256(content).hexdigest(), content)
            for name, content in package.files.items()
            if name.startswith("media/") and name.endswith(".svg")
        }
        self._shown: set[str] = set()

    def _label(self, name: str) -> str:
        return f"{self._package.label}/{name}"

    def _text(self, name: str) -> str | None:
        """A file's text in the one Unicode form, or None with the reason noted."""
        content = self._package.files[name]
        file = self._label(name)
        if len(content) > MOST_TEXT:
            self._problems.add(file, 1, N_("Tệp dài hơn %(most)s KB: chia thành nhiều bài."), most=MOST_TEXT // 1024)
            return None
        try:
            text = content.decode().replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            self._problems.add(file, line, N_("Tệp không phải UTF-8: lưu lại với bảng mã UTF-8."))
            return None
        for line, kind in odd_characters(text):
            if kind == "nfc":
                self._problems.add(file, line, N_("Chữ có dấu viết rời (Unicode tổ hợp): đổi sang Unicode dựng sẵn (NFC)."))
            else:
                self._problems.add(file, line, N_("Dòng này có ký tự ẩn: xoá và gõ lại."))
        return text

    def course(self) -> CourseContent | None:
        text = self._text("course.yaml")
        document = None if text is None else read_yaml(self._label("course.yaml"), text, self._problems)
        for media in self._media.values():
            check_figure(self._label(media.name), media.content, self._problems)
        if document is None:
            return None
        fields = Fields(document, self._problems)
        fields.only(*COURSE_FIELDS)
        sources = self._sources(fields)
        modules = self._modules(frozenset(source.id for source in sources))
        self._unused(fields)
        test, frameworks = self._blueprint(modules)
        return CourseContent(
            code=self._matching(fields, "code", _CODE, N_("Mã khóa học “%(value)s” phải gồm chữ hoa rồi số, ví dụ CB1.")),
            slug=self._course_slug(fields),
            title=fields.bilingual("title"),
            summary=fields.bilingual("summary"),
            outcomes=tuple(outcome.languages() for outcome in fields.mappings("outcomes", at_least=1)),
            audience=self._audience(fields),
            periods=fields.whole("periods", 1, 400),
            competencies=fields.texts("competencies"),
            sources=sources,
            glossary=tuple(self._term(term) for term in fields.mappings("glossary")),
            modules=modules,
            media=tuple(self._media[name] for name in sorted(self._shown)),
            content_hash=self._package.content_hash,
            test=test,
            frameworks=frameworks,
        )

    def _blueprint(self, modules: tuple[Module, ...]) -> tuple[CourseTest | None, dict[str, tuple[str, ...]]]:
        name = "blueprint.yaml"
        text = self._text(name) if name in self._package.files else None
        if text is None:
            return None, {}
        lessons = {lesson.slug for module in modules for lesson in module.lessons}
        return read_blueprint(self._label(name), text, lessons, self._problems)

    def _matching(self, fields: Fields, key: str, form: re.Pattern[str], message: str) -> str:
        value = fields.text(key)
        if value and not form.fullmatch(value):
            fields.problem(key, message, value=value)
        return value

    def _course_slug(self, fields: Fields) -> str:
        slug = self._matching(
            fields, "slug", SLUG, N_("Địa chỉ “%(value)s” chỉ gồm chữ thường không dấu, số và dấu gạch nối, ví dụ ky-nang-so.")
        )
        if slug in RESERVED_SLUGS:
            fields.problem("slug", N_("Địa chỉ “%(value)s” đã dành cho việc khác: chọn tên khác."), value=slug)
        return slug

    def _audience(self, fields: Fields) -> tuple[str, ...]:
        audience = fields.texts("audience", at_least=1)
        for group in audience:
            if not _AUDIENCE.fullmatch(group):
                fields.problem("audience", N_("Không có nhóm “%(value)s”: dùng N1, N2 … hoặc IT."), value=group)
        return audience

    def _sources(self, fields: Fields) -> tuple[Source, ...]:
        found: dict[str, Source] = {}
        for entry in fields.mappings("sources"):
            entry.only("id", "text", "verify")
            source_id = self._matching(
                entry, "id", _SOURCE_ID, N_("Mã nguồn “%(value)s” chỉ gồm chữ thường không dấu, số và dấu gạch nối.")
            )
            if source_id in found:
                entry.problem("id", N_("Mã nguồn “%(value)s” đã dùng ở trên: đổi tên một nguồn."), value=source_id)
            found[source_id] = Source(source_id, entry.text("text"), entry.truth("verify"))
        return tuple(found.values())

    def _term(self, entry: Fields) -> Term:
        entry.only("vi", "en", "meaning")
        return Term(entry.text("vi"), entry.text("en"), entry.text("meaning"))

    def _modules(self, sources: frozenset[str]) -> tuple[Module, ...]:
        around = Surroundings(sources, {name: media.sha256 for name, media in self._media.items()})
        folders = sorted({name.split("/")[0] for name in self._package.files if "/" in name and not name.startswith("media/")})
        if not folders:
            self._problems.add(self._label("course.yaml"), 1, N_("Khóa học chưa có phần nào: thêm thư mục dạng 01-ten-phan."))
        slugs: dict[str, str] = {}
        modules = []
        for number, folder in enumerate(folders, start=1):
            module_slug = self._numbered(folder, folder, number, slugs)
            modules.append(self._module(folder, module_slug, around, slugs))
        return tuple(modules)

    def _numbered(self, path: str, name: str, number: int, slugs: dict[str, str]) -> str:
        """The slug of a folder or file name, checked: two digits without gaps, then a slug nobody else in the course has."""
        digits, slug = name[:2], name[3:]
        file = self._label(path)
        if not SLUG.fullmatch(slug) or not NUMBERED.fullmatch(name):
            self._problems.add(
                file, 1, N_("Tên “%(name)s” phải là hai chữ số, gạch nối, rồi chữ thường không dấu, số và gạch nối."), name=name
            )
        elif int(digits) != number:
            self._problems.add(
                file, 1, N_("Số thứ tự %(digits)s bị trùng hoặc nhảy cóc: ở đây cần %(expected)s."), digits=digits, expected=f"{number:02d}"
            )
        elif slug in slugs:
            self._problems.add(file, 1, N_("Tên “%(slug)s” đã dùng cho %(other)s: đổi một tên."), slug=slug, other=slugs[slug])
        slugs.setdefault(slug, path)
        return slug

    def _module(self, folder: str, slug: str, around: Surroundings, slugs: dict[str, str]) -> Module:
        names = [name for name in self._package.files if name.startswith(f"{folder}/") and name.endswith(".md")]
        if not names:
            self._problems.add(self._label(folder), 1, N_("Phần này chưa có bài nào: thêm tệp dạng 01-ten-bai.md."))
        lessons = []
        for number, name in enumerate(names, start=1):
            lesson_slug = self._numbered(name, name.rpartition("/")[2].removesuffix(".md"), number, slugs)
            lesson = self._lesson(name, lesson_slug, around)
            if lesson is not None:
                lessons.append(lesson)
        self._checklists(folder, names, lessons)
        title, outcomes = self._module_words(folder)
        return Module(slug, title, outcomes, tuple(lessons))

    def _module_words(self, folder: str) -> tuple[dict[str, str], tuple[dict[str, str], ...]]:
        name = f"{folder}/module.yaml"
        if name not in self._package.files:
            self._problems.add(self._label(name), 1, N_("Thiếu tệp module.yaml: thêm tệp có “title” và “outcomes”."))
            return {}, ()
        text = self._text(name)
        document = None if text is None else read_yaml(self._label(name), text, self._problems)
        if document is None:
            return {}, ()
        fields = Fields(document, self._problems)
        fields.only("title", "outcomes")
        return fields.bilingual("title"), tuple(outcome.languages() for outcome in fields.mappings("outcomes", at_least=1))

    def _checklists(self, folder: str, names: list[str], lessons: list[Lesson]) -> None:
        with_list = [lesson for lesson in lessons for block in lesson.blocks if isinstance(block, Checklist)]
        if len(with_list) > 1:
            self._problems.add(self._label(folder), 1, N_("Mỗi phần chỉ có một danh sách việc (checklist), ở bài cuối: gộp lại."))
        elif with_list and len(lessons) == len(names) and with_list[0] is not lessons[-1]:
            self._problems.notice(self._label(folder), 1, N_("Danh sách việc (checklist) nên ở bài cuối của phần."))

    def _lesson(self, name: str, slug: str, around: Surroundings) -> Lesson | None:
        text = self._text(name)
        if text is None:
            return None
        file = self._label(name)
        match = re.match(r"---\n(.*?\n)---\n", text, re.DOTALL)
        if match is None:
            self._problems.add(
                file, 1, N_("Bài phải bắt đầu bằng phần khai báo giữa hai dòng “---” (title, title_en, minutes, key_message).")
            )
            return None
        document = read_yaml(file, match[1], self._problems, first_line=2)
        first_line = match[0].count("\n") + 1
        body = read_body(file, text[match.end() :], first_line, around, self._problems)
        self._shown.update(body.figures)
        if document is None:
            return None
        if not body.blocks:
            self._problems.add(file, first_line, N_("Bài chưa có nội dung: viết sau dòng “---” thứ hai."))
        fields = Fields(document, self._problems)
        fields.only("title", "title_en", "minutes", "key_message")
        return Lesson(
            slug=slug,
            title={"vi": fields.text("title"), "en": fields.text("title_en")},
            minutes=fields.whole("minutes", 1, 90),
            key_message=fields.text("key_message"),
            blocks=body.blocks,
            cites=body.cites,
            bytes=self._weight(body),
        )

    def _weight(self, body: Body) -> int:
        """About what a reader's line has to carry: text and figures, compressed as they are sent."""
        parts = [msgspec.json.encode(body.blocks), *(self._media[name].content for name in set(body.figures))]
        return sum(len(zlib.compress(part)) for part in parts)

    def _unused(self, fields: Fields) -> None:
        for name in self._package.files:
            if name.startswith("media/") and name not in self._media:
                self._problems.add(self._label(name), 1, N_("Hình phải là tệp .svg: vẽ lại hoặc xoá tệp này."))
            elif name in self._media and name not in self._shown:
                self._problems.notice(self._label(name), 1, N_("Hình này không bài nào dùng."))
