"""blueprint.yaml: the test at a course's end, and where each lesson stands in frameworks of competence."""

from __future__ import annotations

import re
from collections.abc import Collection

from courses.authoring.documents import Fields, read_yaml
from courses.authoring.problems import Problems
from courses.rules import LEVELS, CourseTest, TestRule
from lms.kit.errors import N_

_TOPIC = re.compile(r"[A-Z]{1,8}[0-9]{1,3}\.[0-9]{1,2}")


def read_blueprint(
    file: str, text: str, lessons: Collection[str], problems: Problems
) -> tuple[CourseTest | None, dict[str, tuple[str, ...]]]:
    """The planned test and each lesson's places, noting every problem; no test where the file cannot be read."""
    document = read_yaml(file, text, problems)
    if document is None:
        return None, {}
    fields = Fields(document, problems)
    fields.only("title", "minutes", "pass_percent", "rules", "frameworks")
    test = CourseTest(
        title=fields.bilingual("title"),
        minutes=fields.whole("minutes", 5, 180),
        pass_percent=fields.whole("pass_percent", 1, 100),
        rules=tuple(_rule(rule) for rule in fields.mappings("rules", at_least=1)),
    )
    seen: set[str] = set()
    for rule, written in zip(test.rules, fields.mappings("rules"), strict=True):
        if rule.topic in seen:
            written.problem("topic", N_("Chủ đề %(topic)s đã có ở trên: gộp hai dòng."), topic=rule.topic)
        seen.add(rule.topic)
    return test, _frameworks(fields, lessons)


def _rule(fields: Fields) -> TestRule:
    fields.only("topic", *LEVELS)
    topic = fields.text("topic")
    if topic and not _TOPIC.fullmatch(topic):
        fields.problem("topic", N_("Chủ đề “%(topic)s” viết dạng CB1.2: mã khóa học, dấu chấm, số của phần."), topic=topic)
    return TestRule(topic, {level: fields.whole(level, 0, 20) for level in LEVELS if fields.has(level)})


def _frameworks(fields: Fields, lessons: Collection[str]) -> dict[str, tuple[str, ...]]:
    if not fields.has("frameworks"):
        return {}
    places = fields.inner("frameworks")
    for slug in places.names():
        if slug not in lessons:
            places.problem(slug, N_("Không có bài “%(slug)s”: dùng tên tệp bài không có hai chữ số và .md."), slug=slug)
    return {slug: places.texts(slug, at_least=1) for slug in places.names()}
