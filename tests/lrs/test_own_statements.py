"""What this service says of itself is held to the standard as anybody's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from lms.lrs import vocabulary as words
from lms.lrs.rules.comparison import same_statement
from lms.lrs.rules.reading import from_values

BASE = "https://hoc.example.vn"
PERSON = UUID("019aa000-1111-7222-8333-444444444444")


def built() -> dict[str, Any]:
    return words.statement(
        facts=["attempt", PERSON],
        actor=words.actor_for(BASE, PERSON),
        verb=words.PASSED,
        target=words.activity(words.activity_iri(BASE, "rounds", "2026-Q4"), words.ASSESSMENT, {"vi": "Kiểm tra quý IV"}),
        at=datetime(2026, 11, 22, 9, 21, 7, 125000, tzinfo=UTC),
        registration=PERSON,
        parents=[words.activity(words.activity_iri(BASE, "courses", "CB1"))],
        result={"success": True, "score": {"scaled": 0.8, "raw": 24, "min": 0, "max": 30}},
        duration=timedelta(minutes=12, seconds=34.2),
        extensions={words.PROGRESS: 100},
    )


def test_they_are_valid() -> None:
    assert from_values([built()])[0].id == UUID(built()["id"])


def test_built_twice_they_are_the_same() -> None:
    first, second = from_values([built(), built()])
    assert first.text == second.text
    assert same_statement(first.values, second.values)
