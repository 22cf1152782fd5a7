"""Works out withheld numbers from all that is public: exactly, by elimination over the rational numbers, and as bounds, by passing
what is known of the parts of each published sum on to one another until nothing narrows."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

Cell = Hashable
EVERYBODY = 1_000_000  # more people than there are: what is known of a cell of which nothing is published


@dataclass
class Attack:
    """Unknown whole numbers of people, none negative, and published sums of them."""

    sums: list[tuple[dict[Cell, int], int]] = field(default_factory=list)

    def publish(self, cells: Iterable[Cell], value: int, *, minus: Iterable[Cell] = ()) -> None:
        """Learn that the sum of some cells, less others, is a value."""
        row: dict[Cell, int] = {}
        for cells_of, sign in ((cells, 1), (minus, -1)):
            for cell in cells_of:
                row[cell] = row.get(cell, 0) + sign
        row = {cell: one for cell, one in row.items() if one}
        if row:
            self.sums.append((row, value))

    def exact(self, target: Iterable[Cell]) -> Fraction | None:
        """What a sum of cells is, where the published sums tell; None where they do not."""
        left = {cell: Fraction(1) for cell in target}
        value = Fraction(0)
        for pivot, row, right in self._reduced():
            if factor := left.get(pivot):
                value += factor * right
                for cell, coefficient in row.items():
                    _add(left, cell, -factor * coefficient)
        return None if left else value

    def bounds(self) -> dict[Cell, tuple[int, int]]:
        """The interval of every cell, from the published sums and from all that elimination makes of them."""
        rows = [({cell: Fraction(one) for cell, one in row.items()}, Fraction(value)) for row, value in self.sums]
        rows += [(row, value) for _, row, value in self._reduced()]
        known = {cell: (0, EVERYBODY) for row, _ in rows for cell in row}
        narrowed = True
        while narrowed:
            narrowed = False
            for row, value in rows:
                narrowed |= _narrow(row, value, known)
        return known

    def _reduced(self) -> list[tuple[Cell, dict[Cell, Fraction], Fraction]]:
        if not hasattr(self, "_rows") or self._read != len(self.sums):
            self._rows = _eliminated(self.sums)
            self._read = len(self.sums)
        return self._rows


def _eliminated(sums: Iterable[tuple[Mapping[Cell, int], int]]) -> list[tuple[Cell, dict[Cell, Fraction], Fraction]]:
    """Reduced row echelon form: every pivot occurs in its own row alone."""
    rows: list[tuple[Cell, dict[Cell, Fraction], Fraction]] = []
    for given, right in sums:
        row = {cell: Fraction(one) for cell, one in given.items()}
        value = Fraction(right)
        for pivot, other, known in rows:
            if factor := row.get(pivot):
                for cell, coefficient in other.items():
                    _add(row, cell, -factor * coefficient)
                value -= factor * known
        if not row:
            assert value == 0, "what is published contradicts itself"
            continue
        pivot = next(iter(row))
        scale = row[pivot]
        row = {cell: coefficient / scale for cell, coefficient in row.items()}
        value /= scale
        for place, (other_pivot, other, known) in enumerate(rows):
            if factor := other.get(pivot):
                for cell, coefficient in row.items():
                    _add(other, cell, -factor * coefficient)
                rows[place] = (other_pivot, other, known - factor * value)
        rows.append((pivot, row, value))
    return rows


def _add(row: dict[Cell, Fraction], cell: Cell, amount: Fraction) -> None:
    total = row.get(cell, Fraction(0)) + amount
    if total:
        row[cell] = total
    else:
        row.pop(cell, None)


def _narrow(row: Mapping[Cell, Fraction], value: Fraction, known: dict[Cell, tuple[int, int]]) -> bool:
    ends = {cell: sorted((one * known[cell][0], one * known[cell][1])) for cell, one in row.items()}
    lowest, highest = sum(low for low, _ in ends.values()), sum(high for _, high in ends.values())
    narrowed = False
    for cell, one in row.items():
        rest = sorted(((value - (lowest - ends[cell][0])) / one, (value - (highest - ends[cell][1])) / one))
        low, high = max(known[cell][0], ceil(rest[0])), min(known[cell][1], floor(rest[1]))
        assert low <= high, "what is published contradicts itself"
        if (low, high) != known[cell]:
            known[cell] = (low, high)
            narrowed = True
    return narrowed
