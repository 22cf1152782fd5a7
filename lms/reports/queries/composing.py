"""A report put together from the ledger, the tree and the features' competences, all as they were known at its moment."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit.clock import Quarter
from lms.kit.competences import CompetenceCell
from lms.kit.errors import N_, DomainError
from lms.kit.following import competence_sources
from lms.reports.models import Installation, Report
from lms.reports.queries.comparing import compared_with, previous_report, public_reports
from lms.reports.queries.ledger_pass import read_ledger
from lms.reports.queries.reading import nodes
from lms.reports.rules.body import AgencyBody, ReportHead, sha256
from lms.reports.rules.composing import Counted, RolledUp, bodies, rolled_up
from lms.reports.rules.disclosure import Details, DisclosureSettings, withheld
from lms.reports.rules.ranking import RankSettings
from lms.reports.rules.rolling_up import RULE_VERSION
from lms.results.models import Activity
from lms.results.queries import ActivityRow
from lms.results.rules import PassRate

CURRENT_SETTINGS: Mapping[str, Any] = {
    "rank": RankSettings().as_json(),
    "disclosure": DisclosureSettings().as_json(),
    "pass_denominator": PassRate.OF_THOSE_WHO_TOOK_PART.value,
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
        "tree": _fingerprint([(one.id, one.parent_id, one.code, one.name, one.block, one.level) for one in tree]),
        "groups": _fingerprint(sorted({cell.group_code for cell in ledger.cells})),
        "competences": _fingerprint(
            [(one.agency_id, one.group_code, one.code, one.name, one.right, one.answered, one.people) for one in competences]
        ),
    }
    comparisons, hidden = _held_against(session, head, rolled, (on, known))
    return Composition(head, rolled, inputs, comparisons, hidden)


def _held_against(
    session: Session, head: ReportHead, rolled: RolledUp, moment: tuple[date, datetime]
) -> tuple[Mapping[UUID, Mapping[str, Any]], Mapping[UUID, frozenset[str]]]:
    """Beside the quarter before, and what may not be seen beside all that was public by then."""
    on, known = moment
    rate = PassRate(head.settings["pass_denominator"])
    activity = ActivityRow(head.activity, head.period, head.title, on)
    earlier = previous_report(session, Quarter.from_code(head.period).previous().code, known)
    compared = compared_with(session, activity, known, earlier, rate) if earlier is not None else None
    settings = DisclosureSettings(**head.settings["disclosure"])
    hidden = withheld(
        rolled.reports,
        public_reports(session, on, known, settings, but=UUID(head.id)),
        settings,
        details={agency: Details(rolled.exclusions[agency], tuple(rolled.histograms[agency])) for agency in rolled.order},
        period=head.period,
        compared_with=compared.period if compared else None,
        comparisons=compared.comparisons if compared else None,
    )
    return (compared.bodies if compared else {}), hidden


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


def _fingerprint(rows: Sequence[Any]) -> str:
    """Of rows of texts, identifiers and whole numbers, as canonical JSON."""
    return sha256(msgspec.json.encode(rows).decode())
