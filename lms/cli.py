"""The command `lms`."""

import importlib
import sys

from lms.serving import serve


def main() -> None:
    """`serve` only starts other processes, so it does not load the application into its own."""
    if sys.argv[1:2] == ["serve"]:
        serve.main(sys.argv[2:], prog_name="lms serve")
    else:
        importlib.import_module("lms.commands").run()
