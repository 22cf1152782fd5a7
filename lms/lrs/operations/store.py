"""Storing statements: a batch whole or not at all, the same one again without effect, voiding and references in whatever order."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.orm import Session

from lms.kit.errors import N_, Conflict
from lms.lrs import queries
from lms.lrs.contents import Contents
from lms.lrs.operations.activities import note_definitions
from lms.lrs.operations.attachments import keep_contents
from lms.lrs.operations.references import New, link_and_void
from lms.lrs.operations.rows import insert_statements
from lms.lrs.rules.attachments import attachments_of, has_attachments
from lms.lrs.rules.comparison import same_statement
from lms.lrs.rules.faults import StatementFault, TooLarge
from lms.lrs.rules.positions import MAX_BATCH, position, whole_milliseconds
from lms.lrs.rules.reading import Received, decode
from lms.lrs.rules.rendering import completed
from lms.lrs.rules.statements import is_voider, target_of
from lms.lrs.rules.terms import TermKind, agent_identity, statement_terms, term
from lms.lrs.rules.values import moment


def take_turn(session: Session, statements: Sequence[Received]) -> None:
    """Announce that this transaction will store these statements; `stored` must be read from the clock only after this.

    Writers do not wait for each other, except for those that refer to other statements: a reference and its target stored at one
    moment by two transactions would otherwise not see each other. Who stores can be seen by `queries.consistent_through`. SQLite has
    one writer at a time and needs none of this.
    """
    if session.get_bind().dialect.name != "postgresql" or session.info.get("lrs.turn") == session.get_transaction():
        return
    refers = any(target_of(received.values) is not None for received in statements)
    lock = "pg_advisory_xact_lock" if refers else "pg_advisory_xact_lock_shared"
    session.execute(text(f"SELECT {lock}(:space, :writers)"), {"space": queries.LOCK_SPACE, "writers": queries.LOCK_WRITERS})
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
    known, pointing = queries.statements_near(session, chosen)  # nobody knows an id that was drawn here just now
    stored, salt = whole_milliseconds(at), secrets.randbits(54)
    fresh: dict[UUID, New] = {}
    for index, (statement_id, received) in enumerate(zip(ids, statements, strict=True)):
        if statement_id in known:
            _refuse_another(statement_id, received, known[statement_id].body)
        else:
            fresh[statement_id] = _new(received, statement_id, position(stored, first_place + index, salt), stored, authority)
    if fresh:
        links = link_and_void(session, fresh, pointing, voids_others=voids_others)
        in_one_order = sorted((new.row for new in fresh.values()), key=itemgetter("id"))  # or two batches could wait for each other
        insert_statements(session, in_one_order, {new.row["position"]: new.terms for new in fresh.values()}, links)
        if defines:
            note_definitions(session, [(one, fresh[key].row["position"]) for key, one in zip(ids, statements, strict=True) if key in fresh])
        if contents is not None:
            keep_contents(session, _brought(ids, statements, fresh, contents), contents, stored)
    return ids


def _brought(ids: Sequence[UUID], statements: Sequence[Received], fresh: Mapping[UUID, New], contents: Contents) -> dict[UUID, set[bytes]]:
    """By position of a new statement the hashes of what came with it."""
    return {
        fresh[statement_id].row["position"]: {one.sha2 for one in attachments_of(received.values, "") if one.sha2 in contents}
        for statement_id, received in zip(ids, statements, strict=True)
        if statement_id in fresh and has_attachments(received.values)
    }


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


def _new(received: Received, statement_id: UUID, place: UUID, stored: datetime, authority: Mapping[str, Any]) -> New:
    statement = received.values
    head, rebuilt = completed(
        received.text, statement, statement_id=statement_id, stored=stored, authority=authority, version=received.version
    )
    actor = agent_identity(statement["actor"])
    target, registration = target_of(statement), statement.get("context", {}).get("registration")
    row = {
        "position": place,
        "id": statement_id,
        "stored": stored,
        "timestamp": moment(statement["timestamp"], "timestamp", spaced=True) if "timestamp" in statement else stored,
        "actor": None if actor is None else term(TermKind.AGENT, actor),
        "verb": statement["verb"]["id"],
        "activity": statement["object"]["id"] if statement["object"].get("objectType", "Activity") == "Activity" else None,
        "registration": UUID(registration) if registration else None,
        "target_id": UUID(target) if target else None,
        "is_voider": is_voider(statement),
        "voided": False,
        "authority": queries.authority_term(authority),
        "version": statement.get("version", received.version.of_statements),
        "body": received.text,
        "head": head,
        "rebuilt": rebuilt,
    }
    return New(row=row, terms=statement_terms(statement, authority))
