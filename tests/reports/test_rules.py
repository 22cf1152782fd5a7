"""Adding up, ranking, and what the public may not see."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from lms.reports.rules import AgencyReport, Node, is_small, rank_within_blocks, roll_up, score_for_rank, withheld
from lms.results.rules import Cell, Figures


def node(number: int, parent: int | None = None, block: str = "so_nganh") -> Node:
    return Node(UUID(int=number), UUID(int=parent) if parent else None, f"H{number}", f"Cơ quan {number}", block, "tinh", f"{number:04}")


@st.composite
def provinces(draw: st.DrawFn) -> tuple[list[Node], list[Cell]]:
    """A random tree of agencies with random staff; some agencies have none of their own."""
    size = draw(st.integers(1, 25))
    nodes = [node(1)] + [node(number, draw(st.integers(1, number - 1))) for number in range(2, size + 1)]
    cells = []
    for entry in nodes:
        for group in draw(st.lists(st.sampled_from(["N1", "N2", "N3"]), unique=True)):
            expected = draw(st.integers(0, 12))
            took_part = draw(st.integers(0, expected))
            passed = draw(st.integers(0, took_part))
            cells.append(Cell(entry.id, group, Figures(expected=expected, took_part=took_part, passed=passed)))
    return nodes, cells


@given(provinces())
def test_a_whole_is_its_own_staff_and_its_parts(province: tuple[list[Node], list[Cell]]) -> None:
    reports = roll_up(*province)
    for report in reports.values():
        assert report.figures == sum((reports[child.id].figures for child in report.children), report.own)
        assert report.figures == sum(report.groups.values(), Figures())
    assert reports[UUID(int=1)].figures == sum((cell.figures for cell in province[1]), Figures())


@given(provinces())
def test_small_agencies_are_withheld_with_all_below_them(province: tuple[list[Node], list[Cell]]) -> None:
    reports = roll_up(*province)
    hidden = withheld(reports)
    for agency, report in reports.items():
        if is_small(report.figures):
            assert agency in hidden
        if agency in hidden:
            assert all(child.id in hidden for child in report.children)


@given(provinces())
def test_no_withheld_figure_of_few_people_is_a_total_minus_what_is_shown(province: tuple[list[Node], list[Cell]]) -> None:
    """An attacker subtracts every shown child from every shown parent: what remains is never one small part, nor a small sum."""
    reports = roll_up(*province)
    hidden = withheld(reports)
    for agency, report in reports.items():
        if agency in hidden:
            continue
        shown = sum((reports[child.id].figures for child in report.children if child.id not in hidden), Figures())
        remaining_expected = report.figures.expected - shown.expected
        remaining_took_part = report.figures.took_part - shown.took_part
        parts = [reports[child.id].figures for child in report.children if child.id in hidden] + [report.own]
        secret = [part for part in parts if is_small(part)]
        if secret:
            assert remaining_expected >= 5
            # A whole in which nobody took part cannot hide that nobody did in its parts.
            assert remaining_took_part >= 5 or report.figures.took_part == 0
            assert sum(part.expected > 0 for part in parts) >= 2


def test_rank_follows_the_formula_and_equal_scores_share_it() -> None:
    """0,4 · tham gia + 0,4 · đạt (trên thuộc diện) + 0,2 · điểm trung bình."""
    assert score_for_rank(Figures(expected=10, took_part=8, passed=6, score_hundredths=8 * 7000)) == Decimal("70.00")
    nodes = [node(1), node(2, 1), node(3, 1), node(4, 1), node(5, 1)]
    good = Figures(expected=10, took_part=10, passed=10, score_hundredths=90_000)
    weak = Figures(expected=10, took_part=5, passed=2, score_hundredths=25_000)
    tiny = Figures(expected=4, took_part=4, passed=4, score_hundredths=40_000)
    totals = {nodes[0].id: good, nodes[1].id: good, nodes[2].id: weak, nodes[3].id: good, nodes[4].id: tiny}
    assert rank_within_blocks(nodes, totals) == {nodes[1].id: (1, 3), nodes[3].id: (1, 3), nodes[2].id: (3, 3)}


def test_agencies_of_other_blocks_are_not_rivals() -> None:
    nodes = [node(1), node(2, 1, "so_nganh"), node(3, 1, "xa_phuong")]
    figures = Figures(expected=10, took_part=5, passed=5, score_hundredths=30_000)
    assert rank_within_blocks(nodes, dict.fromkeys((entry.id for entry in nodes), figures)) == {nodes[1].id: (1, 1), nodes[2].id: (1, 1)}


def test_a_report_of_nobody_has_no_rates() -> None:
    report: AgencyReport = roll_up([node(1)], [])[UUID(int=1)]
    assert report.figures.mean_score is None
    assert report.rank is None
