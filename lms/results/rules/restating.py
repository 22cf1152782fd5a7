"""Where the people of an earlier tree are counted in a later one: the rule by which figures are restated on another day's organisation.

An agency that still exists keeps its people, wherever it now hangs. Those of an agency that went on in one other go with it. Those of an
agency that was divided go where their own posting went: to the part in which, or below which, the later list counts them; whoever is on
no later list, or elsewhere, goes to the part to which the decision gives most people, or failing that to which most went. Those of an
agency that ended in nobody are counted where it hung. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from lms.agencies.rules.lineage import Passage, forward
from lms.results.rules.comparison import Flow

Tree = Mapping[UUID, UUID | None]
"""Each agency of a day, and the one above it."""


class Restatement:
    """Finds the agency of the later tree for people of an agency of the earlier one."""

    def __init__(self, before: Tree, after: Tree, passages: Sequence[Passage], flows: Iterable[Flow] = ()) -> None:
        self.before, self.after, self.passages = before, after, passages
        self._touched = {predecessor for passage in passages for predecessor, _, _ in passage.flows}
        self._heirs: dict[UUID, dict[UUID, float | None]] = {}
        self._went: dict[UUID, Counter[UUID]] = {}
        for flow in flows:
            if flow.agency_before in self._touched and flow.agency_after is not None:
                heir = self._above(flow.agency_after, self.heirs(flow.agency_before))
                if heir is not None:
                    self._went.setdefault(flow.agency_before, Counter())[heir] += flow.before.expected

    def heirs(self, agency: UUID) -> Mapping[UUID, float | None]:
        """The agencies of the later tree in which one of the earlier lives on, with the declared share of its people."""
        if agency not in self._touched:
            return {agency: 1.0} if agency in self.after else {}
        if agency not in self._heirs:
            reached = forward(agency, self.passages)
            self._heirs[agency] = {heir: reach.share for heir, reach in reached.items() if heir in self.after}
        return self._heirs[agency]

    def place(self, agency: UUID, agency_after: UUID | None) -> UUID | None:
        """Where those of `agency` whom the later list counts in `agency_after` belong today; None where nothing is left of the tree."""
        one: UUID | None = agency
        while one is not None:
            heirs = self.heirs(one)
            if len(heirs) == 1:
                return next(iter(heirs))
            if heirs:
                own = None if agency_after is None else self._above(agency_after, heirs)
                return own or self._main_heir(one, heirs)
            one = self.before.get(one)
        return None

    def _main_heir(self, agency: UUID, heirs: Mapping[UUID, float | None]) -> UUID:
        went = self._went.get(agency, Counter())
        return max(heirs, key=lambda heir: (heirs[heir] or 0.0, went[heir], -heir.int))

    def _above(self, agency: UUID, wanted: Mapping[UUID, object]) -> UUID | None:
        """The nearest of the wanted agencies from this one upwards."""
        one: UUID | None = agency
        while one is not None and one not in wanted:
            one = self.after.get(one)
        return one
