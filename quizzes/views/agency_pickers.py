"""Choosing agencies in forms of rounds: what is chosen by name, and what was found for the words typed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from lms.agencies.forms import AgencyField, Choice
from lms.agencies.queries import agency_names, search_agencies
from lms.kit.actors import EVERYWHERE, Scope

FOUND_AT_ONCE = 20


def fill_pickers(session: Session, pickers: Iterable[AgencyField], on: date, scope: Scope = EVERYWHERE) -> None:
    """Name what is chosen; look within the scope for the words typed beside it. What is chosen and does not exist is dropped."""
    for picker in pickers:
        names = agency_names(session, picker.data, on)
        picker.data = [agency for agency in picker.data if agency in names]
        if picker.search:
            rows = search_agencies(session, picker.search, on, scope, limit=FOUND_AT_ONCE)
            above = agency_names(session, {row.parent_id for row in rows if row.parent_id}, on)
            notes = {row.id: (row.code, above.get(row.parent_id) if row.parent_id else None) for row in rows}
            picker.found = [
                Choice(row.id, row.name, " · ".join(part for part in notes[row.id] if part)) for row in rows if row.id not in picker.data
            ]
        picker.chosen = [Choice(agency, names[agency], "") for agency in picker.data]
