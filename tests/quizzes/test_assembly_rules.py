"""Parallel forms: what always holds, and that every limit is either kept or the breach reported."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.kit.errors import DomainError
from quizzes.rules.assembly import AssemblyLimits, BankTooSmallError, Candidate, Cell, draw_forms, enemies_of, key_class
from quizzes.rules.assembly.drawing import EnemiesInTheWayError
from quizzes.rules.form_check import Papers, Paperwork, Placed, Severity, check_forms, figures_of

FIRST, LAST = date(2026, 11, 1), date(2026, 12, 15)
LEVELS = ("NB", "TH", "VD")
KEYS = ("A", "B", "C", "D", "true", "false", None)


def candidate(number: int, topic: str = "X", level: str = "NB", **changes: object) -> Candidate:
    values = {"facility": 0.6, "key": None, **changes}
    return Candidate(UUID(int=number), UUID(int=number), f"C-{number:04d}", topic, level, **values)  # type: ignore[arg-type]


@st.composite
def banks(draw: st.DrawFn) -> tuple[list[Candidate], list[Cell]]:
    found, cells = [], []
    for topic in "XYZ"[: draw(st.integers(1, 3))]:
        for level in LEVELS[: draw(st.integers(1, 3))]:
            have = draw(st.integers(1, 12))
            cells.append(Cell(topic, level, draw(st.integers(1, have))))
            for _ in range(have):
                found.append(
                    candidate(
                        len(found) + 1,
                        topic,
                        level,
                        facility=draw(st.floats(0.1, 0.95)),
                        key=draw(st.sampled_from(KEYS)),
                        recent=draw(st.integers(0, 4)),
                        anchor=draw(st.booleans()),
                    )
                )
    return found, cells


limits = st.builds(
    AssemblyLimits,
    forms=st.integers(1, 8),
    seed=st.integers(0, 2**40),
    overlap_limit=st.integers(0, 100),
    exposure_limit=st.integers(1, 100),
    recent_limit=st.integers(0, 4),
    anchors=st.integers(0, 6),
    difficulty_target=st.none() | st.floats(0.05, 0.95),
    key_limit=st.integers(25, 100),
)


def placed(papers: list[list[UUID]], pool: list[Candidate]) -> Papers:
    by_version = {one.version: one for one in pool}
    return {
        number: [
            Placed(slot, by_version[version], "approved", "both", date(2020, 1, 1), date(9999, 12, 31))
            for slot, version in enumerate(paper, 1)
        ]
        for number, paper in enumerate(papers, 1)
    }


@settings(max_examples=80, deadline=None)
@given(banks(), limits, st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), max_size=6))
def test_every_form_has_the_blueprint_and_every_breach_of_a_limit_is_reported(
    bank: tuple[list[Candidate], list[Cell]], within: AssemblyLimits, pairs: list[tuple[int, int]]
) -> None:
    pool, cells = bank
    foes = enemies_of((UUID(int=one), UUID(int=other)) for one, other in pairs)
    try:
        drawn = draw_forms(pool, cells, within, foes)
    except EnemiesInTheWayError:
        assert foes  # never without reason; that there is no other way is not promised
        return
    assert drawn == draw_forms(list(reversed(pool)), cells, within, foes)
    papers = placed(drawn, pool)
    findings = check_forms(papers, Paperwork(cells, within, foes, FIRST, LAST))
    assert len(drawn) == within.forms
    assert not [one for one in findings if one.blocking]
    told = {one.code for one in findings}
    size = sum(cell.count for cell in cells)
    for one, other in combinations(drawn, 2):
        assert len(set(one) & set(other)) <= size * within.overlap_limit // 100 or "overlap" in told
    uses = Counter(version for paper in drawn for version in paper)
    assert max(uses.values()) <= max(1, within.forms * within.exposure_limit // 100) or "exposure" in told
    for paper in papers.values():
        assert sum(one.candidate.anchor for one in paper) >= within.anchors or "anchors" in told
        assert all(one.candidate.recent <= within.recent_limit or one.candidate.anchor for one in paper) or "recent" in told


@given(st.integers(0, 2**40), st.sampled_from([None, 0.2, 0.9]))
def test_where_every_item_of_a_cell_is_needed_its_rest_leaves_the_anchors_alone(seed: int, difficulty: float | None) -> None:
    pool = [candidate(10 * place + number, topic, anchor=number <= 3) for place, topic in enumerate("XYZ") for number in range(1, 11)]
    limits = AssemblyLimits(forms=10, seed=seed, anchors=6, overlap_limit=100, exposure_limit=100, difficulty_target=difficulty)
    for paper in draw_forms(pool, [Cell(topic, "NB", 10) for topic in "XYZ"], limits):
        assert len(set(paper)) == 30


@given(st.integers(1, 20), st.integers(4, 15), st.integers(1, 4), st.integers(0, 2**40))
def test_without_other_wishes_every_item_of_a_cell_is_used_about_equally_often(forms: int, have: int, count: int, seed: int) -> None:
    pool = [candidate(number) for number in range(1, have + 1)]
    drawn = draw_forms(pool, [Cell("X", "NB", count)], AssemblyLimits(forms=forms, seed=seed, overlap_limit=100, exposure_limit=100))
    uses = Counter(version for paper in drawn for version in paper)
    assert max(uses.values()) - min(uses[one.version] for one in pool) <= 1


def test_a_bank_that_is_too_small_names_every_cell_by_its_topic() -> None:
    with pytest.raises(BankTooSmallError) as refused:
        draw_forms(
            [candidate(1)],
            [Cell("X", "NB", 2), Cell("X", "VD", 1), Cell("X", "NB", 1)],
            AssemblyLimits(),
            topics={"X": "Dữ liệu"},
        )
    assert "Dữ liệu – NB: 1/3; Dữ liệu – VD: 0/1" in str(refused.value)


def test_forms_are_equally_hard_though_the_items_are_not() -> None:
    pool = [candidate(n, "XYZ"[n % 3], facility=0.2 + 0.7 * (n * 37 % 100) / 100) for n in range(1, 301)]
    cells = [Cell(topic, "NB", 5) for topic in "XYZ"]
    drawn = draw_forms(pool, cells, AssemblyLimits(forms=40, seed=5, difficulty_tolerance=0.02))
    figures = figures_of(placed(drawn, pool))
    assert max(figures.difficulty.values()) - min(figures.difficulty.values()) <= 0.02
    assert figures.most_used <= 4  # evenly: 40 × 15 places for 300 items


def test_a_wanted_difficulty_is_reached_where_the_bank_can_and_reported_where_it_cannot() -> None:
    pool = [candidate(n, facility=0.3 + 0.6 * (n % 50) / 50) for n in range(200)]
    cells = [Cell("X", "NB", 10)]
    for target, told in ((0.5, False), (0.05, True)):
        within = AssemblyLimits(forms=10, seed=1, difficulty_target=target, exposure_limit=20)
        papers = placed(draw_forms(pool, cells, within), pool)
        codes = {one.code for one in check_forms(papers, Paperwork(cells, within, {}, FIRST, LAST))}
        assert ("difficulty" in codes) is told


def test_every_form_has_its_share_of_anchors_and_rested_items_stay_out_while_there_are_others() -> None:
    pool = [candidate(n, "XY"[n % 2], anchor=n % 5 == 0, recent=4 if n % 3 == 0 else 0) for n in range(200)]
    cells = [Cell("X", "NB", 6), Cell("Y", "NB", 6)]
    papers = placed(draw_forms(pool, cells, AssemblyLimits(forms=20, seed=9, anchors=4)), pool)
    for paper in papers.values():
        assert Counter(one.candidate.topic for one in paper if one.candidate.anchor) == {"X": 2, "Y": 2}
        assert all(one.candidate.anchor or one.candidate.recent == 0 for one in paper)


def test_keys_are_spread_over_the_letters() -> None:
    pool = [candidate(n, key="A" if n % 10 < 6 else "BCD"[n % 3]) for n in range(100)]
    within = AssemblyLimits(forms=12, seed=2, key_limit=40)
    papers = placed(draw_forms(pool, [Cell("X", "NB", 10)], within), pool)
    figures = figures_of(papers)
    few = [number for number, keys in figures.keys.items() if max(keys.values()) > 4]
    told = [one for one in check_forms(papers, Paperwork([Cell("X", "NB", 10)], within, {}, FIRST, LAST)) if one.code == "keys"]
    assert tuple(few) == (told[0].forms if told else ())
    assert len(few) < 12  # six in ten have A: not every form can do without


def test_items_that_exclude_each_other_never_meet_even_where_a_form_needs_nearly_all() -> None:
    pool = [candidate(n) for n in range(1, 9)]
    foes = enemies_of([(UUID(int=1), UUID(int=2)), (UUID(int=3), UUID(int=4))])
    for paper in draw_forms(pool, [Cell("X", "NB", 6)], AssemblyLimits(forms=15, seed=4), foes):
        assert not {UUID(int=1), UUID(int=2)} <= set(paper)
        assert not {UUID(int=3), UUID(int=4)} <= set(paper)
    with pytest.raises(EnemiesInTheWayError) as refused:
        draw_forms(pool, [Cell("X", "NB", 7)], AssemblyLimits(forms=1), foes)
    assert "X – NB" in str(refused.value)


@pytest.mark.parametrize(
    ("stored", "field"),
    [
        ({"forms": 0}, "forms"),
        ({"forms": 501}, "forms"),
        ({"forms": True}, "forms"),
        ({"forms": "20"}, "forms"),
        ({"overlap_limit": 101}, "overlap_limit"),
        ({"exposure_limit": 0}, "exposure_limit"),
        ({"difficulty_target": 1.0}, "difficulty_target"),
        ({"anchor_codes": "A"}, "anchor_codes"),
        ({"anchor_codes": [1]}, "anchor_codes"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_limits_that_make_no_sense_are_refused_by_name(stored: dict[str, object], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        AssemblyLimits.from_json(stored)
    assert refused.value.field == field


@given(limits)
def test_limits_come_back_from_what_is_stored(within: AssemblyLimits) -> None:
    assert AssemblyLimits.from_json(within.to_json()) == within


def test_the_place_of_a_key_is_known_for_single_choice_and_true_false_alone() -> None:
    body = {"options": [{"id": "x"}, {"id": "y"}]}
    assert key_class("single_choice", body, ["y"]) == "B"
    assert key_class("true_false", {}, ["false"]) == "false"
    assert key_class("multiple_choice", body, ["x"]) is None
    assert key_class("single_choice", body, ["z"]) is None


def paper_of(*found: Placed) -> Papers:
    return {1: found}


def one(number: int, **changes: object) -> Placed:
    values = {"state": "approved", "purpose": "both", "valid_from": date(2020, 1, 1), "valid_to": date(9999, 12, 31), **changes}
    return Placed(number, candidate(number), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("papers", "code"),
    [
        ({}, "no_forms"),
        (paper_of(one(1)), "blueprint"),
        (paper_of(one(1), one(1)), "twice"),
        (paper_of(one(1), one(2, state="retired")), "not_approved"),
        (paper_of(one(1), one(2, valid_to=LAST)), "not_valid"),
        (paper_of(one(1), one(2, valid_from=LAST)), "not_valid"),
        (paper_of(one(1), one(2, purpose="practice")), "wrong_purpose"),
        (paper_of(one(1), one(9)), "enemies"),
    ],
)
def test_a_form_that_must_not_be_used_blocks_the_opening(papers: Papers, code: str) -> None:
    foes = enemies_of([(UUID(int=1), UUID(int=9))])
    findings = check_forms(papers, Paperwork([Cell("X", "NB", 2)], AssemblyLimits(forms=1), foes, FIRST, LAST))
    blocking = [finding for finding in findings if finding.severity is Severity.BLOCKING]
    assert code in {finding.code for finding in blocking}
    for finding in blocking:
        assert str(finding)


def test_a_form_that_is_sound_has_nothing_said_against_it() -> None:
    within = AssemblyLimits(forms=1, exposure_limit=100)
    assert check_forms(paper_of(one(1), one(2)), Paperwork([Cell("X", "NB", 2)], within, {}, FIRST, LAST)) == []


def test_practice_takes_items_of_its_own() -> None:
    against = Paperwork([Cell("X", "NB", 1)], AssemblyLimits(forms=1), {}, FIRST, LAST, purpose="practice")
    assert [one.code for one in check_forms(paper_of(one(1, purpose="exam")), against)] == ["wrong_purpose"]
    assert check_forms(paper_of(one(1, purpose="practice")), against) == []


def test_a_form_that_cannot_be_drawn_is_told_with_the_name_of_its_topic() -> None:
    pool = [candidate(n) for n in range(1, 4)]
    foes = enemies_of([(UUID(int=1), UUID(int=2)), (UUID(int=2), UUID(int=3)), (UUID(int=1), UUID(int=3))])
    for cells, foes_of in (([Cell("X", "NB", 2)], foes), ([Cell("X", "NB", 9)], None)):
        with pytest.raises(DomainError, match="Văn hoá số"):
            draw_forms(pool, cells, AssemblyLimits(forms=1), foes_of, topics={"X": "Văn hoá số"})
