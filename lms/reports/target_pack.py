"""Targets as a file: read, and brought in with the demonstration province."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from lms.feature import DemoProvince
from lms.kit.actors import SERVICE
from lms.kit.errors import N_, DomainError
from lms.kit.unit import transaction
from lms.reports.operations.targets import NewTarget, load_targets
from lms.reports.rules.targets import Population

OWN_PACK = Path(__file__).parent / "packs" / "targets.yaml"


def read_pack(text: str) -> list[NewTarget]:
    """The targets of a pack file. Raises DomainError that names the entry that cannot be read."""
    try:
        entries = list(yaml.safe_load(text)["targets"])
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise DomainError(N_("Tệp không phải bộ chỉ tiêu: cần mục targets gồm danh sách chỉ tiêu."), code="target_pack") from error
    return [_read(entry, number) for number, entry in enumerate(entries, start=1)]


def bring_targets(world: DemoProvince) -> None:
    """The pack of the service, for the demonstration province."""
    with transaction() as session:
        load_targets(session, SERVICE, read_pack(OWN_PACK.read_text(encoding="utf-8")), world.at)


def _read(entry: Any, number: int) -> NewTarget:
    try:
        document, baseline = entry["document"], entry.get("baseline") or {}
        is_above = "above" in entry
        new = NewTarget(
            code=str(entry["code"]),
            title=str(entry["title"]),
            document_number=str(document["number"]),
            document_date=document.get("date"),
            document_issuer=str(document["issuer"]),
            sentence=str(entry["sentence"]),
            is_verified=bool(entry.get("verified", False)),
            indicator=str(entry["indicator"]),
            population=Population.of(entry.get("population") or {}).as_values(),
            wanted=round(100 * float(entry["above"] if is_above else entry["at_least"])),
            is_above=is_above,
            is_yearly=bool(entry.get("yearly", False)),
            counted_from=entry["from"],
            deadline=entry["deadline"],
            baseline_part=baseline.get("part"),
            baseline_whole=baseline.get("whole"),
            baseline_on=baseline.get("on"),
        )
        days = (new.counted_from, new.deadline, new.document_date or new.deadline, new.baseline_on or new.deadline)
        if not all(isinstance(day, date) for day in days):
            raise ValueError("not a day")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DomainError(
            N_("Chỉ tiêu thứ %(number)s trong tệp thiếu hoặc sai: %(why)s"), code="target_pack", number=number, why=str(error)
        ) from error
    return new
