"""`python -m bench`: CPU per request on both databases. `python -m bench --pages`: what pages weigh, and that nothing leaves the host.
`python -m bench --imports`: what importing 31,000 and 310,000 people costs beside the floor.
`python -m bench --agencies`: what importing a tree of 10,000 and of 20,000 agencies costs.
`python -m bench --tree`: what questions to the agency tree through time cost.
`python -m bench --sitting`: what start, save and submit cost beside the floor, with their limits.
`python -m bench --storage`: what a finished sitting takes up on the disk.
`python -m bench --audit`: what sealing, verifying and searching a million audit entries costs.
`python -m bench --assembly`: what drawing 200 forms of 30 questions from 2,000 items and the statistics of 25,000 sittings cost."""

from __future__ import annotations

import argparse
import sys

from bench import agencies, assembly, audit, imports, pages, requests, sitting, tree

parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
parser.add_argument(
    "--requests", type=int, default=200, metavar="N", help="measured requests of each operation, at least 100 (default 200)"
)
parser.add_argument("--database", choices=("sqlite", "postgresql"), help="only this one")
parser.add_argument("--pages", action="store_true", help="page weights instead of CPU")
parser.add_argument("--imports", action="store_true", help="CPU seconds and memory of roster imports instead")
parser.add_argument("--many", type=int, default=imports.MANY, metavar="N", help="people of the large import (default %(default)s)")
parser.add_argument("--agencies", action="store_true", help="CPU seconds and memory of agency imports instead")
parser.add_argument("--tree", action="store_true", help="CPU of questions to a tree of 10,000 agencies instead")
parser.add_argument("--assembly", action="store_true", help="CPU seconds of drawing forms and of statistics instead")
parser.add_argument("--audit", action="store_true", help="CPU seconds and memory of the audit's chain instead")
parser.add_argument("--entries", type=int, default=audit.ENTRIES, metavar="N", help="entries of the audit (default %(default)s)")
parser.add_argument("--sitting", action="store_true", help="CPU of start, save and submit over the floor's upsert instead")
parser.add_argument("--storage", action="store_true", help="bytes per finished sitting instead")
arguments = parser.parse_args()
kinds = [arguments.database] if arguments.database else ["sqlite", "postgresql"]
if arguments.pages:
    pages.run()
elif arguments.imports:
    imports.run(kinds, arguments.many)
elif arguments.agencies:
    agencies.run(kinds)
elif arguments.assembly:
    assembly.run(kinds)
elif arguments.audit:
    audit.run(kinds, arguments.entries)
elif arguments.storage:
    sitting.run_storage(kinds)
elif arguments.requests < 100:
    sys.exit("fewer than 100 requests say nothing: leave --requests out or give 100 or more")
elif arguments.sitting:
    sitting.run(kinds, arguments.requests)
elif arguments.tree:
    tree.run(kinds, arguments.requests)
else:
    requests.run(kinds, arguments.requests)
