"""What a report says: figures rolled up the tree, rates, ranks inside a block, and what the public may not see. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

import msgspec

from lms.results.rules import Cell, Figures

RULE_VERSION = "1"
# Fewer people than this and a figure would speak of a person (Luật 91/2025/QH15).
SMALLEST_PUBLIC_NUMBER = 5
# Agencies below this size are shown without a rank: their rates are mostly chance.
SMALLEST_RANKED_AGENCY = 5
# DOMAIN 7.3: participation and pass rate (of those expected) four tenths each, mean score two tenths.
RANK_WEIGHTS = (Decimal("0.4"), Decimal("0.4"), Decimal("0.2"))


class Node(msgspec.Struct, frozen=True, gc=False):
    """An agency in the tree of the counting day."""

    id: UUID
    parent_id: UUID | None
    code: str
    name: str
    block: str
    level: str
    sort_key: str


@dataclass(frozen=True, slots=True)
class AgencyReport:
    """One agency's result: its whole subtree, the share of its own staff, by group, and the agencies right below."""

    node: Node
    figures: Figures
    own: Figures
    groups: Mapping[str, Figures]
    children: tuple[Node, ...]
    rank: int | None
    ranked_of: int | None


def roll_up(nodes: Sequence[Node], cells: Iterable[Cell]) -> dict[UUID, AgencyReport]:
    """Figures of every agency with all below it. Cells of agencies outside `nodes` are left out."""
    by_id = {node.id: node for node in nodes}
    own: dict[UUID, dict[str, Figures]] = defaultdict(dict)
    for cell in cells:
        if cell.agency_id in by_id:
            groups = own[cell.agency_id]
            groups[cell.group_code] = groups.get(cell.group_code, Figures()) + cell.figures
    children: dict[UUID, list[Node]] = defaultdict(list)
    for node in nodes:
        if node.parent_id in by_id:
            children[node.parent_id].append(node)
    subtree: dict[UUID, dict[str, Figures]] = {}
    for node in _children_first(nodes, children):
        collected = dict(own[node.id])
        for child in children[node.id]:
            for group, figures in subtree[child.id].items():
                collected[group] = collected.get(group, Figures()) + figures
        subtree[node.id] = collected
    totals = {agency: sum(groups.values(), Figures()) for agency, groups in subtree.items()}
    ranks = rank_within_blocks(nodes, totals)
    return {
        node.id: AgencyReport(
            node=node,
            figures=totals[node.id],
            own=sum(own[node.id].values(), Figures()),
            groups=dict(sorted(subtree[node.id].items())),
            children=tuple(sorted(children[node.id], key=lambda child: (child.sort_key, child.code))),
            rank=ranks.get(node.id, (None, None))[0],
            ranked_of=ranks.get(node.id, (None, None))[1],
        )
        for node in nodes
    }


def score_for_rank(figures: Figures) -> Decimal:
    """Points of 100 by which agencies of one block are ranked (formula of DOMAIN 7.3)."""
    expected = Decimal(figures.expected)
    participation = 100 * figures.took_part / expected
    passing = 100 * figures.passed / expected
    mean = figures.mean_score or Decimal(0)
    weighted = sum(weight * part for weight, part in zip(RANK_WEIGHTS, (participation, passing, mean), strict=True))
    return Decimal(weighted).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def rank_within_blocks(nodes: Sequence[Node], totals: Mapping[UUID, Figures]) -> dict[UUID, tuple[int, int]]:
    """(rank, how many were ranked) among the agencies of the same block and parent; equal scores share a rank."""
    rivals: dict[tuple[str, UUID | None], list[Node]] = defaultdict(list)
    for node in nodes:
        if node.parent_id is not None and totals[node.id].expected >= SMALLEST_RANKED_AGENCY:
            rivals[node.block, node.parent_id].append(node)
    ranks: dict[UUID, tuple[int, int]] = {}
    for group in rivals.values():
        scores = {node.id: score_for_rank(totals[node.id]) for node in group}
        for agency, score in scores.items():
            ranks[agency] = (1 + sum(other > score for other in scores.values()), len(group))
    return ranks


def is_small(figures: Figures) -> bool:
    """Would these figures speak of a handful of people?"""
    return 0 < figures.expected < SMALLEST_PUBLIC_NUMBER or 0 < figures.took_part < SMALLEST_PUBLIC_NUMBER


def withheld(reports: Mapping[UUID, AgencyReport]) -> frozenset[UUID]:
    """Agencies whose figures the public may not see.

    The small ones, and beside them as many siblings (smallest first) as it takes for what is hidden below one parent to be at least
    two parts of together at least five people: else the parent's total minus the rest would tell. A parent's own staff are always a
    hidden part, for they are never published apart from the whole. Where nobody of a whole took part, that is said, and true of its parts.
    """
    hidden = {agency for agency, report in reports.items() if is_small(report.figures)}
    for report in reports.values():
        small = [child.id for child in report.children if child.id in hidden]
        if small or is_small(report.own):
            hidden.update(_companions(report, reports, small))
    return _with_descendants(reports, hidden)


def _companions(report: AgencyReport, reports: Mapping[UUID, AgencyReport], small: list[UUID]) -> list[UUID]:
    parts = len(small) + (report.own.expected > 0)
    together = sum((reports[agency].figures for agency in small), report.own)
    candidates = [(reports[child.id].figures, child.id) for child in report.children if child.id not in small]
    chosen: list[UUID] = []
    for figures, agency in sorted(candidates, key=lambda part: (part[0].expected, str(part[1]))):
        enough = min(together.expected, together.took_part) >= SMALLEST_PUBLIC_NUMBER
        if parts >= 2 and enough:
            break
        if figures.expected:
            chosen.append(agency)
            parts += 1
            together += figures
    return chosen


def _with_descendants(reports: Mapping[UUID, AgencyReport], hidden: set[UUID]) -> frozenset[UUID]:
    """What is below a hidden agency is hidden too: its parts would add up to it."""
    result = set(hidden)
    queue = list(hidden)
    while queue:
        for child in reports[queue.pop()].children:
            if child.id not in result:
                result.add(child.id)
                queue.append(child.id)
    return frozenset(result)


def _children_first(nodes: Sequence[Node], children: Mapping[UUID, list[Node]]) -> list[Node]:
    ids = {node.id for node in nodes}
    order = [node for node in nodes if node.parent_id not in ids]
    for node in order:  # grows while it is walked: parents before children
        order.extend(children.get(node.id, ()))
    return order[::-1]
