"""`python -m bench.lrs`: what storing and getting statements costs beside a floor, on both databases."""

from __future__ import annotations

import argparse

from bench.lrs import requests

parser = argparse.ArgumentParser(prog="python -m bench.lrs", description=__doc__)
parser.add_argument("--requests", type=int, default=200, metavar="N", help="measured requests of each operation (default %(default)s)")
parser.add_argument("--database", choices=("sqlite", "postgresql"), help="only this one")
arguments = parser.parse_args()
kinds = [arguments.database] if arguments.database else ["sqlite", "postgresql"]
requests.run(kinds, arguments.requests)
