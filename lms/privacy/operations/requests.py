"""What people ask about their data: asking, answering, carrying out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.accounts.models import Person
from lms.accounts.operations.person_edit import edit_person
from lms.accounts.queries import is_listed
from lms.accounts.rules import people as people_rules
from lms.accounts.rules.roster import cells
from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.kit.secrets import vault_of
from lms.kit.sheets.values import parse_day
from lms.kit.working_days import due_at
from lms.privacy.models import DataRequest
from lms.privacy.rules import requests as rules
from lms.privacy.rules.requests import RequestKind, RequestState


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What somebody asks. `field` and `proposed` belong to a correction."""

    kind: RequestKind
    reason: str
    field: str = ""
    proposed: str = ""


def make_request(session: Session, actor: Actor, person_id: UUID, new: NewRequest, at: datetime, *, zone: ZoneInfo) -> UUID:
    """Enter a request about a person, by themself or by one who may ask for them. Raises DomainError for what is missing, Conflict
    while the same is still waiting, NotFound for nobody."""
    assert actor.person_id is not None
    reason = rules.text_of(new.reason, N_("Chưa nêu lý do, nội dung yêu cầu."), "reason")
    # Locked: whoever merges or erases the person waits, or has done so.
    locked = select(Person).where(Person.id == person_id, is_listed()).with_for_update().execution_options(populate_existing=True)
    person = session.scalar(locked)
    if person is None:
        raise NotFound
    present = proposed = None
    if new.kind == RequestKind.CORRECTION:
        proposed = rules.text_of(new.proposed, N_("Chưa nhập giá trị đúng."), "proposed")
        rules.check_proposal(new.field, proposed, _READ)
        present = _present(session, person, new.field)
    keys = vault_of(session)
    request = DataRequest(
        id=uuid7(),
        person_id=person_id,
        kind=new.kind.value,
        field=new.field if new.kind == RequestKind.CORRECTION else "",
        present_sealed=keys.seal(present) if present else None,
        proposed_sealed=keys.seal(proposed) if proposed else None,
        reason=reason,
        made_by=actor.person_id,
        made_at=at,
        due_at=due_at(at, rules.ANSWER_WORKING_DAYS, zone),
        complete_by=at.astimezone(zone).date() + timedelta(days=rules.COMPLETION_DAYS[new.kind]),
    )
    try:
        with session.begin_nested():
            session.add(request)
    except IntegrityError as error:
        raise Conflict(N_("Yêu cầu này đang chờ trả lời. Xem tình trạng trong danh sách yêu cầu."), code="already_asked") from error
    audit.record(
        session, actor, "privacy.make_request", person_id, at, request=str(request.id), kind=request.kind, field=request.field or None
    )
    return request.id


def withdraw_request(session: Session, actor: Actor, request_id: UUID, at: datetime) -> None:
    """The person takes back what they asked. Raises NotFound, Conflict once it is answered."""
    request = locked_request(session, request_id)
    if request.person_id != actor.person_id:
        raise NotFound
    _refuse_unless(request, RequestState.OPEN)
    request.state = RequestState.WITHDRAWN.value
    audit.record(session, actor, "privacy.withdraw_request", request.person_id, at, request=str(request_id))


def answer_request(session: Session, actor: Actor, request_id: UUID, *, grant: bool, answer: str, at: datetime) -> RequestState:
    """Answer a request; which requests an actor may answer is the caller's to check. A correction granted is carried out at once,
    a copy is ready at once; anything else is granted and then carried out. Raises Conflict where it is answered already or is about
    the actor, DomainError where a refusal says nothing."""
    request = locked_request(session, request_id)
    _refuse_unless(request, RequestState.OPEN)
    if request.person_id == actor.person_id:
        raise Conflict(N_("Không tự trả lời yêu cầu của chính mình. Người khác cùng phạm vi trả lời."), code="own_request")
    text = rules.text_of(answer, N_("Chưa viết câu trả lời cho người yêu cầu."), "answer")
    at_once = request.kind == RequestKind.COPY or (request.kind == RequestKind.CORRECTION and request.field != "other")
    if not grant:
        state = RequestState.REFUSED
    elif at_once:
        state = RequestState.DONE
        _carry_out(session, actor, request, at)
    else:
        state = RequestState.GRANTED
    request.state, request.answer = state.value, text
    request.answered_by, request.answered_at = actor.person_id, at
    request.done_at = at if state == RequestState.DONE else None
    session.flush()
    audit.record(
        session, actor, "privacy.answer_request", request.person_id, at, request=str(request_id), before=RequestState.OPEN, after=state
    )
    return state


def complete_request(session: Session, actor: Actor, request_id: UUID, at: datetime) -> None:
    """What was granted has been done by hand. An erasure is done by `erasure.carry_out_erasure` alone. Raises Conflict."""
    request = locked_request(session, request_id)
    _refuse_unless(request, RequestState.GRANTED)
    if request.kind == RequestKind.ERASURE:
        raise Conflict(N_("Việc xóa thực hiện ở trang xóa dữ liệu, không xác nhận bằng tay."), code="erase_instead")
    request.state, request.done_at = RequestState.DONE.value, at
    audit.record(session, actor, "privacy.complete_request", request.person_id, at, request=str(request_id))


def locked_request(session: Session, request_id: UUID) -> DataRequest:
    """The request, locked after its person, in the order in which merging and erasing lock them, and as it is now."""
    person_id = session.scalar(select(DataRequest.person_id).where(DataRequest.id == request_id))
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
    locked = select(DataRequest).where(DataRequest.id == request_id).with_for_update()
    request = session.scalar(locked.execution_options(populate_existing=True))
    if request is None:
        raise NotFound
    return request


def _refuse_unless(request: DataRequest, state: RequestState) -> None:
    if request.state != state:
        raise Conflict(N_("Yêu cầu này vừa được người khác xử lý. Tải lại trang để xem tình trạng."), code="already_answered")


def _carry_out(session: Session, actor: Actor, request: DataRequest, at: datetime) -> None:
    if request.kind == RequestKind.CORRECTION and request.proposed_sealed is not None:
        value = _READ[request.field](vault_of(session).unseal(request.proposed_sealed))
        edit_person(session, actor, request.person_id, {request.field: value}, at)


def _present(session: Session, person: Person, field: str) -> str | None:
    """What is on record now, as the person would write it."""
    keys = vault_of(session)
    match field:
        case "other":
            return None
        case "phone":
            return people_rules.shown_phone(keys.unseal(person.phone_sealed)) if person.phone_sealed else None
        case "identity_number":
            return keys.unseal(person.identity_sealed) if person.identity_sealed else None
        case "sex":
            return {"male": "Nam", "female": "Nữ"}.get(person.sex or "")
    value = getattr(person, field)
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else value


def _read_with(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def value_of(text: str) -> Any:
        try:
            value = read(text)
        except DomainError as error:
            raise ValueError(text) from error
        if value is None:
            raise ValueError(text)
        return value

    return value_of


# How each field is read from what was typed; each raises ValueError.
_READ: Mapping[str, Callable[[str], Any]] = {
    "full_name": _read_with(cells.person_name),
    "birth_date": _read_with(parse_day),
    "sex": _read_with(cells.sex),
    "email": _read_with(people_rules.email_address),
    "phone": _read_with(lambda text: people_rules.phone_number(text)[0]),
    "identity_number": _read_with(lambda text: people_rules.identity_number(text)[0]),
    "qualification": _read_with(cells.qualification),
    "it_qualification": _read_with(str),
}


def close_requests_of(session: Session, person_ids: list[UUID], at: datetime) -> None:
    """Nobody is left to answer: what still waits about these is withdrawn, and all they wrote is emptied."""
    waits = DataRequest.state.in_((RequestState.OPEN.value,))
    session.execute(update(DataRequest).where(DataRequest.person_id.in_(person_ids), waits).values(state=RequestState.WITHDRAWN.value))
    session.execute(
        update(DataRequest)
        .where(DataRequest.person_id.in_(person_ids), DataRequest.state == RequestState.GRANTED.value)
        .values(state=RequestState.DONE.value, done_at=at)
    )
    session.execute(
        update(DataRequest)
        .where(DataRequest.person_id.in_(person_ids))
        .values(present_sealed=None, proposed_sealed=None, reason="", answer=None)
    )
