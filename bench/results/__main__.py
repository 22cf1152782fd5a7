from __future__ import annotations

import argparse

from bench.results import freezing, serving
from bench.results.freezing import Case
from bench.tables import machine

SIZES = (5_000, 25_000, 100_000)

parser = argparse.ArgumentParser(prog="python -m bench.results", description="Results of a province at size, on a PostgreSQL of its own.")
parser.add_argument("--freezing", action="store_true", help="freezing a quarter beside the plain statements that count the same")
parser.add_argument("--serving", action="store_true", help="documents, what the public fetches, and pages, of 25,000 people")
parser.add_argument("--people", type=int, nargs="+", default=SIZES, metavar="N")
parser.add_argument("--agencies", type=int, default=700, metavar="N")
parser.add_argument("--quarters", type=int, default=8, metavar="N", help="of history, with the one that is frozen")
parser.add_argument("--times", type=int, default=20, metavar="N")
arguments = parser.parse_args()
print(machine())
if arguments.freezing:
    alone = [Case(people, arguments.agencies, 1, papers) for people in arguments.people for papers in (False, True)]
    freezing.run([*alone, Case(25_000, arguments.agencies, arguments.quarters, True)], arguments.times)
if arguments.serving:
    serving.run(25_000, arguments.agencies, arguments.quarters, arguments.times)
