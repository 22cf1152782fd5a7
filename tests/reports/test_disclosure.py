"""Nothing small can be worked out from all that is public: from one report or several, or through changes of organisation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from time import process_time
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.agencies.rules.lineage import Passage
from lms.reports.rules import AgencyReport, Node, roll_up
from lms.reports.rules.comparison import compare
from lms.reports.rules.disclosure import (
    AS_REPORTED,
    BANDS,
    EXCLUSIONS,
    FIGURES,
    GROUPS,
    HISTOGRAM,
    OUTCOME,
    OWN,
    PARTICIPATION,
    RESTATED,
    SAME_PEOPLE,
    SPLIT,
    STANDING,
    Details,
    DisclosureSettings,
    Published,
    visible_figures,
    withheld,
)
from lms.results.rules import Cell, Figures, Flow, Tally
from tests.reports.attack import Attack

K = 5
# Everyone of a group in an agency is in one of these: the bands, the middle one divided by the pass mark, and those who did not take part.
STATES = ("good", "fair", "average_passed", "average_failed", "weak", "missing")
MEANS: Mapping[str, tuple[str, ...]] = {
    "expected": STATES,
    "took_part": STATES[:5],
    "missing": STATES[5:],
    "passed": STATES[:3],
    "failed": STATES[3:5],
    "good": ("good",),
    "fair": ("fair",),
    "average": ("average_passed", "average_failed"),
    "weak": ("weak",),
}
ASKED = ("expected", "took_part", "missing", "passed", "failed", "good", "fair", "average", "weak")
Staff = dict[tuple[int, str], tuple[int, ...]]  # own staff by agency and group: how many in each of the states


def uuid(number: int) -> UUID:
    return UUID(int=number)


@dataclass(frozen=True)
class Quarter:
    """A tree by numbers, and the staff."""

    name: str
    parents: dict[int, int | None]
    staff: Staff
    corrected: frozenset[tuple[int, str]] = frozenset()  # staff whose results are others than in the revision before

    def reports(self) -> dict[UUID, AgencyReport]:
        nodes = [
            Node(uuid(one), uuid(parent) if parent else None, f"H{one}", f"Cơ quan {one}", "so_nganh", "tinh", f"{one:04}")
            for one, parent in self.parents.items()
        ]
        return roll_up(nodes, [Cell(uuid(agency), group, figures_of(counts)) for (agency, group), counts in self.staff.items()])

    def below(self, agency: int) -> list[int]:
        found = [agency]
        for one in found:
            found += [child for child, parent in self.parents.items() if parent == one]
        return found

    def cells(self, agencies: Sequence[int], name: str, group: str | None = None) -> list[tuple[str, int, str, str]]:
        return [
            (self.name + "'" * ((agency, own) in self.corrected), agency, own, state)
            for (agency, own) in self.staff
            if agency in agencies and group in (None, own)
            for state in MEANS[name]
        ]

    def value(self, agencies: Sequence[int], name: str, group: str | None = None) -> int:
        return sum(self.staff[agency, own][STATES.index(state)] for _, agency, own, state in self.cells(agencies, name, group))


def figures_of(counts: Sequence[int]) -> Figures:
    good, fair, passed, failed, weak, missing = counts
    return Figures(
        expected=sum(counts),
        took_part=sum(counts[:5]),
        passed=good + fair + passed,
        score_hundredths=7000 * sum(counts[:5]),
        good=good,
        fair=fair,
        average=passed + failed,
        weak=weak,
        attempts=sum(counts[:5]),
        **{"excluded": 0} if missing >= 0 else {},
    )


def read(attack: Attack, quarter: Quarter, hidden: Mapping[UUID, frozenset[str]]) -> None:
    """All that a report shows to the public. Rates, means of counts and ranks are made from what is shown, and tell no more."""
    for agency, report in quarter.reports().items():
        shown = visible_figures(report.figures, hidden[agency])
        for name in ASKED:
            if shown[name] is not None:
                attack.publish(quarter.cells(quarter.below(agency.int), name), quarter.value(quarter.below(agency.int), name))
        for group, figures in report.groups.items():
            for name, value in visible_figures(figures, hidden[agency], of_group=True).items():
                if value is not None and name in ASKED:
                    attack.publish(
                        quarter.cells(quarter.below(agency.int), name, group), quarter.value(quarter.below(agency.int), name, group)
                    )


def secrets(quarter: Quarter) -> Iterator[tuple[str, list[tuple[str, int, str, str]], int]]:
    """Every number from 1 to 4: of an agency, of its own staff, of a group in either."""
    groups = [None, *sorted({group for _, group in quarter.staff})]
    for agency in quarter.parents:
        for whose, those in (("whole", quarter.below(agency)), ("own", [agency])):
            for group in groups:
                for name in ASKED:
                    value = quarter.value(those, name, group)
                    if 0 < value < K:
                        yield f"{quarter.name} {agency} {whose} {group} {name}", quarter.cells(those, name, group), value


def assert_nothing_small_is_told(attack: Attack, quarters: Sequence[Quarter]) -> None:
    wanted = [secret for quarter in quarters for secret in secrets(quarter)]
    for what, cells, value in wanted:
        assert attack.exact(cells) is None, f"{what} = {value}"
    for what, cells, _ in wanted:
        attack.publish(cells, 0, minus=[what])
    bounds = attack.bounds()
    for what, _, value in wanted:
        low, high = bounds[what]
        assert high - low >= K, f"{what} = {value} is from {low} to {high}"


COUNTS = st.sampled_from((0, 0, 1, 2, 4, 5, 7, 12, 30))


@st.composite
def quarters(draw: st.DrawFn, largest: int = 8) -> Quarter:
    size = draw(st.integers(1, largest))
    parents: dict[int, int | None] = {1: None, **{one: draw(st.integers(1, one - 1)) for one in range(2, size + 1)}}
    staff = {(one, group): tuple(draw(COUNTS) for _ in STATES) for one in parents for group in ("N1", "N2")}
    return Quarter("Q", parents, staff)


@settings(max_examples=60)
@given(quarters())
def test_nothing_small_is_told_by_one_report(quarter: Quarter) -> None:
    attack = Attack()
    read(attack, quarter, withheld(quarter.reports()))
    assert_nothing_small_is_told(attack, [quarter])


def test_the_attack_works_out_what_is_not_protected() -> None:
    """Where only the small one is withheld, the total tells it: the attack is able to find what there is to find."""
    quarter = Quarter("Q", {1: None, 2: 1, 3: 1, 4: 1}, {(one, "N1"): (size, 0, 0, 0, 0, 0) for one, size in ((2, 50), (3, 20), (4, 3))})
    attack = Attack()
    read(attack, quarter, {agency: frozenset({FIGURES} if agency.int == 4 else ()) for agency in quarter.reports()})
    assert attack.exact(quarter.cells([4], "expected")) == 3


@given(quarters(), st.integers(2, 12))
def test_who_is_shown_may_be_shown(quarter: Quarter, threshold: int) -> None:
    """No number from 1 to one less than the threshold is shown, and nothing is shown below what is withheld altogether."""
    reports = quarter.reports()
    hidden = withheld(reports, settings=DisclosureSettings(threshold=threshold))
    for agency, report in reports.items():
        shown = visible_figures(report.figures, hidden[agency])
        assert all(shown[name] is None or shown[name] == 0 or shown[name] >= threshold for name in ASKED)  # type: ignore[operator]
        assert OWN in hidden[agency]
        if FIGURES in hidden[agency]:
            assert {PARTICIPATION, OUTCOME, BANDS, HISTOGRAM, GROUPS, STANDING} <= hidden[agency]
            assert all(FIGURES in hidden[child.id] for child in report.children)


def flat(name: str, **sizes: int) -> Quarter:
    """A province (1) of agencies a, b, c … each with so many people, all of whom passed."""
    numbers = {letter: ord(letter) for letter in sizes}
    return Quarter(
        name,
        {1: None, **dict.fromkeys(numbers.values(), 1)},
        {(number, "N1"): (sizes[letter], 0, 0, 0, 0, 0) for letter, number in numbers.items()},
    )


A, B, C, Z = ord("a"), ord("b"), ord("c"), ord("z")
MERGER = (Passage(uuid(900), ((uuid(A), uuid(C), 1.0), (uuid(B), uuid(C), 1.0))),)
DIVISION = (Passage(uuid(901), ((uuid(C), uuid(A), None), (uuid(C), uuid(B), None))),)


def same_heads(attack: Attack, one: Quarter, some: Sequence[int], other: Quarter, others: Sequence[int]) -> None:
    """The attacker takes head-counts to be the same in both quarters."""
    attack.publish(one.cells(some, "expected"), 0, minus=other.cells(others, "expected"))


def test_what_a_merger_would_tell_is_withheld() -> None:
    """A with 50 is public in the second quarter, A and B as C with 53 in the third: B had three."""
    second = flat("Q2", a=50, b=3, z=20, y=40)
    third = flat("Q3", c=53, z=20, y=40)
    first_hidden = withheld(second.reports())
    assert [agency.int for agency, own in first_hidden.items() if FIGURES in own] == [B, Z]
    alone = withheld(third.reports())
    assert not any(FIGURES in own for own in alone.values())

    def attack(hidden: Mapping[UUID, frozenset[str]]) -> Attack:
        made = Attack()
        read(made, second, first_hidden)
        read(made, third, hidden)
        same_heads(made, second, [A, B], third, [C])
        for other in (Z, ord("y")):
            same_heads(made, second, [other], third, [other])
        return made

    assert attack(alone).exact(second.cells([B], "expected")) == 3
    held = withheld(third.reports(), [Published("20262", second.reports(), first_hidden, MERGER)])
    assert FIGURES in held[uuid(C)]
    assert_nothing_small_is_told(attack(held), [second, third])


def test_what_a_division_would_tell_is_withheld() -> None:
    """C with 53 was public; of its parts A has 50 and B three."""
    second = flat("Q2", c=53, z=20, y=40)
    third = flat("Q3", a=50, b=3, z=20, y=40)
    first_hidden = withheld(second.reports())
    held = withheld(third.reports(), [Published("20262", second.reports(), first_hidden, DIVISION)])
    made = Attack()
    read(made, second, first_hidden)
    read(made, third, held)
    same_heads(made, third, [A, B], second, [C])
    for other in (Z, ord("y")):
        same_heads(made, second, [other], third, [other])
    assert FIGURES in held[uuid(A)]
    assert_nothing_small_is_told(made, [second, third])


@settings(max_examples=40)
@given(quarters(7), st.data())
def test_nothing_small_is_told_by_two_quarters_and_a_merger_or_a_division(before: Quarter, data: st.DataObject) -> None:
    """Results are new in each quarter, head-counts are not: two agencies without anything below them go on in a new one; or, the two
    quarters taken the other way round, one is divided into two."""
    leaves = [one for one in before.parents if one not in before.parents.values() and one != 1]
    gone = data.draw(st.lists(st.sampled_from(leaves), min_size=2, max_size=2, unique=True)) if len(leaves) > 1 else []
    heir = 99
    parents = {one: parent for one, parent in before.parents.items() if one not in gone}
    if gone:
        parents[heir] = before.parents[gone[0]]
    heads: dict[tuple[int, str], int] = {}
    for (agency, group), counts in before.staff.items():
        place = heir if agency in gone else agency
        heads[place, group] = heads.get((place, group), 0) + sum(counts)
    staff = {}
    for place, count in heads.items():
        missing = data.draw(st.integers(0, count))
        good = data.draw(st.integers(0, count - missing))
        staff[place] = (good, 0, 0, 0, count - missing - good, missing)
    after = Quarter("Q+1", parents, staff)
    passages = (Passage(uuid(900), tuple((uuid(one), uuid(heir), 1.0) for one in gone)),) if gone else ()
    attack = Attack()
    if data.draw(st.booleans()):
        first = withheld(before.reports())
        read(attack, before, first)
        read(attack, after, withheld(after.reports(), [Published("20262", before.reports(), first, passages)]))
    else:
        divided = (Passage(uuid(900), tuple((uuid(heir), uuid(one), None) for one in gone)),) if gone else ()
        first = withheld(after.reports())
        read(attack, after, first)
        read(attack, before, withheld(before.reports(), [Published("20262", after.reports(), first, divided)]))
    for one in parents:
        same_heads(attack, after, [one], before, gone if one == heir else [one])
    wanted = [secret for quarter in (before, after) for secret in secrets(quarter)]
    for what, cells, value in wanted:
        assert attack.exact(cells) is None, f"{what} = {value}"


@settings(max_examples=20)
@given(quarters(6), st.lists(st.integers(0, 10**6), min_size=3, max_size=3))
def test_nothing_small_is_told_by_four_quarters(first: Quarter, seeds: list[int]) -> None:
    """Every quarter the staff stay, the results are new, and the tree is the same: companions that change would tell."""
    history: list[Published] = []
    attack = Attack()
    quarter = first
    for number, seed in enumerate([0, *seeds]):
        random = Random(seed)
        if number:
            staff = {place: tuple(random.sample(counts, len(counts))) for place, counts in first.staff.items()}
            quarter = Quarter(f"Q+{number}", first.parents, staff)
        hidden = withheld(quarter.reports(), history)
        read(attack, quarter, hidden)
        history.append(Published(f"2026{number}", quarter.reports(), hidden))
        if number:
            for one in first.parents:
                same_heads(attack, quarter, [one], first, [one])
    for what, cells, value in secrets(first):
        assert attack.exact(cells) is None, f"{what} = {value}"


@settings(max_examples=40)
@given(quarters(7), st.data())
def test_nothing_small_is_told_by_a_revision(before: Quarter, data: st.DataObject) -> None:
    """A correction moves the results of one agency's group: what both revisions show of the others is the same fact.
    What was small stays hidden."""
    moved = data.draw(st.sampled_from(sorted(before.staff)))
    counts = data.draw(st.permutations(before.staff[moved]))
    after = Quarter("Q", before.parents, {**before.staff, moved: tuple(counts)}, frozenset((moved,)))
    first = withheld(before.reports(), period="20262")
    second = withheld(after.reports(), [Published("20262", before.reports(), first)], period="20262")
    attack = Attack()
    read(attack, before, first)
    read(attack, after, second)
    same_heads(attack, before, [moved[0]], after, [moved[0]])
    for what, cells, value in secrets(before):
        assert attack.exact(cells) is None, f"{what} = {value}"


def test_a_revision_without_corrections_shows_the_same() -> None:
    quarter = flat("Q", a=50, b=3, z=20, y=40)
    first = withheld(quarter.reports(), period="20262")
    again = withheld(quarter.reports(), [Published("20262", quarter.reports(), first)], period="20262")
    assert again == first


def comparisons_of(before: Quarter, after: Quarter, passages: Sequence[Passage], flows: Sequence[Flow]) -> dict[UUID, object]:
    def tree(quarter: Quarter) -> dict[UUID, UUID | None]:
        return {uuid(one): uuid(parent) if parent else None for one, parent in quarter.parents.items()}

    return dict(compare(tree(before), tree(after), flows, passages))


def test_restated_figures_open_nothing_that_was_withheld() -> None:
    """A 50 and B 3 of the second quarter restated as C 53 would tell B, for A was public."""
    second = flat("Q2", a=50, b=3, z=20, y=40)
    third = flat("Q3", c=60, z=20, y=40)
    hidden = withheld(second.reports())
    flows = [
        Flow(uuid(one), uuid(to), Tally(size, size, size), Tally(size, size, size), Tally(size, size, size), Tally(size, size, size))
        for one, to, size in ((A, C, 50), (B, C, 3), (Z, Z, 20), (ord("y"), ord("y"), 40))
    ]
    compared = comparisons_of(second, third, MERGER, flows)
    history = [Published("20262", second.reports(), hidden, MERGER)]
    held = withheld(third.reports(), history, compared_with="20262", comparisons=compared)  # type: ignore[arg-type]
    assert {RESTATED, SPLIT} <= held[uuid(C)]
    assert RESTATED in held[uuid(Z)]  # what B and Z are together, less Z
    assert not {AS_REPORTED, RESTATED} & held[uuid(ord("y"))]
    assert {SAME_PEOPLE, SPLIT} <= held[uuid(ord("y"))]  # movers between agencies would be told by subtraction
    assert not {AS_REPORTED, RESTATED, SAME_PEOPLE, SPLIT} & held[uuid(1)]


@given(quarters())
def test_without_complements_more_is_shown_and_no_small_number_that_is_published(quarter: Quarter) -> None:
    """Who did not take part or did not pass may then be few; who was expected, took part and passed may not."""
    attack = Attack()
    hidden = withheld(quarter.reports(), settings=DisclosureSettings(complements=False))
    read(attack, quarter, hidden)
    for what, cells, value in secrets(quarter):
        if what.split()[-2:] in (["None", "expected"], ["None", "took_part"], ["None", "passed"]):
            assert attack.exact(cells) is None, f"{what} = {value}"


def test_settings_are_kept_as_plain_values() -> None:
    chosen = DisclosureSettings(threshold=7, memory=4, complements=False)
    assert DisclosureSettings.from_json(chosen.as_json()) == chosen


def test_what_is_not_given_is_not_shown() -> None:
    hidden = withheld(flat("Q", a=50, b=40).reports())
    assert all({HISTOGRAM, EXCLUSIONS, AS_REPORTED, RESTATED, SAME_PEOPLE, SPLIT} <= own for own in hidden.values())


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=8))
def test_no_small_number_of_excluded_people_is_told(reasons: list[tuple[int, int]]) -> None:
    quarter = flat("Q", **{chr(ord("a") + place): 50 for place in range(len(reasons))})
    own = {uuid(ord("a") + place): {"maternity": one, "sick": two} for place, (one, two) in enumerate(reasons)}
    whole = {reason: sum(one[reason] for one in own.values()) for reason in ("maternity", "sick")}
    details = {agency: Details(exclusions=own.get(agency, whole)) for agency in quarter.reports()}
    hidden = withheld(quarter.reports(), details=details)
    attack = Attack()
    for agency, one in details.items():
        if EXCLUSIONS not in hidden[agency]:
            for reason, count in one.exclusions.items():
                attack.publish([(below, reason) for below in (own if agency.int == 1 else [agency])], count)
    bounds = attack.bounds()
    for agency, counts in own.items():
        for reason, count in counts.items():
            if 0 < count < K:
                assert attack.exact([(agency, reason)]) is None
                low, high = bounds.get((agency, reason), (0, 100))
                assert high - low >= K


def test_seven_hundred_agencies_and_eight_quarters_take_seconds() -> None:
    """No time is promised; what is held is that the work grows with the agencies, not with their square."""
    costs = []
    for size in (175, 700):
        parents: dict[int, int | None] = {
            1: None,
            **{one: 1 if one < size // 5 else one % (size // 5 - 2) + 2 for one in range(2, size + 1)},
        }
        staff = {
            (one, f"N{group}"): (one % 7, one % 5, one % 3, one % 2, (one + group) % 4, one % 3) for one in parents for group in range(5)
        }
        quarter = Quarter("Q", parents, staff)
        reports = quarter.reports()
        hidden = withheld(reports)
        history = [Published(f"2025{number}", reports, hidden) for number in range(8)]
        began = process_time()
        withheld(reports, history, details={agency: Details({"sick": 0}, (0,) * 10) for agency in reports})
        costs.append(process_time() - began)
    assert costs[1] < 40 * costs[0]


@pytest.mark.parametrize("size", [4, 5])
def test_the_threshold_is_the_smallest_number_that_is_shown(size: int) -> None:
    quarter = flat("Q", a=size, b=30, c=30)
    assert (FIGURES in withheld(quarter.reports())[uuid(A)]) == (size < K)
