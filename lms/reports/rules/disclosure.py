"""What the public may not see of a report, so that no small number can be worked out from all that is public. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from lms.agencies.rules.lineage import Passage
from lms.reports.rules.rolling_up import AgencyReport

# Names of what is withheld of an agency. What comes later in this list of figures is withheld with what comes before.
FIGURES, PARTICIPATION, OUTCOME, BANDS, HISTOGRAM = "figures", "figures.participation", "figures.outcome", "bands", "histogram"
GROUPS, EXCLUSIONS, COMPETENCES, STANDING, OWN = "groups", "exclusions", "competences", "standing", "own"
AS_REPORTED, RESTATED = "comparison.as_reported", "comparison.restated"
SAME_PEOPLE, SPLIT, KNOWN_LATER = "comparison.same_people", "comparison.split", "comparison.known_later"


@dataclass(frozen=True, slots=True)
class DisclosureSettings:
    """`threshold`: counts from 1 to one less are small. `memory`: how many of the latest published quarters are held together."""

    threshold: int = 5
    memory: int = 8


@dataclass(frozen=True, slots=True)
class Published:
    """A report that is or once was public. `passages`: changes of organisation between its counting day and that of the report now to be
    published, in their order. `withheld` as this module gave it."""

    period: str
    reports: Mapping[UUID, AgencyReport]
    withheld: Mapping[UUID, frozenset[str]]
    passages: Sequence[Passage] = ()


@dataclass(frozen=True, slots=True)
class Details:
    """Counts of an agency with all below it that AgencyReport does not hold: excluded people by reason, scores by tenth."""

    exclusions: Mapping[str, int] = field(default_factory=dict)
    histogram: tuple[int, ...] = ()
