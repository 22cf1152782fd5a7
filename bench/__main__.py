"""`python -m bench`: CPU per request on both databases. `python -m bench --pages`: what pages weigh, and that nothing leaves the host."""

from __future__ import annotations

import argparse
import sys

from bench import pages, requests

parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
parser.add_argument(
    "--requests", type=int, default=200, metavar="N", help="measured requests of each operation, at least 100 (default 200)"
)
parser.add_argument("--database", choices=("sqlite", "postgresql"), help="only this one")
parser.add_argument("--pages", action="store_true", help="page weights instead of CPU")
arguments = parser.parse_args()
if arguments.pages:
    pages.run()
elif arguments.requests < 100:
    sys.exit("fewer than 100 requests say nothing: leave --requests out or give 100 or more")
else:
    requests.run([arguments.database] if arguments.database else ["sqlite", "postgresql"], arguments.requests)
