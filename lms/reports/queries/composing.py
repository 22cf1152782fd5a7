"""A report put together from the ledger, the tree and the features' competences, all as they were known at its moment."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit.competences import CompetenceCell
from lms.kit.errors import N_, DomainError
from lms.kit.following import competence_sources
from lms.reports.models import Installation, Report
from lms.reports.queries.ledger_pass import read_ledger
from lms.reports.queries.reading import nodes
from lms.reports.rules.body import ALL_FIGURES, AgencyBody, ReportHead, canonical, sha256
from lms.reports.rules.composing import Counted, RolledUp, bodies, rolled_up
from lms.reports.rules.ranking import RankSettings
from lms.reports.rules.rolling_up import RULE_VERSION, SMALLEST_PUBLIC_NUMBER, Node, withheld
from lms.results.models import Activity

CURRENT_SETTINGS: Mapping[str, Any] = {
    "rank": RankSettings().as_json(),
    "smallest_public_number": SMALLEST_PUBLIC_NUMBER,
    "pass_denominator": "took_part",
}


@dataclass(frozen=True, slots=True)
class Composition:
    """All that a report will say, and fingerprints of what it was made of."""

    head: ReportHead
    rolled: RolledUp
    inputs: Mapping[str, Any]
    comparisons: Mapping[UUID, Mapping[str, Any]]
    withheld: Mapping[UUID, frozenset[str]]

    def bodies(self, wanted: Collection[UUID]) -> Iterator[tuple[int, AgencyBody]]:
        """Those of some agencies, each with its place in the order of the tree."""
        settings = RankSettings.from_json(self.head.settings["rank"])
        return bodies(self.head, self.rolled, settings, self.comparisons, withheld=self.withheld, wanted=wanted)

    @property
    def agencies(self) -> Sequence[UUID]:
        return self.rolled.order


def compose(session: Session, head: ReportHead) -> Composition:
    """Only reads. Raises DomainError where the tree of the counting day has no agencies."""
    known, on = datetime.fromisoformat(head.built_at), date.fromisoformat(head.counted_on)
    tree = nodes(session, on, known=known)
    if not tree:
        raise DomainError(N_("Chưa có cơ quan nào vào ngày %(day)s: hãy nạp cây đơn vị trước."), day=f"{on:%d/%m/%Y}")
    ledger = read_ledger(session, head.activity, known)
    competences = competence_cells(session, head.activity, known)
    counted = Counted(tree, ledger.cells, ledger.exclusions, ledger.histograms, competences)
    settings = RankSettings.from_json(head.settings["rank"])
    rolled = rolled_up(counted, settings)
    inputs = {
        **ledger.inputs,
        "tree": _fingerprint([_of_node(node) for node in tree]),
        "groups": _fingerprint(sorted({cell.group_code for cell in ledger.cells})),
        "competences": _fingerprint([_of_cell(cell) for cell in competences]),
    }
    hidden = {agency: frozenset((ALL_FIGURES,)) for agency in withheld(rolled.reports)}
    return Composition(head, rolled, inputs, {}, hidden)


def competence_cells(session: Session, activity: str, known: datetime) -> list[CompetenceCell]:
    """From the feature that gave the activity; in an order that does not depend on the database."""
    for source in competence_sources(session):
        cells = source(session, activity, known)
        if cells is not None:
            return sorted(cells, key=lambda cell: (cell.code, cell.group_code, cell.agency_id))
    return []


def head_of(session: Session, report: Report) -> ReportHead:
    """The head of a report that is being frozen now."""
    title, counted_on = session.execute(select(Activity.title, Activity.counted_on).where(Activity.key == report.activity)).one()
    installation = session.scalars(select(Installation.id)).one()
    return ReportHead(
        id=str(report.id),
        activity=report.activity,
        title=title,
        period=report.period,
        revision=report.revision,
        counted_on=counted_on.isoformat(),
        built_at=report.built_at.astimezone(UTC).isoformat(),
        rule_version=RULE_VERSION,
        settings=report.manifest["settings"],
        installation=str(installation),
        base_url=report.manifest["base_url"],
    )


def _fingerprint(value: Any) -> str:
    return sha256(canonical(value))


def _of_node(node: Node) -> list[Any]:
    parent = str(node.parent_id) if node.parent_id else None
    return [str(node.id), parent, node.code, node.name, node.block, node.level]


def _of_cell(cell: CompetenceCell) -> list[Any]:
    return [str(cell.agency_id), cell.group_code, cell.code, cell.name, cell.right, cell.answered, cell.people]
