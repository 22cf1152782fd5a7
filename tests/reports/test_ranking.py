"""Agencies stand among those like them: by the province's formula, with an interval, and with a rank only where that is sure enough."""

from __future__ import annotations

from decimal import Decimal
from math import sqrt
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.kit.errors import DomainError
from lms.reports.rules import score_for_rank
from lms.reports.rules.ranking import (
    SCALE,
    RankSettings,
    Rival,
    SizeClass,
    StandingBand,
    depths,
    score_with_interval,
    size_class,
    standings,
    wilson,
)
from lms.results.rules import Figures, PassRate

ALL_ALIKE = (SizeClass("all", 0),)


def of(expected: int, took_part: int, passed: int, mean: int = 70) -> Figures:
    return Figures(expected=expected, took_part=took_part, passed=passed, score_hundredths=took_part * mean * 100)


def rival(number: int, figures: Figures, block: str = "so_nganh", depth: int = 1) -> Rival:
    return Rival(UUID(int=number), block, "tinh", depth, figures)


@st.composite
def figures(draw: st.DrawFn) -> Figures:
    expected = draw(st.integers(1, 3000))
    took_part = draw(st.integers(0, expected))
    return of(expected, took_part, draw(st.integers(0, took_part)), draw(st.integers(0, 100)))


@given(st.integers(1, 100_000), st.data())
def test_the_interval_of_a_share_is_wilsons(people: int, data: st.DataObject) -> None:
    reached = data.draw(st.integers(0, people))
    share, low, high = (value / SCALE for value in wilson(reached, people, people))
    z, p = 1.959964, reached / people
    middle, half = p + z * z / (2 * people), z * sqrt(p * (1 - p) / people + z * z / (4 * people * people))
    assert share == pytest.approx(p, abs=1e-6)
    assert low == pytest.approx((middle - half) / (1 + z * z / people), abs=1e-6)
    assert high == pytest.approx((middle + half) / (1 + z * z / people), abs=1e-6)


@given(figures())
def test_the_score_is_that_of_the_formula_and_lies_in_its_interval(one: Figures) -> None:
    score, low, high = score_with_interval(one, RankSettings())
    assert 0 <= low <= score <= high <= 10_000
    # The older formula rounds the mean score to a tenth of a point first.
    assert abs(Decimal(score) / 100 - score_for_rank(one)) <= Decimal("0.02")


@given(figures(), st.integers(2, 50))
def test_more_people_with_the_same_rates_make_the_interval_narrower(one: Figures, times: int) -> None:
    many = sum([one] * times, Figures())
    few_score, few_low, few_high = score_with_interval(one, RankSettings())
    score, low, high = score_with_interval(many, RankSettings())
    assert abs(score - few_score) <= 1
    assert high - low <= few_high - few_low


def test_weights_and_the_pass_rate_are_settings() -> None:
    one = of(100, 50, 40)
    assert score_with_interval(one, RankSettings(weights=(100, 0, 0)))[0] == 5000
    assert score_with_interval(one, RankSettings(weights=(0, 100, 0)))[0] == 4000
    assert score_with_interval(one, RankSettings(weights=(0, 100, 0), pass_rate=PassRate.OF_THOSE_WHO_TOOK_PART))[0] == 8000
    assert score_with_interval(one, RankSettings(weights=(0, 0, 100)))[0] == 7000
    with pytest.raises(DomainError):
        RankSettings(weights=(50, 50, 50))
    with pytest.raises(DomainError):
        RankSettings(size_classes=(SizeClass("large", 10),))


def test_settings_are_kept_as_plain_values() -> None:
    chosen = RankSettings(weights=(50, 30, 20), pass_rate=PassRate.OF_THOSE_WHO_TOOK_PART, widest=900)
    assert RankSettings.from_json(chosen.as_json()) == chosen


def test_large_agencies_have_ranks_equal_ones_share_them_and_the_next_is_as_many_further() -> None:
    found = standings(
        [rival(1, of(900, 900, 890)), rival(2, of(900, 880, 700)), rival(3, of(900, 880, 700)), rival(4, of(900, 500, 100))], RankSettings()
    )
    assert [(found[UUID(int=one)].rank, found[UUID(int=one)].of) for one in (1, 2, 3, 4)] == [(1, 4), (2, 4), (2, 4), (4, 4)]


def test_where_the_interval_is_wide_there_is_a_band_and_no_rank() -> None:
    settings = RankSettings(size_classes=ALL_ALIKE)
    found = standings(
        [rival(1, of(900, 810, 700)), rival(2, of(20, 20, 20, 100)), rival(3, of(20, 3, 0, 10)), rival(4, of(20, 18, 15))], settings
    )
    assert [found[UUID(int=one)].band for one in (1, 2, 3, 4)] == [None, StandingBand.ABOVE, StandingBand.BELOW, StandingBand.MIDDLE]
    assert [found[UUID(int=one)].rank for one in (1, 2, 3, 4)] == [1, None, None, None]
    assert [found[UUID(int=one)].of for one in (1, 2)] == [1, 4]


def test_rivals_are_of_one_block_one_depth_and_one_size_class_and_the_smallest_have_no_standing() -> None:
    many = of(500, 450, 400)
    found = standings(
        [
            rival(1, many),
            rival(2, many, block="xa_phuong"),
            rival(3, many, depth=2),
            rival(4, of(50, 45, 40)),
            rival(5, of(4, 4, 4)),
            rival(6, many, depth=0),
        ],
        RankSettings(widest=10_000),
    )
    assert {one.int: standing.of for one, standing in found.items()} == {1: 1, 2: 1, 3: 1, 4: 1}


@pytest.mark.parametrize(("people", "name"), [(0, "small"), (29, "small"), (30, "medium"), (99, "medium"), (100, "large"), (9000, "large")])
def test_size_classes_begin_where_the_setting_says(people: int, name: str) -> None:
    assert size_class(people, RankSettings()) == name


@given(st.lists(figures(), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_the_order_in_which_agencies_come_makes_no_difference(all_of_them: list[Figures], random: st.DataObject) -> None:
    rivals = [rival(number, one) for number, one in enumerate(all_of_them)]
    shuffled = list(rivals)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert standings(rivals, RankSettings()) == standings(shuffled, RankSettings())


def test_depth_is_counted_from_the_top_whatever_the_order() -> None:
    one, two, three = (UUID(int=number) for number in (1, 2, 3))
    assert depths({three: two, two: one, one: None}) == depths({one: None, two: one, three: two}) == {one: 0, two: 1, three: 2}
    assert depths({three: two}) == {three: 0}
