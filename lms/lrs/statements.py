"""What happened below the record store, in packages that do not know it, as statements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from lms.accounts.operations.sign_in import SIGNED_IN
from lms.feature import StatementBuilder
from lms.lrs import vocabulary as words


def signed_in(base_url: str, person_id: UUID, method: str, at: datetime) -> list[dict[str, Any]]:
    """`logged-in` to the service. Pure: the same facts give the same statement, its id included."""
    return [
        words.statement(
            facts=(person_id, at.isoformat()),
            actor=words.actor_for(base_url, person_id),
            verb=words.LOGGED_IN,
            target=words.activity(words.activity_iri(base_url, "service"), words.APPLICATION, {"vi": words.PLATFORM}),
            at=at,
            extensions={words.SIGN_IN_METHOD: method},
        )
    ]


def _build_signed_in(session: Session, reference: Mapping[str, Any], at: datetime) -> list[dict[str, Any]]:
    return signed_in(session.info["base_url"], UUID(reference["person"]), reference["method"], at)


BUILDERS: Mapping[str, StatementBuilder] = {SIGNED_IN: _build_signed_in}
