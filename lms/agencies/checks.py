"""What `lms doctor` says about the tree."""

from __future__ import annotations

from flask import current_app

from lms.agencies import queries
from lms.kit.clock import local_date, now
from lms.kit.unit import reading

_SHOWN = 3


def check_agencies() -> str:
    """Versions, codes and today's closure are what the believed events make. Some seconds for 10,000 agencies with ten years of changes."""
    today = local_date(now(), current_app.extensions["lms.settings"].zone)
    with reading() as session:
        found = queries.soundness(session, today)
    if found.faults:
        fault = found.faults[0]
        raise RuntimeError(
            f"{len(found.faults)} events make no tree, first {fault.kind} of {fault.agency} on {fault.on:%d/%m/%Y}:"
            f" correct or withdraw /agencies/changes/{fault.event}"
        )
    if found.deviations:
        shown = "; ".join(f"{one.table} of {one.name} ({one.agency}) from {one.day:%d/%m/%Y}" for one in found.deviations[:_SHOWN])
        raise RuntimeError(f"{len(found.deviations)} agencies are not what their events say: {shown}: run lms agencies rebuild")
    return f"{found.agencies} agencies follow from {found.events} events"
