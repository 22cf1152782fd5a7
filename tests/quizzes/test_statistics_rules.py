"""Item and form statistics against worked examples of the literature, and what must hold of any answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import log, sqrt
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizzes.rules.statistics import (
    NOT_ANSWERED,
    Answered,
    Change,
    Flag,
    FormFigures,
    ItemFigures,
    RoundTally,
    Thirds,
    compare_forms,
    drifts,
    flags_of,
    link_by_anchors,
    median_of,
    suspicion,
    thirds_of,
)

T = datetime(2026, 11, 22, 2, tzinfo=UTC)
FORM = UUID(int=1)
THIRDS = Thirds(30, 70)

# K. L. Wuensch, “The Kuder-Richardson 20” (East Carolina University, https://core.ecu.edu/wuenschk/StatHelp/KR20.txt): ten students,
# a quiz of ten items; p·q of each item and the variance of the totals, 5.84, are printed there.
QUIZ = [
    "1111110110",
    "1011011101",
    "1111011001",
    "0010001000",
    "0000010010",
    "1110111111",
    "1101110111",
    "1111111101",
    "0101111101",
    "1101101110",
]

# Law School Admission Test, section 6, 1,000 people, five items: R. D. Bock and M. Lieberman, “Fitting a response model for n
# dichotomously scored items”, Psychometrika 35 (1970). Alpha and point-biserials as `descript(LSAT)` prints them: D. Rizopoulos, “ltm: An R
# Package for Latent Variable Modeling and Item Response Theory Analyses”, Journal of Statistical Software 17(5) (2006).
LSAT = {
    "00000": 3, "00001": 6, "00010": 2, "00011": 11, "00100": 1, "00101": 1, "00110": 3, "00111": 4,
    "01000": 1, "01001": 8, "01011": 16, "01101": 3, "01110": 2, "01111": 15,
    "10000": 10, "10001": 29, "10010": 14, "10011": 81, "10100": 3, "10101": 28, "10110": 15, "10111": 80,
    "11000": 16, "11001": 56, "11010": 21, "11011": 173, "11100": 11, "11101": 61, "11110": 28, "11111": 298,
}  # fmt: skip
LSAT_FACILITY = [0.924, 0.709, 0.553, 0.763, 0.870]
LSAT_CORRECTED = [0.1128, 0.1532, 0.1728, 0.1444, 0.1216]
LSAT_ALPHA = 0.2950


def version(slot: int) -> UUID:
    return UUID(int=100 + slot)


def tally_of(rows: list[str]) -> RoundTally:
    slots = range(1, len(rows[0]) + 1)
    tally = RoundTally({FORM: {slot: version(slot) for slot in slots}}, THIRDS)
    for row in rows:
        tally.add(FORM, T, {slot: Answered(["b" if mark == "1" else "a"], int(mark), None) for slot, mark in zip(slots, row, strict=True)})
    return tally


def test_kr20_of_the_worked_example() -> None:
    figures = tally_of(QUIZ).form(FORM)
    assert figures is not None
    assert figures.kr20
    sum_pq = 0.21 + 0.21 + 0.24 + 0.21 + 0.24 + 0.16 + 0.21 + 0.21 + 0.25 + 0.24
    assert figures.alpha == pytest.approx(10 / 9 * (1 - sum_pq / 5.84))
    assert figures.mean == pytest.approx(66)
    assert figures.sd == pytest.approx(10 * sqrt(5.84 * 10 / 9))  # printed with n, ours has n − 1
    assert figures.sem == pytest.approx(figures.sd * sqrt(1 - figures.alpha))
    facilities = [tally_of(QUIZ).items()[version(slot)].facility for slot in range(1, 11)]
    assert facilities == pytest.approx([0.7, 0.7, 0.6, 0.7, 0.6, 0.8, 0.7, 0.7, 0.5, 0.6])


def test_item_figures_of_the_law_school_admission_test() -> None:
    tally = tally_of([row for row, people in LSAT.items() for _ in range(people)])
    items, form = tally.items(), tally.form(FORM)
    assert [items[version(slot)].facility for slot in range(1, 6)] == pytest.approx(LSAT_FACILITY)
    assert [round(items[version(slot)].discrimination or 9, 4) for slot in range(1, 6)] == LSAT_CORRECTED
    assert form is not None
    assert form.n == 1000
    assert round(form.alpha or 9, 4) == LSAT_ALPHA
    assert [form.distribution[place] for place in (0, 2, 4, 6, 8, 9)] == [3, 20, 85, 237, 357, 298]


def test_people_dealt_to_two_copies_of_a_form_give_the_figures_of_one() -> None:
    """Within forms: a form that is harder for everybody changes nobody's place."""
    rows = [row for row, people in LSAT.items() for _ in range(people)]
    one = tally_of(rows + rows)
    other = UUID(int=2)
    paper = {slot: version(slot) for slot in range(1, 6)}
    two = RoundTally({FORM: paper, other: paper}, THIRDS)
    for form in (FORM, other):
        for row in rows:
            two.add(form, T, {slot: Answered(["b"], int(mark), None) for slot, mark in enumerate(row, 1)})
    for slot in range(1, 6):
        assert two.items()[version(slot)].discrimination == pytest.approx(one.items()[version(slot)].discrimination)
    together, single = two.together(), one.form(FORM)
    assert together is not None
    assert single is not None
    assert together.alpha == pytest.approx(single.alpha)


@given(st.lists(st.text("01", min_size=4, max_size=4), min_size=2, max_size=40))
def test_figures_stay_within_their_bounds(rows: list[str]) -> None:
    tally = tally_of(rows)
    form = tally.form(FORM)
    assert form is not None
    assert sum(form.distribution) == form.n == len(rows)
    assert form.alpha is None or form.alpha <= 1 + 1e-9
    assert 0 <= form.lowest <= form.mean + 1e-9
    assert form.mean <= form.highest + 1e-9
    for item in tally.items().values():
        assert 0 <= item.facility <= 1
        assert item.discrimination is None or -1 <= item.discrimination <= 1
        assert sum(sum(counts) for counts in item.options.values()) == item.n


@given(st.dictionaries(st.integers(0, 100).map(float), st.integers(1, 50), min_size=1, max_size=30))
def test_each_outer_third_is_the_smallest_group_of_whole_scores_with_a_third_of_the_people(scores: dict[float, int]) -> None:
    thirds, total = thirds_of(scores), sum(scores.values())
    held = [sum(count for score, count in scores.items() if thirds.of(score) == third) for third in range(3)]
    assert sum(held) == total
    if held[0] or held[2]:
        for third, edge in ((0, thirds.low), (2, thirds.high)):
            assert 3 * held[third] >= total
            assert 3 * (held[third] - scores[edge]) < total


def test_what_is_left_out_is_counted_as_not_answered_and_takes_no_time() -> None:
    tally = RoundTally({FORM: {1: version(1), 2: version(2), 3: version(3)}}, THIRDS)
    saved = {1: 90, 3: 30}
    tally.add(FORM, T, {slot: Answered(["b"], 1, T + timedelta(seconds=after)) for slot, after in saved.items()})
    items = tally.items()
    assert items[version(2)].omitted == 1
    assert items[version(2)].options == {NOT_ANSWERED: [0, 1, 0]}
    assert [items[version(slot)].median_seconds for slot in (1, 2, 3)] == [60, None, 30]  # the third was answered first


def test_answers_that_came_all_at_once_say_nothing_of_time() -> None:
    tally = RoundTally({FORM: {1: version(1), 2: version(2)}}, THIRDS)
    tally.add(FORM, T, {slot: Answered(["b"], 1, T + timedelta(seconds=600)) for slot in (1, 2)})
    assert [tally.items()[version(slot)].median_seconds for slot in (1, 2)] == [None, None]


def test_partial_points_give_alpha_that_is_not_called_kr20() -> None:
    tally = RoundTally({FORM: {1: version(1), 2: version(2)}}, THIRDS)
    for first, second in ((0.5, 1.0), (0.0, 0.5), (1.0, 1.0)):
        tally.add(FORM, T, {1: Answered(["x"], first, None), 2: Answered(["x"], second, None)})
    form = tally.form(FORM)
    assert form is not None
    assert not form.kr20
    assert form.alpha == pytest.approx(2 * (1 - (0.25 + 1 / 12) / (7 / 12)))


@pytest.mark.parametrize(("counts", "middle"), [({3: 1}, 3), ({1: 1, 9: 1}, 1), ({1: 1, 5: 2, 9: 1}, 5), ({}, None)])
def test_the_median_of_counted_numbers(counts: dict[int, int], middle: int | None) -> None:
    assert median_of(counts) == middle


def figures(n: int = 200, p: float = 0.6, r: float | None = 0.4, options: dict[str, list[int]] | None = None) -> ItemFigures:
    return ItemFigures(n=n, facility=p, discrimination=r, omitted=0, median_seconds=40, options=options or {})


@pytest.mark.parametrize(
    ("item", "flags"),
    [
        (figures(), []),
        (figures(p=0.19), [Flag.HARD]),
        (figures(p=0.2), []),
        (figures(p=0.91), [Flag.EASY]),
        (figures(r=0.19), [Flag.WEAK]),
        (figures(r=-0.01), [Flag.NEGATIVE]),
        (figures(r=None), []),
        (figures(n=99, p=0.01, r=-1.0), []),
        (figures(options={"a": [3, 3, 3], "b": [50, 50, 91]}), [Flag.IDLE_OPTION]),
        (figures(options={"a": [4, 3, 3], "b": [50, 50, 90]}), []),
    ],
)
def test_an_item_is_flagged_by_the_stated_limits_and_never_below_a_hundred_sittings(item: ItemFigures, flags: list[Flag]) -> None:
    assert flags_of(item, ["a"] if item.options else []) == flags


def test_a_doubtful_key_comes_before_everything_else() -> None:
    lighter = [Flag.HARD, Flag.WEAK, Flag.DRIFT, Flag.EASY, Flag.IDLE_OPTION]
    assert suspicion([Flag.NEGATIVE]) > suspicion(lighter)
    assert suspicion([Flag.HARD]) > suspicion(lighter[1:])


def shifted(p: float, by: float) -> float:
    odds = p / (1 - p) * 2.718281828**by
    return odds / (1 + odds)


def test_drift_is_what_an_item_changed_beyond_the_others() -> None:
    """Everybody knows more (0.5 logits, slightly different from item to item); one item became much easier, as one that was passed on."""
    before = [0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7]
    noise = [0.05, -0.05, 0.02, -0.02, 0.04, -0.04, 0.0]
    changes = [Change(place, p, 2000, shifted(p, 0.5 + by), 2000) for place, (p, by) in enumerate(zip(before, noise, strict=True))]
    changes[2] = Change(2, 0.5, 2000, shifted(0.5, 1.6), 2000)
    found = drifts(changes)
    assert [key for key, drift in found.items() if drift.notable] == [2]
    assert found[2].relative
    assert found[2].change == pytest.approx(1.6 - found[2].usual)
    assert found[2].usual == pytest.approx(0.5, abs=0.05)


def test_few_shared_items_are_compared_by_their_shares_alone() -> None:
    found = drifts([Change("a", 0.5, 400, 0.7, 400), Change("b", 0.5, 400, 0.55, 400)])
    assert not found["a"].relative
    assert found["a"].z == pytest.approx(0.2 / sqrt(0.6 * 0.4 / 200))
    assert found["a"].notable
    assert not found["b"].notable


def test_nobody_and_everybody_right_still_have_a_logit() -> None:
    found = drifts([Change("a", 0.0, 100, 1.0, 100)])
    assert found["a"].change == pytest.approx(2 * log(99.5 / 0.5))


def form_figures(n: int, mean: float, sd: float) -> FormFigures:
    return FormFigures(n, mean, sd, 0.8, True, 5.0, 0.0, 100.0, [0] * 10)


def test_a_harder_form_is_named_and_its_pass_mark_equated() -> None:
    together = form_figures(1000, 65, 15)
    found = compare_forms({1: form_figures(100, 57, 12), 2: form_figures(100, 66, 15)}, together, pass_mark=50)
    assert found[1].notable
    assert not found[2].notable
    assert found[1].error == pytest.approx(15 * sqrt(1 / 100 - 1 / 1000))
    assert found[1].pass_mark == pytest.approx(57 - 12 / 15 * 15)


def test_anchors_tell_people_who_know_more_from_papers_that_are_easier() -> None:
    """The forms are known to be five points easier and the people to know three points more: both are found again."""
    shared = [Change(place, p, 5000, p + 0.03, 5000) for place, p in enumerate((0.4, 0.5, 0.6, 0.7))]
    link = link_by_anchors(shared, mean_before=60, mean_now=68)
    assert link is not None
    assert link.people == pytest.approx(3)
    assert link.forms == pytest.approx(5)
    assert 0 < link.error < 1
    assert link_by_anchors([], 60, 68) is None
