"""The bodies of a report made of what was read of the ledger: sums up the tree, standings, competences. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from lms.kit.competences import CompetenceCell
from lms.reports.rules.body import AgencyBody, AgencyHead, Child, Competence, Mastery, Place, ReportHead
from lms.reports.rules.ranking import RankSettings, Rival, Standing, depths, size_class, standings
from lms.reports.rules.rolling_up import AgencyReport, Node, roll_up
from lms.results.rules import HISTOGRAM_BINS, Cell

Masteries = dict[tuple[str, str], Mastery]  # by topic and position group


@dataclass(frozen=True, slots=True)
class Counted:
    """What a report is made of, each agency's own staff; comparisons and what is withheld are of the agency with all below it."""

    nodes: Sequence[Node]
    cells: Sequence[Cell]
    exclusions: Mapping[UUID, Mapping[str, int]] = field(default_factory=dict)
    histograms: Mapping[UUID, Sequence[int]] = field(default_factory=dict)
    competences: Sequence[CompetenceCell] = ()


@dataclass(frozen=True, slots=True)
class RolledUp:
    """Every agency with all below it, in the order of the tree read from above."""

    reports: Mapping[UUID, AgencyReport]
    order: Sequence[UUID]
    exclusions: Mapping[UUID, Mapping[str, int]]
    histograms: Mapping[UUID, Sequence[int]]
    competences: Mapping[UUID, tuple[Competence, ...]]
    standings: Mapping[UUID, Standing]


def rolled_up(counted: Counted, settings: RankSettings) -> RolledUp:
    """Add up. Cells of agencies that are not in the tree are left out."""
    reports = roll_up(counted.nodes, counted.cells)
    order = _from_above(reports)
    exclusions = {agency: dict(counted.exclusions.get(agency, {})) for agency in order}
    histograms = {agency: list(counted.histograms.get(agency, (0,) * HISTOGRAM_BINS)) for agency in order}
    masteries = _masteries(counted.competences, reports)
    for agency in reversed(order):
        parent = reports[agency].node.parent_id
        if parent not in reports or parent is None:
            continue
        for reason, people in exclusions[agency].items():
            exclusions[parent][reason] = exclusions[parent].get(reason, 0) + people
        histograms[parent] = [a + b for a, b in zip(histograms[parent], histograms[agency], strict=True)]
        above = masteries[parent]
        for place, mastery in masteries[agency].items():
            above[place] = above[place] + mastery if place in above else mastery
    names = {cell.code: cell.name for cell in counted.competences}
    depth = depths({agency: reports[agency].node.parent_id for agency in order})
    rivals = [Rival(one, reports[one].node.block, reports[one].node.level, depth[one], reports[one].figures) for one in order]
    return RolledUp(
        reports,
        order,
        exclusions,
        histograms,
        {agency: _competences(masteries[agency], names) for agency in order},
        standings(rivals, settings),
    )


def bodies(
    head: ReportHead,
    rolled: RolledUp,
    settings: RankSettings,
    comparisons: Mapping[UUID, Mapping[str, Any]],
    *,
    withheld: Mapping[UUID, Iterable[str]],
    wanted: Collection[UUID],
) -> Iterator[tuple[int, AgencyBody]]:
    """The bodies of some agencies, each with its place in the tree read from above; one at a time, for all together are large."""
    for ordinal, agency in enumerate(rolled.order):
        if agency not in wanted:
            continue
        report = rolled.reports[agency]
        node = report.node
        path = _path(node, rolled.reports)
        body = AgencyBody(
            report=head,
            agency=AgencyHead(
                id=str(node.id),
                code=node.code,
                name=node.name,
                block=node.block,
                level=node.level,
                size_class=size_class(report.figures.expected, settings),
                parent_id=path[-1].id if path else None,
                sort_key=node.sort_key,
                path=path,
            ),
            figures=report.figures,
            own=report.own,
            groups=report.groups,
            exclusions=rolled.exclusions[agency],
            histogram=tuple(rolled.histograms[agency]),
            competences=rolled.competences[agency],
            children=tuple(_child(rolled, child) for child in report.children),
            standing=rolled.standings.get(agency),
            comparison=comparisons.get(agency),
            withheld=tuple(sorted(withheld.get(agency, ()))),
        )
        yield ordinal, body


def _child(rolled: RolledUp, node: Node) -> Child:
    figures, standing = rolled.reports[node.id].figures, rolled.standings.get(node.id)
    return Child(str(node.id), node.code, node.name, node.block, node.level, node.sort_key, figures, standing)


def _path(node: Node, reports: Mapping[UUID, AgencyReport]) -> tuple[Place, ...]:
    """The agencies above, from the topmost down."""
    path: list[Place] = []
    while node.parent_id is not None and node.parent_id in reports:
        node = reports[node.parent_id].node
        path.append(Place(str(node.id), node.code, node.name))
    return tuple(reversed(path))


def _from_above(reports: Mapping[UUID, AgencyReport]) -> list[UUID]:
    """Each agency before those below it, children in the order of the dictionary."""
    tops = [report.node for report in reports.values() if report.node.parent_id not in reports]
    waiting = sorted(tops, key=lambda node: (node.sort_key, node.code), reverse=True)
    order: list[UUID] = []
    while waiting:
        node = waiting.pop()
        order.append(node.id)
        waiting.extend(reversed(reports[node.id].children))
    return order


def _masteries(cells: Iterable[CompetenceCell], reports: Mapping[UUID, AgencyReport]) -> dict[UUID, Masteries]:
    found: dict[UUID, Masteries] = defaultdict(dict)
    for cell in cells:
        if cell.agency_id in reports:
            place = (cell.code, cell.group_code)
            mastery = Mastery(cell.right, cell.answered, cell.people)
            found[cell.agency_id][place] = found[cell.agency_id][place] + mastery if place in found[cell.agency_id] else mastery
    return found


def _competences(masteries: Masteries, names: Mapping[str, str]) -> tuple[Competence, ...]:
    groups: dict[str, dict[str, Mastery]] = defaultdict(dict)
    for code, group in sorted(masteries):
        groups[code][group] = masteries[code, group]
    return tuple(Competence(code, names[code], by_group) for code, by_group in groups.items())
