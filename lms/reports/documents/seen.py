"""What of an agency's figures a document may show: everything, or for the public what `public.withheld` leaves of it. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

# Names of what is withheld, as bodies have them (schema congvu-lms/report/2). Of the figures, each is withheld with the one before it.
FIGURES, PARTICIPATION, OUTCOME, BANDS = "figures", "figures.participation", "figures.outcome", "bands"
GROUPS, EXCLUSIONS, COMPETENCES, STANDING, COMPARISON = "groups", "exclusions", "competences", "standing", "comparison"


@dataclass(frozen=True, slots=True)
class Seen:
    """Who was expected; with who took part; with who passed and the mean; with the bands: each only where those before it are. What is
    never public (an agency's own staff apart from the whole, what came to be known later) is in no public document."""

    counts: bool = True
    participation: bool = True
    outcome: bool = True
    bands: bool = True
    excluded: bool = True
    standing: bool = True
    own: bool = True


ALL = Seen()
NONE = Seen(*(False,) * 7)


def seen(withheld: Collection[str], *, public: bool) -> Seen:
    if not public:
        return ALL
    counts = FIGURES not in withheld
    participation = counts and PARTICIPATION not in withheld
    outcome = participation and OUTCOME not in withheld
    return Seen(
        counts=counts,
        participation=participation,
        outcome=outcome,
        bands=outcome and BANDS not in withheld,
        excluded=counts and EXCLUSIONS not in withheld,
        standing=outcome and STANDING not in withheld,
        own=False,  # an agency's own staff are never published apart from the whole
    )


def hides(withheld: Collection[str], part: str, code: str = "") -> bool:
    """Is a part (groups, competences, comparison), or what it says under a code, kept from the public?"""
    return any(name == part or (code and (name == f"{part}.{code}" or name.startswith(f"{part}.{code}."))) for name in withheld)
