"""An agency that turns out never to have existed must not be referred to any more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import Column, select
from sqlalchemy.orm import Session

from lms.agencies.models import Agency
from lms.agencies.operations.refusals import Names
from lms.kit.db import Base
from lms.kit.errors import N_, Conflict

_OWN = "agency_"  # the tables of this package, which keep what was once believed


def refuse_while_referred_to(session: Session, agencies: Collection[UUID], names: Names) -> None:
    """Raises Conflict where a posting, a role, a result or anything else still hangs on one of the agencies."""
    ids = list(agencies)
    for column in _references() if ids else ():
        for start in range(0, len(ids), 500):
            held = session.scalar(select(column).where(column.in_(ids[start : start + 500])).limit(1))
            if held is not None:
                raise Conflict(
                    N_("Đã có người, vai trò hoặc số liệu gắn với %(agency)s. Chuyển hết sang đơn vị khác rồi thử lại."),
                    code="agency_in_use",
                    agency=names.on(held, date.max),
                    table=column.table.name,
                )


def _references() -> list[Column[UUID]]:
    return [
        key.parent
        for table in Base.metadata.sorted_tables
        if not table.name.startswith(_OWN)
        for key in table.foreign_keys
        if key.column.table.name == Agency.__tablename__
    ]
