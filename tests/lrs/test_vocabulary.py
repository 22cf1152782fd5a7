"""How our own statements are put together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.kit.ids import uuid7
from lms.lrs import vocabulary as words

BASE = "http://127.0.0.1:8000"
PERSON = UUID("01930000-0000-7000-8000-000000000001")


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "PT0S"), (5, "PT5S"), (100, "PT100S"), (754.2, "PT754.2S"), (1.239, "PT1.23S"), (-3, "PT0S")]
)
def test_a_duration_is_written_in_seconds_cut_to_hundredths(seconds: float, expected: str) -> None:
    assert words.iso_duration(timedelta(seconds=seconds)) == expected


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        words.timestamp(datetime(2026, 11, 22))  # noqa: DTZ001


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_a_timestamp_is_utc_with_milliseconds(at: datetime) -> None:
    read = datetime.fromisoformat(words.timestamp(at))
    assert words.timestamp(at).endswith("Z")
    assert timedelta(0) <= at.astimezone(UTC) - read < timedelta(milliseconds=1)


def test_a_registration_is_one_every_store_accepts_and_always_the_same() -> None:
    record = uuid7()
    assert words.registration_of(record).version == 5
    assert words.registration_of(record) == words.registration_of(record) != words.registration_of(uuid4())


def test_an_answer_keeps_its_duration_and_score_as_given() -> None:
    made = words.statement(
        facts=("attempt", 3),
        actor=words.actor_for(BASE, PERSON),
        verb=words.ANSWERED,
        target=words.activity(f"{BASE}/q", words.INTERACTION, {"vi": "Câu 3"}, interaction_type="choice", correct_responses_pattern=["b"]),
        at=datetime(2026, 11, 22, tzinfo=UTC),
        registration=PERSON,
        result={"success": True, "response": "b", "score": {"scaled": 0.5}},
        duration=timedelta(seconds=5),
    )
    assert made["result"] == {"success": True, "response": "b", "score": {"scaled": 0.5}, "duration": "PT5S"}
    assert made["object"]["definition"]["interactionType"] == "choice"
    assert [one["id"] for one in made["context"]["contextActivities"]["category"]] == [words.PROFILE_VERSION]
    assert made["version"] == "1.0.3"
