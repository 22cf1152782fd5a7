"""docs/xapi-conformance.md tells the truth about tests/lrs/conformance."""

from __future__ import annotations

import ast
import re
from pathlib import Path

CONFORMANCE = Path(__file__).parent / "conformance"
DOCUMENT = Path(__file__).parents[2] / "docs" / "xapi-conformance.md"
ROW = re.compile(r"^\| [^|]+ \| `(\w+)` \| (\d+) \| [\d,]+ \|$", re.MULTILINE)


def requirements(path: Path) -> int:
    return sum(isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in ast.walk(ast.parse(path.read_text())))


def test_each_file_belongs_to_a_row_and_no_row_tells_of_more_requirements_than_there_are() -> None:
    told = {name: int(count) for name, count in ROW.findall(DOCUMENT.read_text())}
    there = dict.fromkeys(told, 0)
    for path in CONFORMANCE.glob("test_*.py"):
        name = path.stem.removeprefix("test_")
        rows = [row for row in told if name.startswith(f"{row}_")]
        assert rows, f"{name} has no row in {DOCUMENT.name}"
        there[max(rows, key=len)] += requirements(path)
    assert {row: count for row, count in told.items() if count > there[row]} == {}
