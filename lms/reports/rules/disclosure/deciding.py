"""What the public may not see of a report, so that no small number can be worked out from all that is public.

Counts are published in tables that lie within one another: how many were expected; of them, how many took part; of these, how many passed;
and the finer ones by band, tenth of the scale and position group. An agency is seen in a table where no gap is small (`covering`), and only
where it is seen in the table around it. Then every small cell that is not seen lies in a two-way table of which every margin is empty or
large, and can be anything in an interval at least as wide as the threshold. Across reports `history` holds the tables together. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from uuid import UUID

from lms.reports.rules.comparison import Comparison
from lms.reports.rules.disclosure import names
from lms.reports.rules.disclosure.covering import Counts, Table, covered, covered_with_all_below, is_safe
from lms.reports.rules.disclosure.history import Earlier, held_together, open_when_restated
from lms.reports.rules.disclosure.names import Details, DisclosureSettings, Published
from lms.reports.rules.rolling_up import AgencyReport
from lms.results.rules import BANDS, Figures, Tally
from lms.results.rules.restating import Tree

Reports = Mapping[UUID, AgencyReport]


def withheld(
    reports: Reports,
    history: Sequence[Published] = (),
    settings: DisclosureSettings = DisclosureSettings(),  # noqa: B008  # frozen
    *,
    details: Mapping[UUID, Details] | None = None,
    period: str | None = None,
    compared_with: str | None = None,
    comparisons: Mapping[UUID, Comparison] | None = None,
) -> dict[UUID, frozenset[str]]:
    """For every agency the names (`names`) of what the public may not see of it.

    `history`: the reports that are or once were public, in the order they were published. `details` are needed to show tenths and
    excluded people, `period` to know earlier revisions of the same quarter, `compared_with` (a period of the history) and `comparisons`
    to show anything of a comparison; what is not given is withheld.
    """
    return _Decision(
        reports, history, settings, details=details or {}, period=period, compared_with=compared_with, comparisons=comparisons or {}
    ).names()


class _Decision:
    def __init__(
        self,
        reports: Reports,
        history: Sequence[Published],
        settings: DisclosureSettings,
        *,
        details: Mapping[UUID, Details],
        period: str | None,
        compared_with: str | None,
        comparisons: Mapping[UUID, Comparison],
    ) -> None:
        self.reports, self.details, self.comparisons = reports, details, comparisons
        self.threshold = settings.threshold
        self.complements = settings.complements
        self.participation_counts = participation_counts if settings.complements else lambda figures: (figures.took_part,)
        self.outcome_counts = outcome_counts if settings.complements else lambda figures: (figures.passed,)
        self.tree = tree_of(reports)
        latest = list(history)[::-1][: settings.memory]
        self.all_earlier = latest
        self.revisions = [one for one in latest if one.period == period]
        self.base = next((one for one in latest if one.period == compared_with), None)

    def names(self) -> dict[UUID, frozenset[str]]:
        seen = self.seen()
        gone: dict[UUID, set[str]] = {agency: set(names.NEVER_PUBLIC) for agency in self.tree}
        for name, agencies in seen.items():
            for agency in self.tree:
                if agency not in agencies:
                    gone[agency].add(name)
        for agency, own in gone.items():
            own.update(*(names.FOLLOWS.get(name, frozenset()) for name in [*own]), self._of_comparison(agency))
            if names.GROUPS in own:
                own.update(f"{names.GROUPS}.{group}" for group in self.reports[agency].groups)
        return {agency: frozenset(own) for agency, own in gone.items()}

    def seen(self) -> dict[str, set[UUID]]:
        """Which agencies are seen in which table."""
        own = own_of(self.reports)
        expected = self._table(own, expected_counts)
        whole = covered_with_all_below(expected, self.threshold)
        earlier = [_earlier(one, names.FIGURES, expected_counts) for one in self.all_earlier]
        whole = held_together(expected, whole, earlier, self.threshold, with_all_below=True)
        revisions = [_earlier(one, names.FIGURES, expected_counts) for one in self.revisions]
        whole = held_together(expected, whole, revisions, self.threshold, with_all_below=True, same_facts=True)
        part = self._seen(own, names.PARTICIPATION, whole, self.participation_counts)
        outcome = self._seen(own, names.OUTCOME, part, self.outcome_counts)
        bands = self._seen(own, names.BANDS, outcome, band_counts)
        return {
            names.FIGURES: whole,
            names.PARTICIPATION: part,
            names.OUTCOME: outcome,
            names.BANDS: bands,
            names.HISTOGRAM: self._tenths(own, bands),
            names.GROUPS: self._groups(outcome),
            names.EXCLUSIONS: self._exclusions(whole),
        }

    def _seen(self, own: Mapping[UUID, Figures], name: str, candidates: Collection[UUID], counts: Callable[[Figures], Counts]) -> set[UUID]:
        table = self._table(own, counts)
        earlier = [_earlier(one, name, counts) for one in self.revisions]
        return held_together(table, covered(table, candidates, self.threshold), earlier, self.threshold, same_facts=True)

    def _table(self, own: Mapping[UUID, Figures], counts: Callable[[Figures], Counts]) -> Table:
        return Table.of(self.tree, {agency: counts(figures) for agency, figures in own.items()})

    def _tenths(self, own: Mapping[UUID, Figures], candidates: Collection[UUID]) -> set[UUID]:
        totals = {agency: one.histogram for agency, one in self.details.items() if one.histogram}
        if totals.keys() < self.tree.keys() or self.revisions:
            return set()
        tenths = less_children(self.tree, totals)
        counts = {agency: (*tenths[agency], *_against(figures.passed, tenths[agency][::-1])) for agency, figures in own.items()}
        return covered(Table.of(self.tree, counts), candidates, self.threshold)

    def _groups(self, candidates: Collection[UUID]) -> set[UUID]:
        table = group_table(self.reports, self.complements)
        found = covered(table, candidates, self.threshold)
        earlier = [
            Earlier(group_table(one.reports, self.complements), _not_withheld(one, names.GROUPS), one.passages) for one in self.revisions
        ]
        if any(
            _width(one.table) != _width(table) for one in earlier
        ):  # a group that another revision does not know: nothing to hold against
            return set()
        return held_together(table, found, earlier, self.threshold, same_facts=True)

    def _exclusions(self, candidates: Collection[UUID]) -> set[UUID]:
        if self.details.keys() < self.tree.keys() or self.revisions:
            return set()
        reasons = sorted({reason for one in self.details.values() for reason in one.exclusions})
        totals = {agency: tuple(self.details[agency].exclusions.get(reason, 0) for reason in reasons) for agency in self.tree}
        return covered(Table.of(self.tree, less_children(self.tree, totals)), candidates, self.threshold)

    def _of_comparison(self, agency: UUID) -> set[str]:
        gone: set[str] = set()
        if self.base is None or agency not in self.comparisons:
            return {names.AS_REPORTED, names.RESTATED, names.SAME_PEOPLE, names.SPLIT}
        reported_as = self.comparisons[agency].reported_as
        if reported_as is None or _UNCLEAR & set(self.base.withheld.get(reported_as, _UNCLEAR)):
            gone.add(names.AS_REPORTED)
        if agency in self._opened:
            gone.add(names.RESTATED)
        if self.tree[agency] in self.tree or not self._same_people_are_safe(self.comparisons[agency]):
            gone |= {names.SAME_PEOPLE, names.SPLIT}
        if gone:
            gone.add(names.SPLIT)
        return gone

    @cached_property
    def _opened(self) -> set[UUID]:
        """Where restated figures would tell more of the earlier quarter than its own report."""
        assert self.base is not None
        tables = (
            (names.FIGURES, expected_counts),
            (names.PARTICIPATION, self.participation_counts),
            (names.OUTCOME, self.outcome_counts),
        )
        return set[UUID]().union(*(open_when_restated(_earlier(self.base, name, counts), self.tree) for name, counts in tables))

    def _same_people_are_safe(self, comparison: Comparison) -> bool:
        """Those who were counted once only are told by subtraction: they must be nobody or many, whatever is counted of them."""
        change = comparison.change
        sets = (change.restated - change.same_before, change.after - change.same_after, change.same_before, change.same_after)
        return all(is_safe(_tally_counts(one), self.threshold) for one in sets)


def tree_of(reports: Reports) -> Tree:
    return {agency: report.node.parent_id if report.node.parent_id in reports else None for agency, report in reports.items()}


def own_of(reports: Reports) -> dict[UUID, Figures]:
    return {agency: report.own for agency, report in reports.items()}


def less_children(tree: Tree, totals: Mapping[UUID, Counts]) -> dict[UUID, Counts]:
    """Counts of own staff from those of whole subtrees."""
    own = {agency: list(totals[agency]) for agency in tree}
    for agency, parent in tree.items():
        if parent is not None and parent in tree:
            above = own[parent]
            for place, count in enumerate(totals[agency]):
                above[place] -= count
    return {agency: tuple(counts) for agency, counts in own.items()}


def expected_counts(figures: Figures) -> Counts:
    return (figures.expected,)


def participation_counts(figures: Figures) -> Counts:
    return figures.took_part, figures.missing


def outcome_counts(figures: Figures) -> Counts:
    return figures.passed, figures.failed


def band_counts(figures: Figures) -> Counts:
    """With what stands between each band and the pass mark, and the repeated attempts."""
    bands = tuple(getattr(figures, name) for name, _ in BANDS)
    return (*bands, *_against(figures.passed, bands), figures.attempts - figures.took_part if figures.attempts else 0)


def group_table(reports: Reports, complements: bool = True) -> Table:
    """Own staff by position group and outcome."""
    tree = tree_of(reports)
    groups = sorted({group for report in reports.values() for group in report.groups})
    nobody = Figures()
    totals = {
        agency: tuple(
            count
            for group in groups
            for figures in (report.groups.get(group, nobody),)
            for count in (
                (figures.passed, figures.failed, figures.missing) if complements else (figures.passed, figures.took_part, figures.expected)
            )
        )
        for agency, report in reports.items()
    }
    return Table.of(tree, less_children(tree, totals))


def _against(passed: int, from_the_top: Sequence[int]) -> Counts:
    """How many passed beyond, or are in the upper classes without having passed, at each border between classes."""
    reached, found = 0, []
    for count in from_the_top[:-1]:
        reached += count
        found.append(passed - reached)
    return tuple(found)


def _earlier(one: Published, name: str, counts: Callable[[Figures], Counts]) -> Earlier:
    table = Table.of(tree_of(one.reports), {agency: counts(figures) for agency, figures in own_of(one.reports).items()})
    return Earlier(table, _not_withheld(one, name), one.passages)


def _not_withheld(one: Published, name: str) -> frozenset[UUID]:
    return frozenset(agency for agency in one.reports if name not in (gone := one.withheld.get(agency, ())) and names.FIGURES not in gone)


def _tally_counts(tally: Tally) -> Counts:
    return tally.expected, tally.took_part, tally.expected - tally.took_part, tally.passed, tally.took_part - tally.passed


def _width(table: Table) -> int:
    return len(next(iter(table.own.values()), ()))


_UNCLEAR = frozenset((names.FIGURES, names.PARTICIPATION, names.OUTCOME))
