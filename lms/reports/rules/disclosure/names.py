"""What can be withheld of an agency's report, by name, and what it is decided from. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from uuid import UUID

from lms.agencies.rules.lineage import Passage
from lms.reports.rules.rolling_up import AgencyReport
from lms.results.rules import Figures

FIGURES = "figures"  # nothing that is counted may be seen; the agency's name stands in the tree
PARTICIPATION = "figures.participation"  # only how many were expected
OUTCOME = "figures.outcome"  # how many were expected, how many took part and their mean score
BANDS = "bands"  # good, fair, average, weak; and times (lượt)
HISTOGRAM = "histogram"
GROUPS = "groups"  # of a group the public reads expected, took part, passed and mean score, for all groups or for none
EXCLUSIONS = "exclusions"  # excluded people, by reason and together
COMPETENCES = "competences"
STANDING = "standing"
OWN = "own"
AS_REPORTED = "comparison.as_reported"
RESTATED = "comparison.restated"
SAME_PEOPLE = "comparison.same_people"
SPLIT = "comparison.split"
PREDECESSORS = "comparison.predecessors"
KNOWN_LATER = "comparison.known_later"

NEVER_PUBLIC = frozenset((OWN, PREDECESSORS, KNOWN_LATER))
_COMPARISON = frozenset((AS_REPORTED, RESTATED, SAME_PEOPLE, SPLIT))
# What goes with a thing that is withheld.
FOLLOWS: Mapping[str, frozenset[str]] = {
    FIGURES: frozenset((PARTICIPATION, OUTCOME, BANDS, HISTOGRAM, GROUPS, EXCLUSIONS, COMPETENCES, STANDING)) | _COMPARISON,
    PARTICIPATION: frozenset((OUTCOME, BANDS, HISTOGRAM, GROUPS, COMPETENCES, STANDING)) | _COMPARISON,
    OUTCOME: frozenset((BANDS, HISTOGRAM, GROUPS, COMPETENCES, STANDING)) | _COMPARISON,
    BANDS: frozenset((HISTOGRAM,)),
    GROUPS: frozenset((COMPETENCES,)),
}


@dataclass(frozen=True, slots=True)
class DisclosureSettings:
    """`threshold`: counts from 1 to one less are small. `memory`: how many of the latest public reports are held together.
    `complements`: those who did not take part and those who did not pass are counts as well, and may not be small either; without it only
    how many were expected, took part and passed (in total and by group, band and tenth) may not be."""

    threshold: int = 5
    memory: int = 8
    complements: bool = True

    def as_json(self) -> dict[str, int]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, int]) -> DisclosureSettings:
        return cls(values["threshold"], values["memory"], bool(values["complements"]))


@dataclass(frozen=True, slots=True)
class Details:
    """Counts of an agency with all below it that AgencyReport does not hold: excluded people by reason, scores by tenth."""

    exclusions: Mapping[str, int] = field(default_factory=dict)
    histogram: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """A report that is or once was public, this period's earlier revisions among them. `passages`: changes of organisation between its
    counting day and that of the report now to be published, in their order. `withheld` as this module gave it."""

    period: str
    reports: Mapping[UUID, AgencyReport]
    withheld: Mapping[UUID, Collection[str]]
    passages: Sequence[Passage] = ()


def visible_figures(figures: Figures, withheld: Collection[str], *, of_group: bool = False) -> dict[str, int | None]:
    """Figures as the public may read them: None for what is withheld. `of_group`: a position group's, of whose bands nothing is said."""
    gone: set[str] = set()
    if OUTCOME in withheld:
        gone |= {"passed"}
    if PARTICIPATION in withheld:
        gone |= {"took_part", "score_hundredths"}
    if FIGURES in withheld or (of_group and GROUPS in withheld):
        gone |= {"expected", "took_part", "passed", "score_hundredths"}
    if of_group or EXCLUSIONS in withheld:
        gone |= {"excluded"}
    if of_group or BANDS in withheld:
        gone |= {"good", "fair", "average", "weak", "attempts"}
    values = {name: None if name in gone else value for name, value in figures.as_dict().items()}
    shown = values["expected"] is not None and values["took_part"] is not None
    return {
        **values,
        "missing": figures.missing if shown else None,
        "failed": figures.failed if shown and values["passed"] is not None else None,
    }
