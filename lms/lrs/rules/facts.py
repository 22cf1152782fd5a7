"""What the store must know of a statement beside its text: by what it is found, listed and counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from lms.lrs.rules.activities import definitions_in, wording_digest
from lms.lrs.rules.attachments import has_attachments
from lms.lrs.rules.rendering import must_be_rebuilt
from lms.lrs.rules.statements import is_voider, target_of
from lms.lrs.rules.terms import TermKind, agent_identity, own_keys, term_key
from lms.lrs.rules.values import moment
from lms.lrs.rules.versions import Version

Wordings = tuple[tuple[str, str], ...]


class Facts(msgspec.Struct, frozen=True):  # made for each statement: a fifth of the time a frozen dataclass takes
    """Of a valid statement. Terms are keys of 32 hexadecimal digits (`terms.term_key`). `wordings`: of each definition the activity and
    the digest, in order. `given`: which of the members that a store completes stand in it. `rebuilt`: its text alone will not do."""

    id: UUID | None
    actor: str | None
    verb: str
    activity: str | None
    registration: str | None
    timestamp: datetime | None
    target_id: UUID | None
    voids: bool
    attaches: bool
    version: str
    terms: Collection[str]
    wordings: Wordings
    given: frozenset[str]
    rebuilt: bool


COMPLETED = frozenset(("id", "timestamp", "version"))  # `stored` and `authority` are set whatever stands there


def facts_of(statement: Mapping[str, Any], version: Version) -> Facts:
    """Of any valid statement."""
    identity, target = agent_identity(statement["actor"]), target_of(dict(statement))
    registration = statement.get("context", {}).get("registration")
    about = statement["object"]
    return Facts(
        id=UUID(statement["id"]) if "id" in statement else None,
        actor=None if identity is None else term_key(TermKind.AGENT, identity),
        verb=statement["verb"]["id"],
        activity=about["id"] if about.get("objectType", "Activity") == "Activity" else None,
        registration=None if registration is None else UUID(registration).hex,
        timestamp=moment(statement["timestamp"], "timestamp", spaced=True) if "timestamp" in statement else None,
        target_id=None if target is None else UUID(target),
        voids=is_voider(dict(statement)),
        attaches=has_attachments(statement),
        version=statement.get("version", version.of_statements),
        terms=own_keys(statement),
        wordings=tuple((activity_id, wording_digest(activity_id, definition)) for activity_id, definition in definitions_in(statement)),
        given=COMPLETED & statement.keys(),
        rebuilt=must_be_rebuilt(statement, version),
    )
