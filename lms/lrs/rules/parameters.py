"""The query string of `GET /xapi/statements`, checked to the same standard as values in statements (Data 2.2, Communication 2.1.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from lms.kit.errors import N_
from lms.lrs.rules import values
from lms.lrs.rules.actors import check_actor
from lms.lrs.rules.faults import BadRequest
from lms.lrs.rules.positions import first_position_after
from lms.lrs.rules.reading import decode
from lms.lrs.rules.terms import TermKind, agent_identity, term

MAX_PAGE = 200

_ONE = ("statementId", "voidedStatementId")
_FILTERS = ("agent", "verb", "activity", "registration", "related_activities", "related_agents", "since", "until", "limit", "ascending")
_PRESENTATION = ("format", "attachments")
CURSOR = "cursor"  # ours, in the addresses of `more`
_KNOWN = frozenset((*_ONE, *_FILTERS, *_PRESENTATION, CURSOR))


class Format(StrEnum):
    EXACT = "exact"
    IDS = "ids"
    CANONICAL = "canonical"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which statements, in which order. `terms`: all must hold, the most selective first. Positions: `start` ≤ p < `end`."""

    terms: tuple[UUID, ...] = ()
    start: UUID | None = None
    end: UUID | None = None
    ascending: bool = False
    limit: int = MAX_PAGE
    cursor: UUID | None = None  # the last position already given


@dataclass(frozen=True, slots=True)
class StatementQuery:
    """A checked request: one statement by id (`voided` tells under which name it was asked for), or a selection."""

    statement_id: UUID | None
    voided: bool
    selection: Selection
    format: Format
    attachments: bool


def single_values(pairs: Iterable[tuple[str, str]], known: Iterable[str]) -> dict[str, str]:
    """Parameters by name. Raises BadRequest for an unknown one and for one given twice."""
    allowed, result = frozenset(known), dict[str, str]()
    for name, value in pairs:
        if name not in allowed:
            raise BadRequest(
                N_("Tham số %(name)s không có trong chuẩn xAPI; kiểm tra chữ hoa, chữ thường"), code="unknown_parameter", name=name
            )
        if name in result:
            raise BadRequest(N_("Tham số %(name)s xuất hiện hai lần"), code="repeated_parameter", name=name)
        result[name] = value
    return result


def statement_query(pairs: Iterable[tuple[str, str]]) -> StatementQuery:
    """Check all parameters. Raises BadRequest naming the one at fault."""
    given = single_values(pairs, _KNOWN)
    chosen = [name for name in _ONE if name in given]
    if chosen and (len(chosen) > 1 or any(name not in (*chosen, *_PRESENTATION) for name in given)):
        raise BadRequest(
            N_("%(name)s chỉ đi cùng format và attachments, không đi cùng tham số lọc nào"), code="conflicting_parameters", name=chosen[0]
        )
    return StatementQuery(
        statement_id=values.uuid(given[chosen[0]], chosen[0]) if chosen else None,
        voided=chosen == ["voidedStatementId"],
        selection=_selection(given),
        format=Format(values.one_of(given.get("format", "exact"), "format", tuple(Format))),
        attachments=_flag(given, "attachments"),
    )


def _selection(given: Mapping[str, str]) -> Selection:
    terms = []
    if "registration" in given:
        terms.append(term(TermKind.REGISTRATION, str(values.uuid(given["registration"], "registration"))))
    related_agents, related_activities = _flag(given, "related_agents"), _flag(given, "related_activities")
    if "agent" in given:
        kind = TermKind.RELATED_AGENT if related_agents else TermKind.AGENT
        terms.append(term(kind, _agent(given["agent"])))
    if "activity" in given:
        kind = TermKind.RELATED_ACTIVITY if related_activities else TermKind.ACTIVITY
        terms.append(term(kind, values.iri(given["activity"], "activity")))
    if "verb" in given:
        terms.append(term(TermKind.VERB, values.iri(given["verb"], "verb")))
    return Selection(
        terms=tuple(terms),
        start=first_position_after(values.moment(given["since"], "since", spaced=True)) if "since" in given else None,
        end=first_position_after(values.moment(given["until"], "until", spaced=True)) if "until" in given else None,
        ascending=_flag(given, "ascending"),
        limit=_limit(given.get("limit", "0")),
        cursor=values.uuid(given[CURSOR], CURSOR) if CURSOR in given else None,
    )


def _agent(text: str) -> str:
    agent: dict[str, Any] = decode(text, "agent")
    check_actor(agent, "agent")
    identity = agent_identity(agent)
    if identity is None:
        raise BadRequest(N_("agent: nhóm không có định danh thì không tìm theo được"), code="invalid_parameter", field="agent")
    return identity


def _limit(text: str) -> int:
    """0: as many as the store gives."""
    if not (text.isascii() and text.isdecimal()):
        raise BadRequest(N_("limit: phải là số nguyên không âm"), code="invalid_parameter", field="limit")
    wanted = int(text[:18])
    return min(wanted, MAX_PAGE) if wanted else MAX_PAGE


def _flag(given: Mapping[str, str], name: str) -> bool:
    """true or false; also as Python writes them, which the tincan library sends."""
    return values.one_of(given.get(name, "false"), name, ("true", "false", "True", "False")).lower() == "true"
