"""People's names for those who know them only by identifier."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from lms.accounts.queries import names


class PersonNamer:
    """Names of people, also of those who left or whose record was merged."""

    kind = "person"

    def names(self, session: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
        return names.person_names(session, ids)

    def find(self, session: Session, text: str, limit: int) -> Sequence[UUID]:
        return names.people_called(session, text, limit)

    def page(self, identifier: UUID) -> str:
        return url_for("accounts.person", person_id=identifier)
