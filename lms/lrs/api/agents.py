"""`/xapi/agents`: all that an agent is known by (Communication 2.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import msgspec
from flask import Response
from sqlalchemy.orm import Session

from lms.kit.access import guarded_by
from lms.kit.errors import N_
from lms.kit.unit import reading, settings
from lms.lrs.api.blueprint import blueprint
from lms.lrs.api.requests import parameters, tagged_response
from lms.lrs.guard import current_credential
from lms.lrs.queries.persons import bodies_naming, records_beside
from lms.lrs.rules.credentials import may_know_persons, may_look_up
from lms.lrs.rules.documents import agent_parameter
from lms.lrs.rules.faults import BadRequest, Forbidden
from lms.lrs.rules.forgetting import account
from lms.lrs.rules.persons import mentions, person
from lms.lrs.rules.terms import agent_identity


@blueprint.get("/agents")
@guarded_by("xapi")
def agents() -> Response:
    """Whom nobody has told of is answered as well, with what was asked. The names in statements and the other records of one person are
    for those who may read all statements; mail addresses are never told."""
    scopes = current_credential().scopes
    if not may_look_up(scopes):
        raise Forbidden(N_("Khóa truy cập này không được phép tra cứu tác nhân"), code="scope_missing")
    given = parameters(("agent",))
    if "agent" not in given:
        raise BadRequest(N_("Thiếu tham số %(name)s"), code="missing_parameter", field="agent", name="agent")
    asked = agent_parameter(given["agent"])
    known = [asked]
    if may_know_persons(scopes):
        with reading() as session:
            known += [*_named(session, asked), *_other_records(session, asked)]
    return tagged_response(msgspec.json.encode(person(known)))


def _named(session: Session, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The names under which statements know this agent, newest first."""
    identity = agent_identity(asked) or ""
    for body in bodies_naming(session, identity):
        for agent in mentions(msgspec.json.decode(body), identity):
            if "name" in agent:
                yield {"name": agent["name"]}


def _other_records(session: Session, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The accounts of records that were found to be one person."""
    base_url = settings().base_url
    if asked.get("account", {}).get("homePage") != base_url:
        return []
    try:
        person_id = UUID(asked["account"]["name"])
    except ValueError:
        return []
    return [account(base_url, str(record)) for record in records_beside(session, person_id)]
