"""This store beside another one: the same requests in the same order to both, and the same faulty statements."""

from __future__ import annotations

import copy
import http.client
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any
from urllib.parse import urlsplit

from bench.browser import UnexpectedAnswerError
from bench.lrs.client import OPERATIONS, POST, Call, Client, calls
from bench.lrs.requests import prepare
from bench.lrs.statements import ADL, COURSE, TEN, actor, text
from bench.measure import Meter, Series
from bench.processes import gunicorn
from bench.requests import WARM_UP, place
from bench.tables import machine, print_table

PAGE_AGENT, PAGE_VERB, PAGE_RELATED = "page of 50: agent", "page of 50: verb", "page of 50: related activity, verb"
PAGES = (PAGE_AGENT, PAGE_VERB, PAGE_RELATED)

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """Where the other store is: the address of its statements, a credential, and the process that answers, for its CPU."""

    url: str
    key: str
    secret: str
    process: int

    def client(self) -> Client:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=60)
        return Client(connection, self.key, self.secret, path=parts.path)


def run(kinds: Sequence[str], number: int, other: Other) -> None:
    print(machine())
    for kind in kinds:
        with place(kind) as where:
            key, secret = prepare(where)
            with gunicorn("bench.service:app", where.environment, where.folder / "service.log") as (port, pids):
                ours = Client(http.client.HTTPConnection("127.0.0.1", port), key, secret)
                sides = {"other": (other.client(), Meter([other.process], None)), "ours": (ours, Meter(pids, where.postmaster))}
                print(f"\n## {where.name}\n")
                _print(_measured(sides, number))
                if kind == kinds[-1]:
                    _print_accepted({side: client for side, (client, _meter) in sides.items()})


def _measured(sides: dict[str, tuple[Client, Meter]], number: int) -> dict[str, dict[str, Series]]:
    results: dict[str, dict[str, Series]] = {side: defaultdict(Series) for side in sides}
    of_statements, chance = calls(Random()), Random(8)  # by chance, for another store may keep those of the last run
    for count in range(WARM_UP + number):
        for call in (*islice(of_statements, len(OPERATIONS)), *_pages(chance)):
            for side, (client, meter) in sides.items():
                _answer, sample = meter.measure(lambda client=client, call=call: client.send(call))  # type: ignore[misc]
                if count >= WARM_UP:
                    results[side][call.name].samples.append(sample)
    return results


def _pages(chance: Random) -> Iterator[Call]:
    who, verb = text(actor(chance.randrange(25_000))).decode(), ADL + chance.choice(["completed", "passed"])
    yield Call(PAGE_AGENT, "GET", {"agent": who, "limit": "50"}, None)
    yield Call(PAGE_VERB, "GET", {"verb": verb, "limit": "50"}, None)
    yield Call(PAGE_RELATED, "GET", {"activity": COURSE, "related_activities": "true", "verb": verb, "limit": "50"}, None)


def _print(results: dict[str, dict[str, Series]]) -> None:
    rows = []
    for name in (*OPERATIONS, *PAGES):
        cells = []
        for percent in (50, 95):
            for value in (lambda sample: sample.together, lambda sample: sample.wall):
                cells += [results[side][name].percentile(value, percent) for side in ("ours", "other")]
        rows.append([name, *(f"{cell:.2f}" for cell in cells), f"{cells[1] / cells[0]:.1f}", f"{cells[3] / cells[2]:.1f}"])
    header = [f"{what} {percent} {side}" for percent in ("p50", "p95") for what in ("CPU", "wall") for side in ("ours", "other")]
    print_table(["milliseconds", *header, "× CPU", "× wall"], rows)


def faulty() -> Iterator[tuple[str, dict[str, Any]]]:
    """Ten real statements, each with one fault in one place: nothing there, a name in another case, a name nobody knows."""
    for kind in TEN:
        good = kind(Random(1))
        good.pop("id", None)  # accepted once, it would be refused the next time for that
        for where in _places(good):
            holder = _at(good, where[:-1])
            yield "null", _changed(good, where, None)
            if isinstance(holder, dict) and (len(where) == 1 or not _is_map(where[:-1])):
                yield "a name in another case", _renamed(good, where)
            if isinstance(_at(good, where), dict) and not _is_map(where):
                yield "an unknown name", _changed(good, (*where, "khac"), "x")


def _places(value: Any, here: Place = ()) -> Iterator[Place]:
    """Every place of a statement but those within extensions."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*here, key)
        if key != "extensions":
            yield from _places(inner, (*here, key))


def _is_map(where: Place) -> bool:
    """Its names are the sender's own."""
    return where[-1] in ("display", "extensions", "description") or (where[-1] == "name" and "definition" in where)


def _at(value: Any, where: Place) -> Any:
    for key in where:
        value = value[key]
    return value


def _changed(good: dict[str, Any], where: Place, value: Any) -> dict[str, Any]:
    result = copy.deepcopy(good)
    _at(result, where[:-1])[where[-1]] = value
    return result


def _renamed(good: dict[str, Any], where: Place) -> dict[str, Any]:
    result = copy.deepcopy(good)
    holder = _at(result, where[:-1])
    holder[str(where[-1]).swapcase()] = holder.pop(where[-1])
    return result


def _print_accepted(clients: dict[str, Client]) -> None:
    sent: Counter[str] = Counter()
    taken: dict[str, Counter[str]] = {side: Counter() for side in clients}
    for kind, statement in faulty():
        sent[kind] += 1
        for side, client in clients.items():
            client.connection.close()  # each on a new one: after a refusal a store may hang up
            try:
                client.send(Call(POST, "POST", {}, text(statement)))
            except UnexpectedAnswerError:
                continue
            taken[side][kind] += 1
    print()
    print_table(
        ["faulty statements", "sent", *(f"accepted by {side}" for side in clients)],
        [[kind, str(count), *(str(taken[side][kind]) for side in clients)] for kind, count in sent.items()],
    )
