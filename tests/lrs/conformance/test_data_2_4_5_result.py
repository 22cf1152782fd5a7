"""Data 2.4.5 and 4.6: results, scores and durations."""

from __future__ import annotations

from typing import Any

import pytest

from lms.lrs.rules.versions import Version
from tests.lrs.conformance.parts import NOT_OBJECTS, NOT_STRINGS, RESULT_PLACES, Builder, accepted, both_versions, places, refused

NOT_NUMBERS = [None, "5", "năm", True, {}, [5]]
NOT_BOOLEANS = [None, "true", "false", 0, 1, {}, []]
GOOD_SCORES: list[dict[str, Any]] = [
    {},
    {"scaled": 1},
    {"scaled": -1.0},
    {"scaled": 0.6767676},
    {"raw": -5},
    {"raw": 1e300},
    {"min": 0, "max": 10},
    {"raw": 0, "min": 0, "max": 10},
    {"raw": 10, "min": 0, "max": 10},
    {"raw": 5, "min": 5},
    {"raw": 5, "max": 5},
    {"min": 1.0000001, "max": 1.0000002},
]
BAD_SCORES: dict[str, tuple[str, dict[str, Any]]] = {
    "scaled above 1": ("scaled", {"scaled": 1.01}),
    "scaled below -1": ("scaled", {"scaled": -1.00001}),
    "raw above max": ("raw", {"raw": 10.5, "max": 10}),
    "raw below min": ("raw", {"raw": -0.5, "min": 0}),
    "raw outside of both": ("raw", {"raw": 11, "min": 0, "max": 10}),
    "min above max": ("min", {"min": 11, "max": 10}),
    "min equal to max": ("min", {"min": 10, "max": 10}),
    "unknown key": ("Scaled", {"Scaled": 0.5}),
    "no extensions": ("extensions", {"extensions": {}}),
}
# Appendix and 4.6: what ISO 8601:2004(E) 4.4.3.2 allows.
GOOD_DURATIONS = [
    "PT4H35M59.14S",
    "PT16559.14S",
    "P3Y1M29DT4H35M59.14S",
    "P3Y",
    "P4W",
    "PT0S",
    "P0D",
    "PT1H0M0.1S",
    "PT59.123456789S",
    "PT0,5S",
    "P1.5D",
    "PT1.5H",
    "P1DT12H36M0.12567S",
    "P0.5Y",
]
BAD_DURATIONS = [
    "",
    "P",
    "PT",
    "P1Y1S",
    "PA1H0M0S",
    "P4W1D",
    "P1D4W",
    "T1H",
    "1H",
    "PT1H1H",
    "PT1S1M",
    "P-1D",
    "-P1D",
    "+P1D",
    "P1.5DT1H",
    "PT1.5H1M",
    "P0003-06-04T12:30:05",
    "P1YT",
    "pt1h",
    "PT1H ",
    "PT.5S",
    "PT5.S",
    "chữ",
]


@both_versions
@places(RESULT_PLACES)
def test_a_result_has_known_properties_of_their_types(version: Version, path: str, build: Builder) -> None:
    accepted(build({}), version)
    accepted(build({"score": {}, "success": True, "completion": False, "response": "", "duration": "PT1S", "extensions": {}}), version)
    for value in NOT_OBJECTS[1:]:
        refused(build(value), path, version)
    for value in NOT_BOOLEANS:
        refused(build({"success": value}), f"{path}.success", version)
        refused(build({"completion": value}), f"{path}.completion", version)
    for value in NOT_STRINGS:
        refused(build({"response": value}), f"{path}.response", version)
    for value in NOT_OBJECTS:
        refused(build({"extensions": value}), f"{path}.extensions", version)
        refused(build({"score": value}), f"{path}.score", version)
    for key in ("Score", "Success", "outcome"):
        refused(build({key: True}), f"{path}.{key}", version)


@both_versions
@places(RESULT_PLACES)
def test_scores_within_their_bounds(version: Version, path: str, build: Builder) -> None:
    for score in GOOD_SCORES:
        accepted(build({"score": score}), version)


@places(RESULT_PLACES)
@pytest.mark.parametrize(("key", "score"), BAD_SCORES.values(), ids=list(BAD_SCORES))
def test_scores_beyond_their_bounds_are_refused(path: str, build: Builder, key: str, score: dict[str, Any]) -> None:
    refused(build({"score": score}), f"{path}.score.{key}")


@places(RESULT_PLACES)
@pytest.mark.parametrize("key", ["scaled", "raw", "min", "max"])
def test_points_are_numbers(path: str, build: Builder, key: str) -> None:
    for value in NOT_NUMBERS:
        refused(build({"score": {key: value}}), f"{path}.score.{key}")


@both_versions
@places(RESULT_PLACES)
def test_durations_of_iso_8601(version: Version, path: str, build: Builder) -> None:
    for duration in GOOD_DURATIONS:
        accepted(build({"duration": duration}), version)


@places(RESULT_PLACES)
def test_other_durations_are_refused(path: str, build: Builder) -> None:
    for duration in (*BAD_DURATIONS, *NOT_STRINGS):
        refused(build({"duration": duration}), f"{path}.duration")
