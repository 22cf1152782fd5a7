"""Storing statements: a batch whole or not at all, the same one again without effect, voiding and references in whatever order."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy.orm import Session

from lms.kit.errors import N_, Conflict
from lms.lrs import queries
from lms.lrs.contents import Contents
from lms.lrs.operations.activities import note_definitions
from lms.lrs.operations.attachments import keep_contents
from lms.lrs.operations.references import New, link_and_void
from lms.lrs.operations.rows import insert_statements
from lms.lrs.queries.ids import any_near
from lms.lrs.rules.attachments import attachments_of
from lms.lrs.rules.comparison import same_statement
from lms.lrs.rules.faults import StatementFault, TooLarge
from lms.lrs.rules.positions import MAX_BATCH, position_key, whole_milliseconds
from lms.lrs.rules.reading import Received, decode
from lms.lrs.rules.rendering import head_of, rebuilt, timestamp
from lms.lrs.rules.terms import authority_keys


def take_turn(session: Session, statements: Sequence[Received]) -> None:
    """Announce that this transaction will store these statements; `stored` must be read from the clock only after this.

    Writers do not wait for each other, except for those that refer to other statements: a reference and its target stored at one
    moment by two transactions would otherwise not see each other. Who stores can be seen by `queries.consistent_through`. SQLite has
    one writer at a time and needs none of this.
    """
    if session.get_bind().dialect.name != "postgresql" or session.info.get("lrs.turn") == session.get_transaction():
        return
    refers = any(received.facts.target_id is not None for received in statements)
    lock = "pg_advisory_xact_lock" if refers else "pg_advisory_xact_lock_shared"
    session.connection().exec_driver_sql(f"SELECT {lock}({queries.LOCK_SPACE}, {queries.LOCK_WRITERS})")
    session.info["lrs.turn"] = session.get_transaction()


def store_statements(
    session: Session,
    statements: Sequence[Received],
    authority: Mapping[str, Any],
    at: datetime,
    *,
    voids_others: bool = True,
    defines: bool = True,
    first_place: int = 0,
    contents: Contents | None = None,
) -> list[UUID]:
    """Store valid statements (see `rules.reading`); returns their ids in the order given, also of those that were there already.

    `authority` answers for them; `at` becomes `stored`. Without `voids_others` they may void only statements of the same authority,
    without `defines` what they say of activities is kept with them alone.
    `first_place` keeps the order where what belongs together is stored by several calls within one millisecond. `contents` holds those of
    their attachments that came along.
    Raises Conflict where an id is taken by a different statement, StatementFault where a batch has an id twice, Forbidden. The caller's
    transaction decides: on any error nothing may stay. A writer that stored the same id a moment earlier makes the insert fail with
    IntegrityError; the same call in a new transaction then compares with it.
    """
    if first_place + len(statements) >= MAX_BATCH:
        raise TooLarge(N_("Một lần gửi có quá nhiều phát biểu"), code="too_large")
    take_turn(session, statements)
    ids = _ids(statements)
    chosen = {received.id for received in statements if received.id is not None}
    # Nobody knows an id that was drawn here just now.
    known, pointing = queries.statements_near(session, chosen) if any_near(session, chosen) else ({}, {})
    stored, salt = whole_milliseconds(at), secrets.randbits(54)
    responsible = _Responsible(authority, stored)
    fresh: dict[UUID, New] = {}
    for index, (statement_id, received) in enumerate(zip(ids, statements, strict=True)):
        if statement_id in known:
            _refuse_another(statement_id, received, known[statement_id].body)
        else:
            fresh[statement_id] = _new(received, statement_id, position_key(stored, first_place + index, salt), responsible)
    if fresh:
        links = link_and_void(session, fresh, pointing, voids_others=voids_others)
        insert_statements(session, sorted(fresh.values(), key=_by_id), links)  # in one order, or two batches could wait for each other
        if defines:
            note_definitions(session, [(one, fresh[key].row["position"]) for key, one in zip(ids, statements, strict=True) if key in fresh])
        if contents is not None:
            keep_contents(session, _brought(ids, statements, fresh, contents), contents, stored)
    return ids


def _brought(ids: Sequence[UUID], statements: Sequence[Received], fresh: Mapping[UUID, New], contents: Contents) -> dict[UUID, set[bytes]]:
    """By position of a new statement the hashes of what came with it."""
    return {
        UUID(fresh[statement_id].row["position"]): {one.sha2 for one in attachments_of(received.values, "") if one.sha2 in contents}
        for statement_id, received in zip(ids, statements, strict=True)
        if statement_id in fresh and received.facts.attaches
    }


def _by_id(new: New) -> str:
    found: str = new.row["id"]
    return found


def _ids(statements: Sequence[Received]) -> list[UUID]:
    """Those the sender chose, and random ones for the others."""
    ids: list[UUID] = []
    seen: set[UUID] = set()
    for index, received in enumerate(statements):
        statement_id = received.id or uuid4()
        if statement_id in seen:
            raise StatementFault(f"statements[{index}].id", N_("%(path)s: id này xuất hiện hai lần trong cùng một lần gửi"))
        seen.add(statement_id)
        ids.append(statement_id)
    return ids


def _refuse_another(statement_id: UUID, received: Received, body: str | None) -> None:
    if body is None:
        raise Conflict(
            N_("Phát biểu với id %(id)s đã được chuyển vào kho lưu trữ; hãy gửi với id mới"),
            code="statement_archived",
            field="id",
            id=str(statement_id),
        )
    if not same_statement(received.values, decode(body, "statement"), received.version):
        raise Conflict(
            N_("Đã có một phát biểu khác với id %(id)s; phát biểu đã lưu không sửa được, hãy gửi với id mới"),
            code="statement_conflict",
            field="id",
            id=str(statement_id),
        )


class _Responsible:
    """Who answers for what is stored now, as every row says it."""

    def __init__(self, authority: Mapping[str, Any], stored: datetime) -> None:
        self.text = msgspec.json.encode(authority).decode()
        self.term = queries.authority_term(authority)
        self.keys = authority_keys(authority)
        self.stored = stored
        self.stored_text = timestamp(stored)


def _new(received: Received, statement_id: UUID, place: str, responsible: _Responsible) -> New:
    facts, version = received.facts, received.version
    head = head_of(facts.given, str(statement_id), responsible.stored_text, responsible.text, version)
    row = {
        "position": place,
        "id": statement_id.hex,
        "stored": responsible.stored,
        "timestamp": facts.timestamp or responsible.stored,
        "actor": facts.actor,
        "verb": facts.verb,
        "activity": facts.activity,
        "registration": facts.registration,
        "target_id": facts.target_id,
        "is_voider": facts.voids,
        "voided": False,
        "authority": responsible.term,
        "version": facts.version,
        "body": received.text,
        "head": head,
        "rebuilt": rebuilt(received.text, received.values, head, version) if facts.rebuilt else None,
    }
    return New(row, {*facts.terms, *responsible.keys})
