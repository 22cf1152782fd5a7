"""Validation alone: microseconds from the bytes of a request to checked statements, and to the terms they are found under."""

from __future__ import annotations

import time
from random import Random

from bench.lrs.statements import TEN, actor, text
from bench.measure import percentile
from bench.tables import machine, print_table
from lms.lrs.rules.reading import read_one
from lms.lrs.rules.terms import statement_terms

TIMES = 2000


def run() -> None:
    """CPU of this thread; the median says what it costs when nobody else is at the machine."""
    print(machine(), end="\n\n")
    rows = []
    authority = actor(1)
    for kind in TEN:
        body = text(kind(Random(1)))
        checked, found = [], []
        for _ in range(TIMES):
            before = time.thread_time_ns()
            received = read_one(body)
            between = time.thread_time_ns()
            statement_terms(received.values, authority)
            checked.append(between - before)
            found.append(time.thread_time_ns() - between)
        numbers = [percentile(checked, 50), percentile(checked, 95), percentile(found, 50)]
        rows.append([kind.__name__.replace("_", " "), str(len(body)), *(f"{value / 1e3:.1f}" for value in numbers)])
    print_table(["statement", "bytes", "checked, µs p50", "p95", "terms, µs p50"], rows)
