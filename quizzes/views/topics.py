"""Topics by their names on pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from flask import g

from lms.kit.i18n import preferences
from lms.kit.unit import reading
from quizzes.queries.topics import topic_names


def names_of_topics() -> dict[str, str]:
    """What topics are called for the one who looks; asked once a request."""
    if "names_of_topics" not in g:
        with reading() as session:
            g.names_of_topics = topic_names(session, preferences().locale)
    return cast(dict[str, str], g.names_of_topics)


def topic_name(code: str) -> str:
    """A topic's name; its code where no course that is loaded has it."""
    return names_of_topics().get(code, code)


def topic_choices(topics: Iterable[str]) -> list[tuple[str, str]]:
    """Topics as a list offers them: each course, then its topics under it."""
    names = names_of_topics()
    chosen: list[tuple[str, str]] = []
    for code in sorted({*topics, *(topic.partition(".")[0] for topic in topics)}, key=_place):
        name = names.get(code)
        if "." in code:
            chosen.append((code, f"– {name}" if name else code))
        else:
            chosen.append((code, f"{code}: {name}" if name else code))
    return chosen


def _place(code: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (0, part) for part in code.split(".")]
