"""Giving, handing on, reviewing and taking roles."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from lms.accounts.models import RoleGrant
from lms.accounts.queries.roles import effective, holds_post_in
from lms.accounts.rules import roles as rules
from lms.accounts.rules.postings import Post
from lms.agencies.models import FOREVER, AgencyClosure
from lms.kit import audit
from lms.kit.actors import EVERYWHERE, AccessDenied, Actor, NotFound, Role
from lms.kit.errors import N_, DomainError
from lms.kit.ids import uuid7

_BATCH = 500  # people in one IN list


def grant_role(
    session: Session,
    actor: Actor,
    person_id: UUID,
    role: Role,
    agency_id: UUID | None,
    *,
    on: date,
    at: datetime,
    valid_to: date = FOREVER,
) -> UUID:
    """Give a role over an agency's subtree (None: the whole province) from day `on` until before `valid_to`; the grant's id. Spans of the
    same role that meet become one; giving what is held changes nothing. Raises AccessDenied for a role above the actor's own, DomainError
    where the role needs an agency or would last no day."""
    if not rules.may_give(actor.grants, role):
        raise AccessDenied
    if role is Role.LEARNER:
        raise DomainError(N_("Ai có tài khoản cũng là học viên; không cần giao vai trò này."), code="learner_is_everyone", field="role")
    if role in rules.NEEDS_AGENCY and agency_id is None:
        raise DomainError(N_("Chọn cơ quan mà vai trò này phụ trách."), code="agency_missing", field="agency")
    if valid_to <= on:
        raise DomainError(N_("Ngày cuối phải từ ngày bắt đầu trở đi."), code="empty_span", field="until")
    met = session.scalars(
        select(RoleGrant)
        .where(
            RoleGrant.person_id == person_id,
            RoleGrant.role == role.value,
            RoleGrant.agency_id.is_(None) if agency_id is None else RoleGrant.agency_id == agency_id,
            RoleGrant.delegated_from.is_(None),
            RoleGrant.valid_from <= valid_to,
            RoleGrant.valid_to >= on,
        )
        .order_by(RoleGrant.valid_from)
    ).all()
    if any(held.valid_from <= on and held.valid_to >= valid_to for held in met):
        return next(held.id for held in met if held.valid_from <= on and held.valid_to >= valid_to)
    before = [_span(held.valid_from, held.valid_to) for held in met]
    first, last = min([on, *(held.valid_from for held in met)]), max([valid_to, *(held.valid_to for held in met)])
    if met:
        grant_id = met[0].id
        session.execute(delete(RoleGrant).where(RoleGrant.id.in_([held.id for held in met[1:]])))
        session.execute(update(RoleGrant).where(RoleGrant.id == grant_id).values(valid_from=first, valid_to=last))
    else:
        grant_id = uuid7()
        session.execute(
            insert(RoleGrant).values(
                id=grant_id,
                person_id=person_id,
                role=role.value,
                agency_id=agency_id,
                valid_from=first,
                valid_to=last,
                granted_by=actor.person_id,
            )
        )
    audit.record(
        session,
        actor,
        "accounts.grant_role",
        person_id,
        at,
        role=role.value,
        agency=_text(agency_id),
        before=before if len(before) > 1 else before[0] if before else None,
        after=_span(first, last),
    )
    return grant_id


def revoke_role(session: Session, actor: Actor, grant_id: UUID, *, on: date, at: datetime) -> None:
    """Take a role away from day `on`, and what its holder handed on of it. Raises NotFound where there is none, AccessDenied for a role
    above the actor's own."""
    row = session.execute(select(RoleGrant).where(RoleGrant.id == grant_id, RoleGrant.valid_to > on)).scalar_one_or_none()
    if row is None:
        raise NotFound
    if not rules.may_give(actor.grants, Role(row.role)):
        raise AccessDenied
    _end(session, actor, row, on=on, at=at)
    _end_handed_on(session, actor, [row.person_id], on=on, at=at)


def delegate_role(
    session: Session,
    actor: Actor,
    held_id: UUID,
    to: UUID,
    *,
    agency_id: UUID | None,
    start: date,
    end: date,
    reason: str,
    on: date,
    at: datetime,
) -> UUID:
    """Hand a role the actor holds to a substitute, over the same agency or one below it, from day `start` until before `end`; the new
    grant's id. `held_id` is the actor's own grant. It works only on days on which the actor holds the role too.

    Raises NotFound for a grant that is not the actor's own or an agency outside it, DomainError for anything else that cannot be.
    """
    held = session.scalar(
        select(RoleGrant).where(
            RoleGrant.id == held_id, RoleGrant.person_id == actor.person_id, RoleGrant.delegated_from.is_(None), effective(on)
        )
    )
    if held is None or Role(held.role) not in rules.DELEGABLE:
        raise NotFound
    agency_id = agency_id or held.agency_id
    if held.agency_id is not None and not _lies_below(session, agency_id, held.agency_id, on):
        raise NotFound
    if to == actor.person_id:
        raise DomainError(N_("Không tự ủy quyền cho chính mình."), code="to_oneself", field="person")
    scope = EVERYWHERE if held.agency_id is None else frozenset((held.agency_id,))
    if not holds_post_in(session, to, scope, on):
        raise DomainError(N_("Chỉ ủy quyền cho người đang công tác trong phạm vi phụ trách."), code="outside_scope", field="person")
    if not reason.strip():
        raise DomainError(N_("Chưa nhập lý do ủy quyền."), code="reason_missing", field="reason")
    if start < on:
        raise DomainError(N_("Ngày bắt đầu không được ở trước hôm nay."), code="start_past", field="start")
    if end <= start:
        raise DomainError(N_("Ngày cuối phải từ ngày bắt đầu trở đi."), code="empty_span", field="until")
    if end - start > rules.LONGEST_DELEGATION or start - on > rules.LONGEST_DELEGATION:
        raise DomainError(N_("Ủy quyền không quá 6 tháng; hết hạn thì ủy quyền lại."), code="too_long", field="until")
    overlapping = session.scalar(
        select(RoleGrant.id)
        .where(
            RoleGrant.person_id == to,
            RoleGrant.role == held.role,
            RoleGrant.agency_id.is_(None) if agency_id is None else RoleGrant.agency_id == agency_id,
            RoleGrant.delegated_from == actor.person_id,
            RoleGrant.valid_from < end,
            RoleGrant.valid_to > start,
        )
        .limit(1)
    )
    if overlapping is not None:
        raise DomainError(
            N_("Đã ủy quyền vai trò này cho người đó trong thời gian này. Thu hồi lần trước rồi ủy quyền lại."),
            code="already_delegated",
            field="person",
        )
    grant_id = uuid7()
    session.execute(
        insert(RoleGrant).values(
            id=grant_id,
            person_id=to,
            role=held.role,
            agency_id=agency_id,
            valid_from=start,
            valid_to=end,
            granted_by=actor.person_id,
            delegated_from=actor.person_id,
            reason=reason.strip(),
        )
    )
    audit.record(
        session,
        actor,
        "accounts.delegate_role",
        to,
        at,
        role=held.role,
        agency=_text(agency_id),
        reason=reason.strip(),
        before=None,
        after=_span(start, end),
    )
    return grant_id


def withdraw_delegation(session: Session, actor: Actor, grant_id: UUID, *, on: date, at: datetime) -> None:
    """Take back a role the actor handed on: from this moment it opens nothing. Raises NotFound where there is none of theirs."""
    row = session.scalar(
        select(RoleGrant).where(RoleGrant.id == grant_id, RoleGrant.delegated_from == actor.person_id, RoleGrant.valid_to > on)
    )
    if row is None or actor.person_id is None:
        raise NotFound
    _end(session, actor, row, on=on, at=at)


def confirm_role(session: Session, actor: Actor, grant_id: UUID, *, on: date, at: datetime) -> None:
    """Note that a role was looked at and is still needed. Raises NotFound where it is over, AccessDenied for a role above the actor's own,
    DomainError for one's own."""
    row = session.scalar(select(RoleGrant).where(RoleGrant.id == grant_id, RoleGrant.valid_to > on))
    if row is None:
        raise NotFound
    if not rules.may_give(actor.grants, Role(row.role)):
        raise AccessDenied
    if row.person_id == actor.person_id:
        raise DomainError(N_("Vai trò của chính mình do người khác rà soát."), code="own_role")
    before = row.reviewed_at.isoformat() if row.reviewed_at else None
    session.execute(update(RoleGrant).where(RoleGrant.id == grant_id).values(reviewed_at=at, reviewed_by=actor.person_id))
    audit.record(
        session,
        actor,
        "accounts.confirm_role",
        row.person_id,
        at,
        role=row.role,
        agency=_text(row.agency_id),
        before={"reviewed_at": before},
        after={"reviewed_at": at.isoformat()},
    )


def end_roles_left_behind(session: Session, actor: Actor, moved: Mapping[UUID, UUID], *, on: date, at: datetime) -> None:
    """Who moves to another agency keeps no role over agencies it is not part of: they end on day `on`, and what was handed on of them.
    `moved`: person → new agency. Roles over the whole province belong to no agency and stay."""
    people = list(moved)
    for start in range(0, len(people), _BATCH):
        part = people[start : start + _BATCH]
        held = session.scalars(
            select(RoleGrant).where(RoleGrant.person_id.in_(part), RoleGrant.agency_id.is_not(None), RoleGrant.valid_to > on)
        ).all()
        above = session.execute(
            select(AgencyClosure.ancestor_id, AgencyClosure.descendant_id).where(
                AgencyClosure.descendant_id.in_({moved[grant.person_id] for grant in held}),
                AgencyClosure.valid_from <= on,
                AgencyClosure.valid_to > on,
            )
        )
        covered = {tuple(row) for row in above}
        left = [grant for grant in held if (grant.agency_id, moved[grant.person_id]) not in covered]
        for grant in left:
            _end(session, actor, grant, on=on, at=at)
        _end_handed_on(session, actor, sorted({grant.person_id for grant in left}), on=on, at=at)


def end_roles_of_leavers(session: Session, actor: Actor, person_ids: Sequence[UUID], *, on: date, at: datetime) -> None:
    """Who leaves without another post keeps no role over an agency: they end on day `on`, and what was handed on of them."""
    for start in range(0, len(person_ids), _BATCH):
        part = person_ids[start : start + _BATCH]
        held = session.scalars(
            select(RoleGrant).where(RoleGrant.person_id.in_(part), RoleGrant.agency_id.is_not(None), RoleGrant.valid_to > on)
        ).all()
        for grant in held:
            _end(session, actor, grant, on=on, at=at)
        _end_handed_on(session, actor, sorted({grant.person_id for grant in held}), on=on, at=at)


def _end_handed_on(session: Session, actor: Actor, people: Sequence[UUID], *, on: date, at: datetime) -> None:
    """End what these people handed on of roles they do not hold any more. It opens nothing either way; ended, it does not come back to
    life with the role."""
    if not people:
        return
    for grant in session.scalars(
        select(RoleGrant).where(RoleGrant.delegated_from.in_(people), RoleGrant.valid_from <= on, RoleGrant.valid_to > on, ~effective(on))
    ).all():
        _end(session, actor, grant, on=on, at=at)


def end_roles_of_left_agencies(
    session: Session, actor: Actor, person_id: UUID, before: Collection[Post], after: Collection[Post], *, on: date, at: datetime
) -> None:
    """After a change of one person's posts: roles over an agency the person is no part of any more from day `on` end. Roles over agencies
    they had no post below in the first place were given on purpose and stay, as do those over the whole province."""
    left = {post.agency_id for post in before if post.valid_to > on} - {post.agency_id for post in after if post.valid_to > on}
    if not left:
        return
    staying = {post.agency_id for post in after if post.valid_to > on}
    held = session.scalars(
        select(RoleGrant).where(RoleGrant.person_id == person_id, RoleGrant.agency_id.is_not(None), RoleGrant.valid_to > on)
    ).all()
    above = session.execute(
        select(AgencyClosure.ancestor_id, AgencyClosure.descendant_id).where(
            AgencyClosure.descendant_id.in_(left | staying), AgencyClosure.valid_from <= on, AgencyClosure.valid_to > on
        )
    )
    below: dict[UUID, set[UUID]] = {}
    for ancestor, descendant in above:
        below.setdefault(ancestor, set()).add(descendant)
    for grant in held:
        covered = below.get(grant.agency_id, set()) if grant.agency_id else set()
        if covered & left and not covered & staying:
            _end(session, actor, grant, on=on, at=at)
    _end_handed_on(session, actor, [person_id], on=on, at=at)


def _end(session: Session, actor: Actor, grant: RoleGrant, *, on: date, at: datetime) -> None:
    """End a grant on a day; one that would then have lasted no day is removed."""
    before = _span(grant.valid_from, grant.valid_to)
    if grant.valid_from >= on:
        session.execute(delete(RoleGrant).where(RoleGrant.id == grant.id))
        after = None
    else:
        session.execute(update(RoleGrant).where(RoleGrant.id == grant.id).values(valid_to=on))
        after = _span(grant.valid_from, on)
    details: dict[str, Any] = {"role": grant.role, "agency": _text(grant.agency_id), "before": before, "after": after}
    if grant.delegated_from is not None:
        details["delegated_from"] = str(grant.delegated_from)
    audit.record(session, actor, "accounts.revoke_role", grant.person_id, at, **details)


def _lies_below(session: Session, agency_id: UUID | None, above: UUID, on: date) -> bool:
    return (
        session.scalar(
            select(AgencyClosure.depth)
            .where(
                AgencyClosure.ancestor_id == above,
                AgencyClosure.descendant_id == agency_id,
                AgencyClosure.valid_from <= on,
                AgencyClosure.valid_to > on,
            )
            .limit(1)
        )
        is not None
    )


def _span(first: date, end: date) -> dict[str, str | None]:
    """Days as the audit keeps them; no end: until further notice."""
    return {"valid_from": first.isoformat(), "valid_to": None if end == FOREVER else end.isoformat()}


def _text(agency_id: UUID | None) -> str | None:
    return str(agency_id) if agency_id else None
