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


def test_each_file_has_its_row_and_at_least_as_many_requirements_as_it_says() -> None:
    told = {name: int(count) for name, count in ROW.findall(DOCUMENT.read_text())}
    there = {path.stem.removeprefix("test_"): requirements(path) for path in CONFORMANCE.glob("test_*.py")}
    assert told.keys() == there.keys()
    assert {name for name, count in told.items() if count > there[name]} == set()
