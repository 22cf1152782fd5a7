"""Data 2.4.7, 2.4.8 and 4.5, IEEE 9274.1.1 4.2.7: timestamps and when a statement was stored."""

from __future__ import annotations

import pytest

from lms.lrs.rules.values import in_utc, moment
from lms.lrs.rules.versions import Version
from tests.lrs.conformance.parts import NOT_STRINGS, Builder, accepted, both_versions, everywhere, places, refused, same
from tests.lrs.making import statement

TIMES = {**everywhere(same, "timestamp"), "stored": ("statement.stored", lambda given: statement(stored=given))}
GOOD = [
    "2008-09-15T15:53:00Z",
    "2008-09-15T15:53:00.6Z",
    "2008-09-15T15:53:00.601Z",
    "2008-09-15T15:53:00.123456789Z",
    "2008-09-15T15:53:00+00:00",
    "2008-09-15T15:53:00+07:00",
    "2008-09-15T15:53:00-05:30",
    "2008-09-15T15:53:00.601+0700",
    "2008-09-15T15:53:00.601+07",
    "2008-02-29T00:00:00Z",
    "9999-12-31T23:59:59.999Z",
    "2016-12-31T23:59:60Z",
]
BAD = [
    "",
    "should fail",
    "01/011/2015",
    "2008-09-15",
    "15:53:00Z",
    "2008-09-15T15:53Z",
    "2008-09-15T15:53:00.601-00",
    "2008-09-15T15:53:00.601-0000",
    "2008-09-15T15:53:00.601-00:00",
    "2008-13-15T15:53:00Z",
    "2008-09-31T15:53:00Z",
    "2007-02-29T00:00:00Z",
    "2008-09-15T24:53:00Z",
    "2008-09-15T15:60:00Z",
    "2008-09-15T15:53:00+24:00",
    "2008-09-15T15:53:00+07:60",
    "2008-09-15T15:53:00.Z",
    "2008-09-15T15:53:00Z+07:00",
    "2008-09-15t15:53:00Z ",
    " 2008-09-15T15:53:00Z",
    "2008-W38-1T15:53:00Z",
    "08-09-15T15:53:00Z",
    "1221493980",
    "２００８-09-15T15:53:00Z",
]
SPACED = "2008-09-15 15:53:00.601+00:00"


@both_versions
@places(TIMES)
def test_moments_of_rfc_3339_whatever_their_zone_and_precision(version: Version, path: str, build: Builder) -> None:
    for text in GOOD:
        accepted(build(text), version)


@both_versions
@places(TIMES)
def test_other_texts_and_the_unknown_zone_are_refused(version: Version, path: str, build: Builder) -> None:
    for text in (*BAD, *NOT_STRINGS[1:]):
        refused(build(text), path, version)


@places(TIMES)
def test_a_space_may_stand_for_the_t_in_2_0_alone(path: str, build: Builder) -> None:
    accepted(build(SPACED), Version.V2)
    refused(build(SPACED), path, Version.V1)


@both_versions
def test_the_future_is_not_refused(version: Version) -> None:
    accepted(statement(timestamp="2999-01-01T00:00:00Z"), version)


@pytest.mark.parametrize(
    ("sent", "given_back"),
    [
        ("2008-09-15T15:53:00.601Z", "2008-09-15T15:53:00.601Z"),
        ("2008-09-15T15:53:00.601+07:00", "2008-09-15T08:53:00.601Z"),
        ("2008-09-15T23:53:00.123456789-05:30", "2008-09-16T05:23:00.123456789Z"),
        ("2008-09-15T15:53:00+0000", "2008-09-15T15:53:00Z"),
        (SPACED, "2008-09-15T15:53:00.601Z"),
        ("2017-01-01T06:59:60+07:00", "2016-12-31T23:59:60Z"),
        ("2008-09-15T15:53:00", "2008-09-15T15:53:00Z"),
    ],
)
def test_in_utc_a_moment_keeps_its_precision(sent: str, given_back: str) -> None:
    assert in_utc(sent) == given_back
    assert moment(sent, "x", spaced=True) == moment(given_back, "x")
    assert in_utc(given_back) == given_back
