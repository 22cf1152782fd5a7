"""The audience rule with its reasons, counting attempts, ranking a contest, spreading agencies, the calendar of a year."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.kit.clock import Quarter
from lms.kit.errors import DomainError
from lms.kit.working_days import holidays_of, is_working_day
from quizzes.rules.audience import LISTED, AudienceRule, Facts, Verdict, decide, verdict_of
from quizzes.rules.calendar import OtherRound, Phase, PlannedDates, date_findings, moved, phases, usual_dates
from quizzes.rules.contests import Entry, ranking
from quizzes.rules.counting import counted
from quizzes.rules.rounds import Purpose, RoundSettings
from quizzes.rules.windows import SecondChance, Span, TurnKind, block_of_agency, even_spans, spread_units, turn_of, units

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
PROVINCE, HEALTH, HOSPITAL, WARD = (UUID(int=number) for number in range(1, 5))
TREE = {PROVINCE: [PROVINCE], HEALTH: [HEALTH, PROVINCE], HOSPITAL: [HOSPITAL, HEALTH, PROVINCE], WARD: [WARD, PROVINCE]}


def facts(agency: UUID = HOSPITAL, **changes: Any) -> Facts:
    return Facts(**{"group": "N2", "above": TREE[agency], "duty": "none", "absence": None, **changes})


@pytest.mark.parametrize(
    ("rule", "about", "verdict"),
    [
        (AudienceRule(), facts(), Verdict.EXPECTED),
        (AudienceRule(), facts(absence="maternity"), Verdict.EXCUSED),
        (AudienceRule(excuses=frozenset({"maternity"})), facts(absence="study"), Verdict.EXPECTED),
        (AudienceRule(excuses=frozenset()), facts(absence="maternity"), Verdict.EXPECTED),
        (AudienceRule(groups=frozenset({"N1"})), facts(), Verdict.OTHER_GROUP),
        (AudienceRule(agencies=frozenset({HEALTH})), facts(), Verdict.EXPECTED),
        (AudienceRule(agencies=frozenset({HEALTH})), facts(WARD), Verdict.OTHER_AGENCY),
        (AudienceRule(excepted=frozenset({HEALTH})), facts(), Verdict.EXCEPTED_AGENCY),
        (AudienceRule(agencies=frozenset({HOSPITAL}), excepted=frozenset({HEALTH})), facts(), Verdict.EXPECTED),
        (AudienceRule(agencies=frozenset({HOSPITAL}), excepted=frozenset({HEALTH})), facts(HEALTH), Verdict.EXCEPTED_AGENCY),
        (AudienceRule(duties=frozenset({"full_time"})), facts(), Verdict.OTHER_DUTY),
        (AudienceRule(duties=frozenset({"full_time"})), facts(duty="full_time"), Verdict.EXPECTED),
        (AudienceRule(), Facts(), Verdict.NO_POST),
        (AudienceRule(), Facts(joined_on=date(2026, 12, 1)), Verdict.CAME_LATER),
    ],
)
def test_a_rule_says_who_is_meant_and_gives_its_reasons(rule: AudienceRule, about: Facts, verdict: Verdict) -> None:
    decision = decide(rule, about)
    assert decision.verdict == verdict
    assert decision.excluded_because == (about.absence if verdict == Verdict.EXCUSED else None)
    assert decision.lines, "every decision has a reason to be read"
    assert all(line.holds for line in decision.lines) == (verdict == Verdict.EXPECTED)


@given(
    st.builds(
        AudienceRule,
        groups=st.frozensets(st.sampled_from(["N1", "N2"])),
        agencies=st.frozensets(st.sampled_from(sorted(TREE))),
        excepted=st.frozensets(st.sampled_from(sorted(TREE))),
        duties=st.frozensets(st.sampled_from(["full_time", "part_time"])),
        excuses=st.none() | st.frozensets(st.sampled_from(["sick", "study"])),
    ),
    st.sampled_from(sorted(TREE)),
    st.sampled_from(["N1", "N2"]),
    st.sampled_from(["none", "full_time"]),
    st.sampled_from([None, "sick", "study", "thai sản"]),
)
def test_rules_survive_storing_and_the_quick_answer_is_the_explained_one(
    rule: AudienceRule, agency: UUID, group: str, duty: str, absence: str | None
) -> None:
    assert AudienceRule.from_json(rule.as_json()) == rule
    about = facts(agency, group=group, duty=duty, absence=absence)
    decision = decide(rule, about)
    assert decision.verdict == verdict_of(rule, about)
    assert decision.listed == (decision.verdict in LISTED)
    if not decision.listed:
        assert not decision.lines[-1].holds
    for line in decision.lines:
        assert line.text % dict.fromkeys(line.values, "x")


class _Try:
    def __init__(self, number: int, score: Decimal | None) -> None:
        self.number, self.score, self.submitted_at = number, score, None


@given(st.lists(st.none() | st.integers(0, 100).map(Decimal), max_size=6))
def test_the_highest_the_first_or_the_last_finished_attempt_counts(scores: list[Decimal | None]) -> None:
    tries = [_Try(number, score) for number, score in enumerate(scores, start=1)]
    marked = [one for one in tries if one.score is not None]
    if not marked:
        assert all(counted(tries, how) is None for how in ("highest", "first", "last"))
        return
    best = counted(tries, "highest")
    assert best is not None
    assert best.score == max(one.score or Decimal(0) for one in marked)
    assert best.number == min(one.number for one in marked if one.score == best.score)
    assert counted(tries, "first") is marked[0]
    assert counted(reversed(tries), "last") is marked[-1]


BEGIN = datetime(2026, 12, 1, tzinfo=UTC)
ENTRIES = st.lists(
    st.builds(
        Entry,
        person_id=st.uuids(),
        score=st.integers(0, 3).map(Decimal),
        guess=st.none() | st.integers(0, 5),
        used=st.integers(1, 3).map(lambda minutes: timedelta(minutes=minutes)),
        submitted_at=st.integers(0, 2).map(lambda hours: BEGIN + timedelta(hours=hours)),
    ),
    unique_by=lambda entry: entry.person_id,
    max_size=8,
)


@given(ENTRIES, st.none() | st.integers(0, 5), st.randoms())
def test_a_ranking_does_not_depend_on_the_order_and_a_higher_score_is_never_behind(
    entries: list[Entry], side: int | None, chance: Any
) -> None:
    placed = ranking(entries, side)
    shuffled = list(entries)
    chance.shuffle(shuffled)
    assert ranking(shuffled, side) == placed
    assert [one.place for one in placed] == sorted(one.place for one in placed)
    for before, after in itertools.pairwise(placed):
        assert before.entry.score >= after.entry.score
        if side is not None and before.entry.score == after.entry.score and after.entry.guess is not None:
            assert before.distance is not None
            assert after.distance is not None
            assert before.distance <= after.distance


def test_equal_scores_are_told_apart_by_guess_then_time_then_who_was_earlier() -> None:
    def entry(number: int, guess: int | None, minutes: int, hours: int) -> Entry:
        return Entry(UUID(int=number), Decimal(90), guess, timedelta(minutes=minutes), BEGIN + timedelta(hours=hours))

    entries = [entry(1, None, 1, 0), entry(2, 90, 9, 3), entry(3, 105, 8, 2), entry(4, 95, 8, 1), entry(5, 95, 8, 1)]
    placed = ranking(entries, 100)
    assert [(one.place, one.entry.person_id.int) for one in placed] == [(1, 4), (1, 5), (3, 3), (4, 2), (5, 1)]


@given(st.dictionaries(st.integers(0, 30), st.integers(1, 40), min_size=1), st.integers(2, 8), st.integers(40, 120))
def test_spreading_places_everybody_once_and_never_more_than_a_block_holds(own: dict[int, int], blocks: int, capacity: int) -> None:
    tops = [0, 1, 2]
    children = {parent: [child for child in range(3, 31) if child % 3 == parent] for parent in tops}
    parts = units(tops, children, own, capacity)
    assert sum(unit.people for unit in parts) == sum(own.values())
    try:
        filled = spread_units(parts, blocks, capacity)
    except DomainError:  # more people than the blocks hold, however they are spread
        return
    assert sorted(unit.root for block in filled for unit in block) == sorted(unit.root for unit in parts)
    assert all(sum(unit.people for unit in block) <= capacity for block in filled)
    rules: dict[int, tuple[object, bool]] = {unit.root: (number, unit.alone) for number, block in enumerate(filled) for unit in block}
    for agency in own:
        above = [agency] if agency in tops else [agency, agency % 3]
        assert block_of_agency(rules, above) is not None


def test_an_agency_larger_than_a_block_is_named() -> None:
    with pytest.raises(DomainError) as refused:
        units([1], {}, {1: 900}, 500)
    assert refused.value.code == "agency_over_capacity"


def test_blocks_follow_one_another_through_the_whole_window() -> None:
    whole = Span(BEGIN, BEGIN + timedelta(days=6, hours=9, minutes=30))
    spans = even_spans(whole, 7, ZONE)
    assert (spans[0].opens_at, spans[-1].closes_at) == (whole.opens_at, whole.closes_at)
    long = Span(BEGIN, BEGIN + timedelta(days=21))
    mornings = [span.opens_at.astimezone(ZONE) for span in even_spans(long, 5, ZONE)[1:]]
    assert all((one.hour, one.minute) == (7, 30) and is_working_day(one.date()) for one in mornings)
    assert all(one.closes_at <= other.opens_at for one, other in itertools.pairwise(spans))
    with pytest.raises(DomainError):
        even_spans(Span(BEGIN, BEGIN + timedelta(minutes=30)), 6, ZONE)


def test_no_block_begins_or_ends_at_night_where_a_short_window_is_open_by_day() -> None:
    opens, closes = (datetime(2026, 12, day, *hour, tzinfo=ZONE) for day, hour in ((14, (7, 30)), (16, (17, 0))))
    spans = even_spans(Span(opens, closes), 6, ZONE)
    hours = [(one.opens_at.strftime("%d %H:%M"), one.closes_at.strftime("%d %H:%M")) for one in spans]
    assert hours[:3] == [("14 07:30", "14 12:15"), ("14 12:15", "14 17:00"), ("15 07:30", "15 12:15")]
    assert hours[-1] == ("16 12:15", "16 17:00")
    night = even_spans(Span(opens, opens + timedelta(days=2)), 4, ZONE)  # day and night: nothing is left out
    assert all(one.closes_at == other.opens_at for one, other in itertools.pairwise(night))


def test_ones_own_block_then_the_make_up_sitting_is_the_window() -> None:
    whole = Span(BEGIN, BEGIN + timedelta(days=10))
    block = Span(BEGIN + timedelta(days=2), BEGIN + timedelta(days=3))
    again = SecondChance(Span(BEGIN + timedelta(days=12), BEGIN + timedelta(days=13)), 1)

    def at(days: float, **more: Any) -> Any:
        return turn_of("open", whole, 2, at=BEGIN + timedelta(days=days), **more)

    assert at(1).kind == TurnKind.WHOLE
    assert at(1, block=block).opens_at == block.opens_at
    assert at(5, block=block).closes_at == block.closes_at
    late = at(5, block=block, make_up=again)
    assert (late.kind, late.opens_at, late.attempts_allowed) == (TurnKind.MAKE_UP, again.span.opens_at, 1)
    assert late.used([BEGIN + timedelta(days=2), BEGIN + timedelta(days=12, hours=1)]) == 1
    assert at(2.5, block=block, make_up=again).kind == TurnKind.BLOCK


QUARTERS = st.builds(Quarter, st.integers(2024, 2030), st.integers(1, 4))


@given(QUARTERS)
def test_usual_dates_are_in_order_on_working_days_and_find_no_fault(quarter: Quarter) -> None:
    dates = usual_dates(quarter, ZONE)
    errors = [one for one in date_findings(dates, [], ZONE, counts=True) if one.hinders]
    assert errors == []
    spans = [span for span in phases(dates, ZONE) if span.planned and span.phase not in (Phase.PREPARE, Phase.PRACTICE)]
    assert [span.first for span in spans] == sorted(span.first for span in spans if span.first)
    assert is_working_day(dates.opens_at.astimezone(ZONE).date())


@given(QUARTERS, QUARTERS)
def test_dates_moved_to_another_quarter_stay_in_order_and_avoid_days_off(source: Quarter, target: Quarter) -> None:
    dates = moved(usual_dates(source, ZONE), source, target, ZONE)
    assert dates.opens_at < dates.closes_at
    assert is_working_day(dates.opens_at.astimezone(ZONE).date())
    assert is_working_day(dates.cutoff_day)
    assert dates.cutoff_day <= dates.opens_at.astimezone(ZONE).date()


def at(day: date, hour: int = 8) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)


def test_tet_weekends_overlaps_and_short_notice_are_found() -> None:
    tet = PlannedDates(
        cutoff_day=date(2026, 2, 20),
        opens_at=at(date(2026, 2, 14)),  # a Saturday
        closes_at=at(date(2026, 2, 20), 17),
        notice_on=date(2026, 2, 10),
        appeals_from=at(date(2026, 2, 15)),
        appeals_until=at(date(2026, 2, 18)),
        locks_at=at(date(2026, 2, 17)),
        publishes_on=date(2026, 2, 1),
    )
    other = OtherRound("Cuộc thi", Span(at(date(2026, 2, 1)), at(date(2026, 3, 1))))
    found = [one.text for one in date_findings(tet, [other], ZONE, counts=True)]
    wanted = (
        "không phải ngày làm việc",
        "Cả thời gian mở rơi vào ngày nghỉ",
        "Tết",
        "Trùng",
        "Thông báo trước",
        "Phúc khảo bắt đầu trước",
        "Khóa kết quả trước",
        "công bố trước",
        "Ngày chốt danh sách",
    )
    for words in wanted:
        assert any(words in text for text in found), words
    assert (date(2026, 2, 16), date(2026, 2, 20)) in holidays_of(2026)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"purpose": Purpose.PRACTICE, "code": "Có dấu"}, "code"),
        ({"purpose": Purpose.PRACTICE, "code": "2026-q4"}, "code"),
        ({"purpose": Purpose.PRACTICE, "code": "calendar"}, "code"),
        ({"purpose": Purpose.COURSE_TEST, "code": "cb1"}, "course"),
        ({"title": ""}, "title"),
        ({"closes_at": BEGIN}, "closes_at"),
        ({"counting": "best"}, "counting"),
        ({"appeals_from": BEGIN}, "appeals_until"),
        ({"attempts_allowed": 0}, "attempts_allowed"),
        ({"late_seconds": -1}, "late_seconds"),
    ],
)
def test_settings_that_cannot_be_name_the_field_at_fault(changes: dict[str, Any], field: str) -> None:
    values: dict[str, Any] = {
        "quarter": Quarter(2026, 4),
        "title": "Kỳ",
        "cutoff_day": date(2026, 11, 1),
        "opens_at": BEGIN,
        "closes_at": BEGIN + timedelta(days=9),
    }
    with pytest.raises(DomainError) as refused:
        RoundSettings(**{**values, **changes}).check()
    assert refused.value.field == field
