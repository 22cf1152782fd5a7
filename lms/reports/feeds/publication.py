"""What the public may know of a report, made of frozen bodies alone: page, files, feeds and widgets show this and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from lms.kit.clock import Quarter
from lms.kit.formats import percent
from lms.reports.rules import SMALLEST_PUBLIC_NUMBER
from lms.reports.rules.body import AgencyBody
from lms.reports.rules.correcting import AgencyCorrection, FigureChange
from lms.reports.rules.disclosure.names import BANDS, EXCLUSIONS, FIGURES, GROUPS, OUTCOME, PARTICIPATION, SPLIT, visible_figures
from lms.results.rules import Figures

COMPARISON = "comparison"
PLAIN = ("expected", "took_part", "passed")  # what revisions are compared by in public

Counts = Mapping[str, int | None]
"""Figures by name; None: withheld."""


@dataclass(frozen=True, slots=True)
class PublicComparison:
    """What the public may know beside the quarter before: by name of a lens its (before, after) counts, and the parts of the change of the
    pass rate in hundredths of a point; only what is not withheld."""

    period: str
    lenses: Mapping[str, tuple[Mapping[str, int], Mapping[str, int]]]
    split: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class PublicAgency:
    """One agency with all below it. A rate and its two counts are there together, or none of them is."""

    id: str
    code: str
    name: str
    parent_code: str | None
    path: tuple[tuple[str, str], ...]  # (code, name) of those above, topmost first
    counts: Counts
    groups: Mapping[str, Counts]
    is_withheld: bool
    changes: tuple[FigureChange, ...] = ()
    causes: tuple[str, ...] = ()
    pass_denominator: str = "took_part"  # noqa: S105  # no password, but whom those who passed are a share of
    unit_code: str | None = None  # of the administrative unit (mã ĐVHC), where the tree has one
    comparison: PublicComparison | None = None

    @property
    def expected(self) -> int | None:
        return self.counts["expected"]

    @property
    def took_part(self) -> int | None:
        return self.counts["took_part"]

    @property
    def passed(self) -> int | None:
        return self.counts["passed"]

    @property
    def pass_of(self) -> int | None:
        """What the pass rate is a share of."""
        return self.counts[self.pass_denominator] if self.passed is not None else None

    @property
    def participation(self) -> Decimal | None:
        """Per cent with one decimal."""
        return _rate(self.took_part, self.expected)

    @property
    def pass_rate(self) -> Decimal | None:
        return _rate(self.passed, self.pass_of)

    @property
    def mean_score(self) -> Decimal | None:
        scores = self.counts["score_hundredths"]
        if scores is None or not self.took_part:
            return None
        return Figures(took_part=self.took_part, score_hundredths=scores).mean_score

    @property
    def is_partly_withheld(self) -> bool:
        return any(self.counts[name] is None for name in (*PLAIN, "score_hundredths"))


@dataclass(frozen=True, slots=True)
class Publication:
    """A published revision. `corrects`: the revision before it that was public, and why it was corrected."""

    report_id: str
    title: str
    period: str
    revision: int
    sha256: str
    published_at: datetime
    base_url: str
    agencies: tuple[PublicAgency, ...]
    corrects: int | None = None
    because: str | None = None
    smallest: int = SMALLEST_PUBLIC_NUMBER
    by_code: Mapping[str, PublicAgency] = field(default_factory=dict)

    @property
    def quarter(self) -> Quarter:
        return Quarter.from_code(self.period)

    @property
    def tops(self) -> Sequence[PublicAgency]:
        return [agency for agency in self.agencies if agency.parent_code is None]

    @property
    def corrected(self) -> Sequence[PublicAgency]:
        return [agency for agency in self.agencies if agency.changes]

    def children(self, code: str) -> Sequence[PublicAgency]:
        return [agency for agency in self.agencies if agency.parent_code == code]

    def subtree(self, code: str) -> Sequence[PublicAgency]:
        """An agency and those right below it."""
        return [self.by_code[code], *self.children(code)]


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stands where a result was: it was public once, and was taken back."""

    report_id: str
    period: str
    revision: int
    withdrawn_at: datetime
    because: str
    base_url: str

    @property
    def quarter(self) -> Quarter:
        return Quarter.from_code(self.period)


def publication(
    bodies: Sequence[AgencyBody],
    before: Iterable[AgencyBody],
    causes: Iterable[AgencyCorrection],
    *,
    sha256: str,
    published_at: datetime,
    base_url: str,
    corrects: int | None,
    because: str | None,
    unit_codes: Mapping[str, str] | None = None,
) -> Publication:
    """`before`: the bodies of the revision it corrects; `causes`: why figures changed, as far as everybody may know; `unit_codes`: codes of
    administrative units by agency, as the tree of the counting day was known when the report was frozen."""
    head = bodies[0].report
    earlier = {body.agency.id: _counts(body) for body in before}
    why = {one.id: tuple(one.causes) for one in causes}
    codes = {body.agency.id: body.agency.code for body in bodies}
    units = unit_codes or {}
    agencies = tuple(_agency(body, codes, earlier, why, units.get(body.agency.id)) for body in bodies)
    smallest = head.settings.get("disclosure", {}).get("threshold", SMALLEST_PUBLIC_NUMBER)
    return Publication(
        head.id,
        head.title,
        head.period,
        head.revision,
        sha256,
        published_at,
        base_url,
        agencies,
        corrects,
        because,
        smallest,
        {agency.code: agency for agency in agencies},
    )


def _agency(
    body: AgencyBody,
    codes: Mapping[str, str],
    earlier: Mapping[str, Counts],
    why: Mapping[str, tuple[str, ...]],
    unit_code: str | None,
) -> PublicAgency:
    agency = body.agency
    counts = _counts(body)
    withheld = _withheld(body)
    groups = {group: visible_figures(figures, withheld, of_group=True) for group, figures in body.groups.items() if GROUPS not in withheld}
    changes = _changes(earlier.get(agency.id), counts)
    return PublicAgency(
        id=agency.id,
        code=agency.code,
        name=agency.name,
        parent_code=codes.get(agency.parent_id) if agency.parent_id else None,
        path=tuple((place.code, place.name) for place in agency.path),
        counts=counts,
        groups={} if FIGURES in withheld else groups,
        is_withheld=FIGURES in withheld,
        changes=changes,
        causes=why.get(agency.id, ()) if changes else (),
        pass_denominator=str(body.report.settings.get("pass_denominator", "took_part")),
        unit_code=unit_code,
        comparison=_comparison(body, withheld),
    )


def _comparison(body: AgencyBody, withheld: frozenset[str]) -> PublicComparison | None:
    """Lenses and split as far as none of them is withheld; None where nothing is left, or there is nothing to compare with."""
    found = body.comparison
    if found is None or "disclosure" not in body.report.settings:  # before that nothing was decided about comparisons
        return None
    shown = {
        name: (lens["before"], lens["after"])
        for name, lens in found["lenses"].items()
        if lens["before"] is not None and not withheld.intersection((f"{COMPARISON}.{name}", COMPARISON, FIGURES, PARTICIPATION, OUTCOME))
    }
    split = found["split"]["passing"] if shown and not withheld.intersection((SPLIT, COMPARISON)) else None
    return PublicComparison(str(found["period"]), shown, split["hundredths"] if split else None) if shown else None


def _counts(body: AgencyBody) -> Counts:
    return visible_figures(body.figures, _withheld(body))


def _withheld(body: AgencyBody) -> frozenset[str]:
    """Reports frozen before details were decided on one by one show the four plain figures and no more."""
    plain = () if "disclosure" in body.report.settings else (BANDS, EXCLUSIONS, GROUPS)
    return frozenset((*body.withheld, *plain))


def _changes(before: Counts | None, after: Counts) -> tuple[FigureChange, ...]:
    """Figures that the public has read before and reads now, and that differ."""
    if before is None:
        return ()
    return tuple(
        FigureChange(name, before[name], after[name])
        for name in PLAIN
        if before[name] is not None and after[name] is not None and before[name] != after[name]
    )


def _rate(part: int | None, whole: int | None) -> Decimal | None:
    return None if part is None or whole is None else percent(part, whole)
