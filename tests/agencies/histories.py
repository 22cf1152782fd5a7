"""Random histories of agencies, and a model of them too simple to be wrong: day by day, one dictionary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from uuid import UUID

from hypothesis import strategies as st

from lms.agencies.rules.events import (
    Abolition,
    Amendment,
    Change,
    Code,
    Consolidation,
    Details,
    Division,
    Establishment,
    Event,
    Founding,
    Merger,
    Part,
    Recoding,
)
from lms.kit.ids import uuid7

START = date(2024, 1, 1)
DAYS = [START + timedelta(days=index) for index in range(12)]
CODES = ("H55", "H55.1", "H55.2", "H55.3")


@dataclass(frozen=True, slots=True)
class Step:
    """A wish: something on a day to the first, second and third of the agencies there are by then."""

    what: str
    day: date
    numbers: tuple[int, int, int]
    code: str


steps = st.builds(
    Step,
    st.sampled_from(
        ["establish"] * 3
        + ["move"] * 3
        + ["rename", "recode", "merge", "merge", "merge_two", "consolidate", "split", "split_off", "abolish"]
    ),
    st.sampled_from(DAYS[1:]),
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)),
    st.sampled_from(CODES),
)


def change_of(step: Step, agencies: list[UUID]) -> Change:
    """The wish as a change; it may well be impossible."""
    one, other, third = (agencies[number % len(agencies)] for number in step.numbers)
    new, newer = uuid7(), uuid7()
    top = step.numbers[2] % 3 == 0
    founding = founding_of(new, None if top else one, step.code if step.numbers[1] % 3 == 0 else None)
    details: dict[str, Details] = {
        "establish": Establishment(
            **{name: getattr(founding, name) for name in ("agency", "name", "kind", "block", "level", "parent", "codes")}
        ),
        "move": Amendment(agency=one, parent=None if top else other),
        "rename": Amendment(agency=one, name=f"Tên {step.numbers}"),
        "recode": Recoding(agency=one, code=step.code),
        "merge": Merger(agencies=(one,), into=other),
        "merge_two": Merger(agencies=(one, third), into=other),
        "consolidate": Consolidation(agencies=(one, other), founding=founding_of(new, None if top else third, None)),
        "split": Division(
            agency=one,
            parts=(
                Part(agency=new, founding=founding_of(new, None if top else third, None), share=0.25),
                Part(agency=newer, founding=founding_of(newer, None, None), share=0.75),
            ),
        ),
        "split_off": Division(agency=one, parts=(Part(agency=new, founding=founding_of(new, one, None), share=0.5),), survives=True),
        "abolish": Abolition(agency=one, children={third: None} if step.numbers[1] % 4 == 0 else {}),
    }
    return Change(step.day, details[step.what])


def founding_of(agency: UUID, parent: UUID | None, code: str | None) -> Founding:
    return Founding(
        agency=agency,
        name=f"Đơn vị {agency.hex[-4:]}",
        kind="department",
        block="so_nganh",
        level="tinh",
        parent=parent,
        codes=(Code("qd20", code),) if code else (),
    )


Snapshot = dict[UUID, tuple[str, UUID | None, frozenset[tuple[str, str]]]]
"""Agency → name, parent, codes."""


class ImpossibleError(Exception):
    pass


def naive(events: Iterable[Event]) -> dict[date, Snapshot] | None:
    """What there is in the evening of each day on which something happened; None where it cannot be."""
    there: Snapshot = {}
    born: dict[UUID, date] = {}
    found: dict[date, Snapshot] = {}
    try:
        for day, own in groupby(sorted(events, key=lambda event: event.order), key=lambda event: event.on):
            for event in own:
                _happen(there, born, day, event.details)
            _must_be_a_tree(there)
            found[day] = dict(there)
    except ImpossibleError:
        return None
    return found


def _happen(there: Snapshot, born: dict[UUID, date], day: date, details: Details) -> None:  # noqa: C901 (one case each)
    match details:
        case Establishment():
            _found(there, born, day, details)
        case Amendment():
            _need(details.agency in there)
            name, parent, codes = there[details.agency]
            changes = details.changes()
            there[details.agency] = (changes.get("name", name), changes.get("parent", parent), codes)
        case Recoding():
            _need(details.agency in there)
            name, parent, codes = there[details.agency]
            kept = codes if details.beside else frozenset(code for code in codes if code[0] != details.scheme)
            there[details.agency] = (name, parent, kept | ({(details.scheme, details.code)} if details.code else set()))
        case Merger():
            _need(details.into in there and details.into not in details.agencies)
            _end(there, born, day, details.agencies, details.into, details.children)
        case Consolidation():
            _need(details.founding.agency not in details.agencies)
            _found(there, born, day, details.founding)
            _end(there, born, day, details.agencies, details.founding.agency, details.children)
        case Division():
            for part in details.parts:
                _need(part.agency != details.agency and (part.founding is not None or part.agency in there))
            _need(details.agency in there)
            for part in details.parts:
                if part.founding is not None:
                    _found(there, born, day, part.founding)
            if not details.survives:
                _end(there, born, day, (details.agency,), details.heir, details.children)
        case Abolition():
            _end(there, born, day, (details.agency,), None, details.children)


def _found(there: Snapshot, born: dict[UUID, date], day: date, founding: Founding) -> None:
    _need(founding.agency not in born)
    born[founding.agency] = day
    there[founding.agency] = (founding.name, founding.parent, frozenset((code.scheme, code.code) for code in founding.codes))


def _end(
    there: Snapshot, born: dict[UUID, date], day: date, agencies: tuple[UUID, ...], heir: UUID | None, children: dict[UUID, UUID | None]
) -> None:
    _need(len(set(agencies)) == len(agencies) and all(agency in there and born[agency] < day for agency in agencies))
    _need(all(child in there and there[child][1] in agencies for child in children))
    for child, (name, parent, codes) in list(there.items()):
        if parent in agencies:
            if child in children:
                there[child] = (name, children[child], codes)
            elif heir is not None and child not in agencies:
                there[child] = (name, heir, codes)
    for agency in agencies:
        del there[agency]


def _must_be_a_tree(there: Snapshot) -> None:
    borne: set[tuple[str, str]] = set()
    for agency, (_, parent, codes) in there.items():
        _need(not borne & codes)
        borne |= codes
        path = {agency}
        above = parent
        while above is not None:
            _need(above in there and above not in path)
            path.add(above)
            above = there[above][1]


def _need(condition: bool) -> None:
    if not condition:
        raise ImpossibleError
