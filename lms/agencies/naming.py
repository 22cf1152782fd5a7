"""Agencies' names for those who know them only by identifier."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from lms.agencies.queries import names


class AgencyNamer:
    """Names of agencies, the last they bore where they have ended."""

    kind = "agency"

    def names(self, session: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
        return names.last_names(session, ids)

    def find(self, session: Session, text: str, limit: int) -> Sequence[UUID]:
        return names.agencies_called(session, text, limit)

    def page(self, identifier: UUID) -> str:
        return url_for("agencies.agency", agency_id=identifier)
