"""CPU seconds and memory of importing a tree of agencies 12 levels deep: the first time, and the same file again.

Each import is a process of its own, so that its peak of memory is its own: `python -m bench.agencies FILE` prints what it took as JSON."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import xlsxwriter

import courses
import quizzes
from bench.data import prepare_schema
from bench.imports_run import Taken
from bench.processes import ROOT
from bench.requests import Place, place
from bench.tables import machine, print_table
from lms.agencies.files import read_files
from lms.agencies.operations import apply_import, check_import
from lms.app import create_app
from lms.config import load_settings
from lms.kit.actors import SERVICE
from lms.kit.clock import now

SIZES = (10_000, 20_000)
LEVELS = 12
DAY = date(2024, 1, 1)
HEADER = ("Mã đơn vị", "Tên đơn vị", "Mã đơn vị chủ quản", "Ngày hiệu lực")


def write_tree(path: Path, count: int) -> Path:
    """A chain down to the last level first, then anywhere above it; most of them near the top."""
    chance, levels = random.Random(1), [0]
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet("Cây đơn vị")
        sheet.write_row(0, 0, HEADER)
        for number in range(count):
            parent = number - 1
            while number >= LEVELS and levels[parent := int(number * chance.random() ** 2)] >= LEVELS - 1:
                pass
            if number:
                levels.append(levels[parent] + 1)
            sheet.write_row(number + 1, 0, (_code(number), f"Đơn vị số {number}", _code(parent) if number else "", f"{DAY:%d/%m/%Y}"))
    return path


def run(kinds: Sequence[str]) -> None:
    print(machine())
    for kind in kinds:
        rows = []
        for count in SIZES:
            with place(kind) as where:
                file = write_tree(where.folder / "cay.xlsx", count)
                rows += [(f"{count:,} agencies: {name}", *_imported(where, file)) for name in ("first time", "unchanged again")]
        print(f"\n## {kind}\n")
        print_table(("CPU seconds", "process", "database", "peak MB", "parser MB"), rows)


def _code(number: int) -> str:
    return f"H55.{number}" if number else "H55"


def _imported(where: Place, file: Path) -> tuple[str, ...]:
    environment = {**where.environment, "BENCH_POSTMASTER": str(where.postmaster or "")}
    command = [sys.executable, "-m", "bench.agencies", str(file)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    took = json.loads(done.stdout.splitlines()[-1])
    return f"{took['own']:.2f}", f"{took['database']:.2f}", f"{took['peak']:.0f}", f"{took['parser_peak']:.0f}"


def main(file: Path) -> dict[str, float]:
    """One import in this process."""
    app = create_app(load_settings(dict(os.environ)), features=(courses.feature, quizzes.feature))
    database = app.extensions["lms.database"]
    prepare_schema(database)
    taken = Taken()
    with database.transaction() as session:
        plan = check_import(session, read_files(file), file.name, DAY)
        apply_import(session, SERVICE, plan, now())
    return taken.told()


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
