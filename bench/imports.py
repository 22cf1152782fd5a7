"""CPU seconds and memory of importing rosters, beside the floor: reading the sheet and copying its rows into the database in bulk.

Each measured run is a process of its own (`bench.imports_run`), so that its peak of memory is its own; the parser's process counts with it.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter

from bench.processes import ROOT
from bench.requests import Place, place
from bench.tables import machine, print_table

PEOPLE, MANY = 31_000, 310_000
AGENCIES = 300
ROWS_OF_A_SHEET = 40_000
HEADER = ("Mã cán bộ", "Họ và tên", "Ngày sinh", "Giới tính", "Đơn vị công tác", "Chức vụ", "Số CCCD", "Điện thoại")
_FAMILIES = [
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
    "Nông",
    "Triệu",
    "Lường",
    "Hà",
]
_MIDDLES = ["Văn", "Thị", "Hữu", "Minh", "Quốc", "Thanh", "Ngọc", "Đức", "Thu", "Hồng"]
_GIVEN = [
    "An",
    "Ánh",
    "Bình",
    "Chi",
    "Cường",
    "Dũng",
    "Dung",
    "Giang",
    "Hà",
    "Hải",
    "Hạnh",
    "Hoa",
    "Hòa",
    "Hùng",
    "Hương",
    "Khánh",
    "Lan",
    "Linh",
    "Long",
    "Mai",
    "Minh",
    "Nam",
    "Nga",
    "Ngọc",
    "Phúc",
    "Quân",
    "Sơn",
    "Tâm",
]
_TITLES = ("Chuyên viên", "Phó Trưởng phòng", "Trưởng phòng", "Kế toán", "Văn thư", "Công chức", "Giáo viên", "Chủ tịch UBND xã")


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took: seconds on a processor of the process and its parser, of the database's processes, and peak memory in MB."""

    own: float
    database: float
    peak: float
    parser_peak: float

    @property
    def both(self) -> float:
        return self.own + self.database


def agency_name(number: int) -> str:
    return f"Trường Trung học cơ sở số {number}"


def people(count: int, changed_share: float = 0.0) -> Iterator[tuple[str, ...]]:
    """The same people each time; a share of them with another title and phone."""
    chance = random.Random(1)
    for number in range(count):
        name = f"{chance.choice(_FAMILIES)} {chance.choice(_MIDDLES)} {chance.choice(_GIVEN)}"
        year, woman = chance.randrange(1966, 2000), chance.random() < 0.5
        born = f"{chance.randrange(1, 29):02}/{chance.randrange(1, 13):02}/{year}"
        title, other = chance.choice(_TITLES), chance.random() < changed_share
        identity = f"019{1 if woman else 0}{year % 100:02}{number:06}"
        phone = f"09{(number * 7 + (1 if other else 0)) % 100_000_000:08}"
        yield (
            f"CB{number:06}",
            name,
            born,
            "Nữ" if woman else "Nam",
            agency_name(number % AGENCIES),
            "Phó Hiệu trưởng" if other else title,
            identity,
            phone,
        )


def write_roster(path: Path, count: int, changed_share: float = 0.0) -> Path:
    workbook = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    rows = people(count, changed_share)
    for part in range(0, count, ROWS_OF_A_SHEET):
        sheet = workbook.add_worksheet(f"DS {part // ROWS_OF_A_SHEET + 1}")
        sheet.write_row(0, 0, HEADER)
        for line in range(1, min(ROWS_OF_A_SHEET, count - part) + 1):
            sheet.write_row(line, 0, next(rows))
    workbook.close()
    return path


def measured(where: Place, mode: str, file: Path) -> list[Run]:
    """Run one mode of `bench.imports_run` in a process of its own; its parts one after another."""
    command = [sys.executable, "-m", "bench.imports_run", mode, str(file)]
    environment = {**where.environment, "BENCH_FLOOR_URL": where.floor_url, "BENCH_POSTMASTER": str(where.postmaster or "")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    return [Run(**part) for part in json.loads(done.stdout.splitlines()[-1])]


def run(kinds: Sequence[str], many: int = MANY) -> None:
    print(machine())
    for kind in kinds:
        with place(kind) as where:
            measured(where, "prepare", where.folder)
            print(f"\n## {where.name}: {PEOPLE:,} people\n")
            first = write_roster(where.folder / "first.xlsx", PEOPLE)
            changed = write_roster(where.folder / "changed.xlsx", PEOPLE, 0.05)
            _print(where, [("first time", first), ("unchanged again", first), ("5 % changed", changed)], first)
        with place(kind) as where:
            measured(where, "prepare", where.folder)
            print(f"\n## {where.name}: {many:,} people in sheets of {ROWS_OF_A_SHEET:,}\n")
            first = write_roster(where.folder / "many.xlsx", many)
            _print(where, [("first time", first), ("unchanged again", first)], first)


def _print(where: Place, runs: Sequence[tuple[str, Path]], first: Path) -> None:
    floor, bare = measured(where, "floor", first)
    rows = [("floor: read the sheet, copy its rows", floor), ("  the same with the parser alone", bare)]
    for name, file in runs:
        check, applied = measured(where, "import", file)
        rows += [(f"{name}: import (worker)", applied), ("  its preview before", check)]
    print_table(
        ("CPU seconds", "process", "database", "both", "× floor", "peak MB", "parser MB"),
        [
            (
                name,
                f"{part.own:.2f}",
                f"{part.database:.2f}",
                f"{part.both:.2f}",
                f"{part.both / floor.both:.2f}",
                f"{part.peak:.0f}",
                f"{part.parser_peak:.0f}",
            )
            for name, part in rows
        ],
    )
