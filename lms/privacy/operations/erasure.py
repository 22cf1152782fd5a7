"""Forgetting a person: irreversible, by two people, and never while they are in service or sitting a test."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.accounts.models import Person
from lms.accounts.rules.pseudonyms import new_pseudonym
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import N_, Conflict
from lms.kit.following import followers_of
from lms.privacy.operations.requests import locked_request
from lms.privacy.queries import subject
from lms.privacy.rules.requests import RequestKind, RequestState


def carry_out_erasure(session: Session, actor: Actor, request_id: UUID, on: date, at: datetime) -> str:
    """Erase the person a granted request is about; returns the pseudonym. The one who carries it out is neither the one who asked
    nor the person. Raises NotFound; Conflict as `erase_person` does."""
    request = locked_request(session, request_id)
    if request.kind != RequestKind.ERASURE or request.state != RequestState.GRANTED:
        raise Conflict(N_("Yêu cầu xóa chưa được chấp nhận, hoặc đã thực hiện."), code="not_granted")
    if actor.person_id in (request.made_by, request.person_id, None):
        raise Conflict(N_("Người đề nghị xóa không tự thực hiện. Cần một người khác của cơ quan chủ trì."), code="second_person")
    return erase_person(session, actor, request.person_id, on, at, request_id=request_id)


def erase_person(session: Session, actor: Actor, person_id: UUID, on: date, at: datetime, *, request_id: UUID | None = None) -> str:
    """Take away, in every package, what tells who a person was; returns the pseudonym, drawn by lot and noted nowhere else.

    What is counted stays: results, spans of posts, answers, statements. Statistics of past days count the posts as before, without a
    name; of days from `on` none, for nobody is erased who holds a post then. Raises NotFound; Conflict for one who holds a post on day
    `on` or later (their data serves a duty laid down by law), who sits a test, or whose statements are still being stored.
    """
    # Whoever gives them a post, merges or erases them at the same time waits, and finds them gone.
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
    who = subject(session, person_id, on)
    if who.in_service:
        raise Conflict(
            N_("Người này đang giữ hoặc sắp giữ vị trí công tác: dữ liệu còn cần cho nhiệm vụ theo luật. Chỉ xóa khi vị trí đã kết thúc."),
            code="in_service",
        )
    pseudonym = new_pseudonym()
    # What stands on others goes first: it may still have to ask below what the person was called.
    for follower in reversed(followers_of(session).persons):
        follower.forget(session, person_id, pseudonym, at)
    audit.record(session, actor, "privacy.erase_person", person_id, at, request=str(request_id) if request_id else None)
    return pseudonym
