"""Making one person of two records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from lms.accounts.models import Account, ActivationCode, Person, PersonApart, PersonMerge, Posting, RoleGrant, SignIn, TransferRequest
from lms.accounts.operations.person_edit import PLAIN, SEALED, name_values, told
from lms.accounts.operations.postings import held_leaves, held_posts, write_leaves, write_posts
from lms.accounts.operations.sign_in import end_all_sign_ins
from lms.accounts.operations.transfers import close_request
from lms.accounts.rules import postings as posts
from lms.accounts.rules import roles as role_rules
from lms.accounts.rules.leaves import joined_leaves
from lms.accounts.rules.postings import Post
from lms.kit import audit
from lms.kit.actors import Actor, NotFound, Role
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.following import followers_of
from lms.kit.ids import uuid7
from lms.kit.secrets import vault_of

CHOOSABLE = ("staff_code", *(name for name in PLAIN if name != "birth_year"), *SEALED)


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did: how much of what was carried over, and the posts the kept person has now."""

    carried: Mapping[str, int]
    posts: Sequence[Post]


def merge_persons(session: Session, actor: Actor, kept_id: UUID, absorbed_id: UUID, choices: Mapping[str, str], *, at: datetime) -> Merged:
    """Join two records of one person: everything that belongs to `absorbed_id` belongs to `kept_id` from now on, in every package, and
    the absorbed record stays as a signpost. `choices`: for fields of `CHOOSABLE` whose value is the absorbed record's, "absorbed"; the
    kept one's stands for all others, but what it leaves empty is taken from the absorbed one. The kept record's way to sign in stays;
    the absorbed one's ends. Raises NotFound; DomainError for one record given twice; Conflict for one already merged or erased, marked
    as somebody else, the actor's own, or whose roles are above the actor's."""
    people = _locked(session, kept_id, absorbed_id)
    kept, absorbed = people[kept_id], people[absorbed_id]
    _refuse_above(session, actor, kept_id, absorbed_id)
    if session.scalar(select(PersonApart.one_id).where(_is_pair(kept_id, absorbed_id))) is not None:
        raise Conflict(N_("Hai hồ sơ này đã được đánh dấu là hai người khác nhau. Bỏ đánh dấu trước, rồi gộp."), code="apart")
    carried: Counter[str] = Counter()
    for follower in followers_of(session).persons:
        carried.update(follower.merge(session, kept_id, absorbed_id, at))
    carried["postings"] = session.scalar(select(func.count()).where(Posting.person_id == absorbed_id)) or 0
    joined = _join_posts(session, kept_id, absorbed_id)
    carried["roles"] = _hand_over_roles(session, kept_id, absorbed_id)
    carried["sign_ins"] = _close_account(session, absorbed_id, at)
    _hand_over_requests(session, actor, kept_id, absorbed_id, at)
    _hand_over_marks(session, kept_id, absorbed_id)
    before, after = _join_values(session, kept, absorbed, choices)
    session.execute(update(Person).where(Person.merged_into_id == absorbed_id).values(merged_into_id=kept_id))
    details = {"before": before, "after": after, "carried": dict(carried)}
    session.execute(
        insert(PersonMerge).values(
            id=uuid7(), kept_id=kept_id, absorbed_id=absorbed_id, merged_by=actor.person_id, merged_at=at, details=details
        )
    )
    audit.record(session, actor, "accounts.merge_persons", kept_id, at, absorbed=str(absorbed_id), **details)
    return Merged(dict(carried), joined)


def mark_apart(session: Session, actor: Actor, one: UUID, other: UUID, *, at: datetime) -> None:
    """Note that two records, however alike, are two people. Doing so twice changes nothing. Raises as `merge_persons` for records that
    cannot be compared."""
    _locked(session, one, other)
    if session.scalar(select(PersonApart.one_id).where(_is_pair(one, other))) is None:
        first, second = sorted((one, other))
        session.execute(insert(PersonApart).values(one_id=first, other_id=second, marked_by=actor.person_id, marked_at=at))
        audit.record(session, actor, "accounts.mark_apart", first, at, other=str(second))


def unmark_apart(session: Session, actor: Actor, one: UUID, other: UUID, *, at: datetime) -> None:
    """Two records may be one person after all. Raises NotFound where they are not marked."""
    gone = session.execute(delete(PersonApart).where(_is_pair(one, other)).returning(PersonApart.one_id, PersonApart.other_id)).first()
    if gone is None:
        raise NotFound
    audit.record(session, actor, "accounts.unmark_apart", gone.one_id, at, other=str(gone.other_id))


def _locked(session: Session, one: UUID, other: UUID) -> dict[UUID, Person]:
    """Both records as they are now; whoever else changes them waits."""
    if one == other:
        raise DomainError(N_("Chọn hai hồ sơ khác nhau."), code="same_person", field="other")
    statement = select(Person).where(Person.id.in_((one, other))).order_by(Person.id).with_for_update()
    people = {person.id: person for person in session.scalars(statement.execution_options(populate_existing=True))}
    if len(people) < 2:
        raise NotFound
    if any(person.merged_into_id is not None or person.erased_at is not None for person in people.values()):
        raise Conflict(N_("Một trong hai hồ sơ đã được gộp hoặc đã xóa thông tin trước đó."), code="already_merged")
    return people


def _is_pair(one: UUID, other: UUID) -> Any:
    first, second = sorted((one, other))
    return and_(PersonApart.one_id == first, PersonApart.other_id == second)


def _hand_over_marks(session: Session, kept_id: UUID, absorbed_id: UUID) -> None:
    """Who is not the absorbed record's person is not the kept one's either."""
    theirs = or_(PersonApart.one_id == absorbed_id, PersonApart.other_id == absorbed_id)
    marks = session.execute(select(PersonApart.__table__).where(theirs)).all()
    session.execute(delete(PersonApart).where(theirs))
    for mark in marks:
        third = mark.other_id if mark.one_id == absorbed_id else mark.one_id
        if session.scalar(select(PersonApart.one_id).where(_is_pair(kept_id, third))) is None:
            first, second = sorted((kept_id, third))
            session.execute(insert(PersonApart).values(one_id=first, other_id=second, marked_by=mark.marked_by, marked_at=mark.marked_at))


def _refuse_above(session: Session, actor: Actor, *person_ids: UUID) -> None:
    """Nobody comes by another record's roles through a merge of their own, or merges who stands above them."""
    if actor.person_id in person_ids:
        raise Conflict(N_("Hồ sơ của chính mình do người khác của cơ quan chủ trì gộp."), code="own_record")
    held = session.scalars(select(RoleGrant.role).where(RoleGrant.person_id.in_(person_ids)).distinct())
    if not all(role_rules.may_give(actor.grants, Role(role)) for role in held):
        raise Conflict(N_("Một trong hai hồ sơ mang vai trò cao hơn vai trò đang dùng; người có vai trò ấy mới gộp được."), code="above")


def _join_posts(session: Session, kept_id: UUID, absorbed_id: UUID) -> list[Post]:
    theirs, others = held_posts(session, kept_id), held_posts(session, absorbed_id)
    joined = posts.joined(theirs, others)
    assert posts.two_primary_on(joined) is None, "the rules allow one primary post a day"
    write_posts(session, kept_id, [*theirs, *others], joined)
    leaves, other_leaves = held_leaves(session, kept_id), held_leaves(session, absorbed_id)
    write_leaves(session, kept_id, [*leaves, *other_leaves], joined_leaves(leaves, other_leaves))
    return joined


def _hand_over_roles(session: Session, kept_id: UUID, absorbed_id: UUID) -> int:
    """Roles over the same agency become one span where they meet; what one record handed on to the other is nothing any more."""
    session.execute(
        delete(RoleGrant).where(RoleGrant.person_id.in_((kept_id, absorbed_id)), RoleGrant.delegated_from.in_((kept_id, absorbed_id)))
    )
    session.execute(update(RoleGrant).where(RoleGrant.delegated_from == absorbed_id).values(delegated_from=kept_id))
    theirs = list(session.scalars(select(RoleGrant).where(RoleGrant.person_id == absorbed_id).order_by(RoleGrant.valid_from)))
    own = list(session.scalars(select(RoleGrant).where(RoleGrant.person_id == kept_id).order_by(RoleGrant.valid_from)))
    for grant in theirs:
        met = next((each for each in own if _same_role(each, grant)), None)
        if met is None:
            grant.person_id = kept_id
            own.append(grant)
        else:
            first, last = min(met.valid_from, grant.valid_from), max(met.valid_to, grant.valid_to)
            session.delete(grant)
            session.flush()
            met.valid_from, met.valid_to = first, last
        session.flush()
    return len(theirs)


def _same_role(one: RoleGrant, other: RoleGrant) -> bool:
    return (
        (one.role, one.agency_id, one.delegated_from) == (other.role, other.agency_id, other.delegated_from)
        and one.valid_from <= other.valid_to
        and other.valid_from <= one.valid_to
    )


def _close_account(session: Session, absorbed_id: UUID, at: datetime) -> int:
    session.execute(update(Account).where(Account.person_id == absorbed_id, Account.disabled_at.is_(None)).values(disabled_at=at))
    session.execute(
        update(ActivationCode)
        .where(ActivationCode.person_id == absorbed_id, ActivationCode.used_at.is_(None), ActivationCode.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    running = session.scalar(select(func.count()).where(SignIn.person_id == absorbed_id, SignIn.ended_at.is_(None))) or 0
    end_all_sign_ins(session, absorbed_id, at)
    return running


def _hand_over_requests(session: Session, actor: Actor, kept_id: UUID, absorbed_id: UUID, at: datetime) -> None:
    """Requests that wait about either record were made for posts that have just changed: they are closed; decided ones are history."""
    waiting = session.scalars(
        select(TransferRequest).where(TransferRequest.person_id.in_((kept_id, absorbed_id)), TransferRequest.state == "pending")
    ).all()
    for request in waiting:
        close_request(
            session, actor, request, N_("Hồ sơ của người này vừa được gộp với một hồ sơ khác; nếu còn cần, hãy gửi lại đề nghị."), at
        )
    session.execute(update(TransferRequest).where(TransferRequest.person_id == absorbed_id).values(person_id=kept_id))


def _join_values(session: Session, kept: Person, absorbed: Person, choices: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the chosen values; both records lose nothing but what is not chosen. Returns what changed about the kept one."""
    keys = vault_of(session)
    mine, theirs = _legible(keys, kept), _legible(keys, absorbed)
    taken = [name for name in CHOOSABLE if theirs[name] != mine[name] and _takes(name, mine, theirs, choices)]
    values: dict[str, Any] = {}
    for name in taken:
        values[SEALED.get(name, name)] = getattr(absorbed, SEALED.get(name, name))
    if "identity_number" in taken:
        values["identity_fingerprint"] = absorbed.identity_fingerprint
    if "birth_date" in taken:
        values["birth_year"] = absorbed.birth_year
    # The signpost keeps name and code; personal numbers and addresses are on one record alone. Codes and numbers are unique, so the
    # absorbed record lets go of its own first.
    absorbed_code, kept_code = absorbed.staff_code, kept.staff_code
    gone: dict[str, Any] = {"phone_sealed": None, "identity_sealed": None, "identity_fingerprint": None, "email": None}
    swapped = "staff_code" in taken
    interim = {"staff_code": f"#{absorbed.id.hex[:30]}"} if swapped else {}
    session.execute(update(Person).where(Person.id == absorbed.id).values(merged_into_id=kept.id, **gone, **interim))
    if values:
        session.execute(update(Person).where(Person.id == kept.id).values(**values))
    if swapped:
        session.execute(update(Person).where(Person.id == absorbed.id).values(staff_code=kept_code))
    session.refresh(kept)
    session.refresh(absorbed)
    if {"full_name", "staff_code"} & set(taken):
        session.execute(update(Person).where(Person.id == kept.id).values(**name_values(session, kept, kept.full_name)))
    before = told({name: mine[name] for name in taken}) | {"staff_code": kept_code}
    after = told({name: theirs[name] for name in taken}) | {"absorbed_code": absorbed_code}
    return before, after


def _takes(name: str, mine: Mapping[str, Any], theirs: Mapping[str, Any], choices: Mapping[str, str]) -> bool:
    if theirs[name] in (None, False) and name != "it_major":
        return False
    if choices.get(name) == "absorbed":
        return True
    return mine[name] is None and name not in choices


def _legible(keys: Any, person: Person) -> dict[str, Any]:
    values = {name: getattr(person, name) for name in ("staff_code", *PLAIN)}
    return values | {name: keys.unseal(getattr(person, column)) if getattr(person, column) else None for name, column in SEALED.items()}
