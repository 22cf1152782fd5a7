"""Are the forms of a test equally hard, and how does this test compare with an earlier one? Reported, never applied to a mark."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, TypeVar

from quizzes.rules.statistics.drift import Change
from quizzes.rules.statistics.measures import FormFigures

Key = TypeVar("Key", bound=Hashable)
SURE_Z = 2.58
NOTABLE_POINTS = 3.0


@dataclass(frozen=True, slots=True)
class FormComparison:
    """A form beside all forms together. `difference`: of the means; `error`: its standard error; `pass_mark`: the score on this form that
    stands where the pass mark stands among all (linear equating of random groups)."""

    difference: float
    error: float
    z: float
    pass_mark: float
    notable: bool


def compare_forms(forms: Mapping[Key, FormFigures], together: FormFigures, pass_mark: float) -> dict[Key, FormComparison]:
    """Forms are dealt out by chance, so those who had a form are a random group: a difference beyond chance is the form's.

    Linear equating (Kolen & Brennan, chapter 2): x on the form corresponds to y with (y − mean)/sd = (x − mean of the form)/sd of the form.
    """
    found = {}
    for key, form in forms.items():
        if form.n < 2:
            continue
        difference = form.mean - together.mean
        error = together.sd * sqrt(max(0.0, 1 / form.n - 1 / together.n))  # the form's people are part of all
        z = difference / error if error > 1e-9 else 0.0
        scale = form.sd / together.sd if together.sd > 1e-9 else 1.0
        equated = min(100.0, max(0.0, form.mean + scale * (pass_mark - together.mean)))
        found[key] = FormComparison(difference, error, z, equated, abs(z) >= SURE_Z and abs(difference) >= NOTABLE_POINTS)
    return found


@dataclass(frozen=True, slots=True)
class AnchorLink:
    """This test beside an earlier one by the items both had, word for word. In points of 100: `people` is how much more (or less) of the
    shared items people know now, with its standard error; `scores` how the mean score changed; what is left of it, `forms`, is that the
    papers have become easier (or harder)."""

    shared: int
    people: float
    error: float
    scores: float

    @property
    def forms(self) -> float:
        return self.scores - self.people


def link_by_anchors(shared: Sequence[Change[Any]], mean_before: float, mean_now: float) -> AnchorLink | None:
    """Common-item nonequivalent groups (Kolen & Brennan, chapter 4), in its plainest form: mean change of the anchors' facility."""
    if not shared:
        return None
    people = sum(one.now - one.before for one in shared) / len(shared)
    variance = sum(one.before * (1 - one.before) / one.n_before + one.now * (1 - one.now) / one.n_now for one in shared) / len(shared) ** 2
    return AnchorLink(len(shared), 100 * people, 100 * sqrt(variance), mean_now - mean_before)
