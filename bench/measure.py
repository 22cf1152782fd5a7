"""One request's cost: what every thread of the web worker and of the database was on a processor for, from before it to after it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench import service_headers
from bench.browser import Answer
from bench.processes import children, is_idle, on_processor

SETTLE_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Sample:
    """Nanoseconds on the processor, and of the clock on the wall. `hash`: what of `web` was the password hash."""

    web: int
    database: int
    wall: int
    queries: int | None
    hash: int | None

    @property
    def together(self) -> int:
        return self.web + self.database


@dataclass(slots=True)
class Series:
    samples: list[Sample] = field(default_factory=list)

    def percentile(self, value: Callable[[Sample], int | None], percent: int) -> float:
        """Milliseconds."""
        values = [one for sample in self.samples if (one := value(sample)) is not None]
        return percentile(values, percent) / 1e6

    @property
    def queries(self) -> str:
        """How many statements: one number where it is constant, else the span."""
        counts = {sample.queries for sample in self.samples if sample.queries is not None}
        if not counts:
            return "1"
        return str(min(counts)) if len(counts) == 1 else f"{min(counts)}–{max(counts)}"


def percentile(values: Sequence[int], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


@dataclass(slots=True)
class Meter:
    """Measures requests to a web worker. `postmaster`: its children are the database; None: the database is inside the worker."""

    worker: list[int]
    postmaster: int | None

    def measure(self, request: Callable[[], Answer]) -> tuple[Answer, Sample]:
        self._settle()
        web, database = self._read()
        answer = request()
        self._settle()
        web_after, database_after = self._read()
        sample = Sample(
            web=web_after - web,
            database=database_after - database,
            wall=int(answer.seconds * 1e9),
            queries=_number(answer, service_headers.QUERIES),
            hash=_number(answer, service_headers.HASH),
        )
        return answer, sample

    def _read(self) -> tuple[int, int]:
        return on_processor(self.worker), on_processor(self._database())

    def _database(self) -> list[int]:
        return children(self.postmaster) if self.postmaster else []

    def _settle(self) -> None:
        """Wait until nobody works any more: an answer is sent before all of its work is done."""
        while True:
            time.sleep(SETTLE_SECONDS)
            if is_idle(self.worker + self._database()):
                return


def _number(answer: Answer, header: str) -> int | None:
    value = answer.headers.get(header)
    return int(value) if value else None
