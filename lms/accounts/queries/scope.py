"""Narrowing a read to what the one who asks may see."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import InstrumentedAttribute

from lms.agencies.models import AgencyClosure
from lms.kit.access import Everywhere, Scope


def within(agency: InstrumentedAttribute[Any], scope: Scope, on: date) -> ColumnElement[bool]:
    """The condition that an agency lay in the scope on day `on`."""
    if isinstance(scope, Everywhere):
        return true()
    return below(agency, scope, on)


def below(agency: InstrumentedAttribute[Any], roots: frozenset[UUID], on: date) -> ColumnElement[bool]:
    """The condition that an agency was one of these, or lay below one of them, on day `on`."""
    return agency.in_(
        select(AgencyClosure.descendant_id).where(
            AgencyClosure.ancestor_id.in_(roots), AgencyClosure.valid_from <= on, AgencyClosure.valid_to > on
        )
    )
