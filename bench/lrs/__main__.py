"""`python -m bench.lrs`: what storing and getting statements costs beside a floor, on both databases.
`python -m bench.lrs --validation`: microseconds to check ten real statements.
`python -m bench.lrs --sizes 10000 1000000 10000000`: pages of 50 in stores of these sizes.
`python -m bench.lrs --beside URL KEY SECRET PROCESS`: the same requests to another store, at the address of its statements."""

from __future__ import annotations

import argparse

from bench.lrs import beside, requests, sizes, validation

parser = argparse.ArgumentParser(prog="python -m bench.lrs", description=__doc__)
parser.add_argument("--requests", type=int, default=200, metavar="N", help="measured requests of each operation (default %(default)s)")
parser.add_argument("--database", choices=("sqlite", "postgresql"), help="only this one")
parser.add_argument("--validation", action="store_true", help="validation alone instead")
parser.add_argument("--sizes", type=int, nargs="+", metavar="N", help="pages in stores of N statements (10⁷: 30 GB) instead")
parser.add_argument("--beside", nargs=4, metavar=("URL", "KEY", "SECRET", "PROCESS"), help="another store, with its process id, instead")
arguments = parser.parse_args()
kinds = [arguments.database] if arguments.database else ["sqlite", "postgresql"]
if arguments.validation:
    validation.run()
elif arguments.sizes:
    sizes.run(arguments.sizes, kinds)
elif arguments.beside:
    url, key, secret, process = arguments.beside
    beside.run(kinds, arguments.requests, beside.Other(url, key, secret, int(process)))
else:
    requests.run(kinds, arguments.requests)
