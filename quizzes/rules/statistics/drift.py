"""Has an item become easier or harder since an earlier test, beyond what has changed for all items?"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import log, sqrt
from statistics import median, quantiles
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

LEAST_SHARED = 5  # items both tests have, for the change of the others to serve as the yardstick
NOTABLE_Z = 1.96
NOTABLE_LOGITS = 0.3
NOTABLE_SHARE = 0.1  # where only the two shares can be compared
SURE_Z = 2.58


@dataclass(frozen=True, slots=True)
class Change(Generic[Key]):
    """An item in two tests: facility and number of people in each."""

    key: Key
    before: float
    n_before: int
    now: float
    n_now: int

    @property
    def logits(self) -> float:
        return _logit(self.now, self.n_now) - _logit(self.before, self.n_before)


@dataclass(frozen=True, slots=True)
class Drift:
    """`relative`: the test was made against the other shared items, whose median change `usual` (logits) is what the people themselves have
    changed by; else the two shares alone were compared. `z` None: nothing varies."""

    relative: bool
    usual: float
    change: float
    z: float | None
    notable: bool


def drifts(changes: Sequence[Change[Key]]) -> dict[Key, Drift]:
    """Robust z of each shared item: (d − median of all d) / (0.74 · interquartile range), d the change of the logit of its facility.
    Notable from |z| ≥ 1.96 on, where the change beyond the median is at least 0.3 logits as well. With fewer than five shared items the
    two shares are compared (|z| ≥ 2.58 and at least 10 points); that people know more now is then not told apart."""
    if len(changes) < LEAST_SHARED:
        return {one.key: _two_shares(one) for one in changes}
    usual = median(one.logits for one in changes)
    lower, _, upper = quantiles([one.logits for one in changes], n=4, method="inclusive")
    yardstick = 0.74 * (upper - lower)
    found = {}
    for one in changes:
        beyond = one.logits - usual
        z = beyond / yardstick if yardstick > 1e-9 else None
        found[one.key] = Drift(True, usual, beyond, z, z is not None and abs(z) >= NOTABLE_Z and abs(beyond) >= NOTABLE_LOGITS)
    return found


def _two_shares(one: Change[Key]) -> Drift:
    share = (one.before * one.n_before + one.now * one.n_now) / (one.n_before + one.n_now)
    error = sqrt(share * (1 - share) * (1 / one.n_before + 1 / one.n_now))
    z = (one.now - one.before) / error if error > 1e-9 else None
    return Drift(False, 0.0, one.logits, z, z is not None and abs(z) >= SURE_Z and abs(one.now - one.before) >= NOTABLE_SHARE)


def _logit(share: float, n: int) -> float:
    least = 0.5 / n  # a share of 0 or 1 has no logit; half a person is added
    share = min(max(share, least), 1 - least)
    return log(share / (1 - share))
