"""Files as other systems write them, written after their formats: what is read of them, and what is named as lost.

`samples/*.json` is what each gives; it was looked through by a person and is compared whole.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from quizzes.interchange import sniffed
from tests.quizzes.interchange.hostile import archive

SAMPLES = Path(__file__).parent / "samples"


def packed(folder: Path) -> bytes:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return archive({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})


FILES = {
    "moodle4": ("moodle", (SAMPLES / "moodle4.xml").read_bytes),
    "tao22": ("qti22", lambda: packed(SAMPLES / "tao22")),
    "qti3": ("qti30", lambda: packed(SAMPLES / "qti3")),
}


def told(name: str) -> dict[str, Any]:
    """What a file gives, without what is empty."""
    format_name, make = FILES[name]
    data = make()
    found = sniffed(data, f"{name}.{'xml' if name == 'moodle4' else 'zip'}")
    assert found is not None
    assert found.name == format_name
    parsed = found.read(data)
    entries = []
    for entry in parsed.entries:
        draft = {key: value for key, value in asdict(entry.draft).items() if value} if entry.draft else None
        entries.append({"name": entry.name, "findings": [f"{one.weight}: {one}" for one in entry.findings], "draft": draft})
    return {"findings": [str(one) for one in parsed.findings], "pictures": sorted(parsed.pictures), "entries": entries}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_of_another_system_gives_what_it_holds_and_names_what_is_lost(name: str) -> None:
    assert json.loads(json.dumps(told(name))) == json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))
