"""What becomes of postings and roles when agencies end: people go on in the heir with what they are, roles over the ended agency end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import and_, delete, func, insert, or_, select, union_all, update
from sqlalchemy.orm import Session, aliased

from lms.accounts.models import Person, Posting, PostingMove, RoleEnding, RoleGrant, TransferRequest
from lms.accounts.operations.heirs import POSTING_KEYS, lasting_beyond, move_postings, settle_postings
from lms.accounts.operations.transfers import close_request
from lms.accounts.rules.transfers import State
from lms.agencies.models import AgencyClosure
from lms.agencies.queries import agency_names
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.following import PEOPLE, RETURNING, AgencyTurn, Consequence
from lms.kit.ids import uuid7

BATCH = 1000  # rows of one INSERT
AGENCY_ENDED = N_("Một cơ quan trong đề nghị đã sáp nhập, chia tách hoặc giải thể; nếu còn cần, hãy gửi lại với cơ quan tiếp nhận.")
_NAMED = 12  # agencies named one by one in a preview
_ROLE_TYPES = {column.key: column.type.python_type for column in RoleGrant.__table__.columns if column.key != "id"}
_OWN_TO_EACH = {"id", "agency_id", "valid_from", "valid_to"}  # all else goes on as it is


class PostingsAndRoles:
    """Follows agencies for this package. Statements do not grow with the number of people, only with the agencies that end."""

    def foresee(self, session: Session, turn: AgencyTurn) -> Sequence[Consequence]:
        """People moved, for each agency that ends; people whom nobody takes over; roles that end."""
        heirs = living_heirs(turn.heirs)
        people = _people_of(session, heirs, turn.on, turn.replaces)
        names = agency_names(session, {*heirs, *(heir for heir in heirs.values() if heir)}, turn.on)
        moved = [(ended, heir) for ended, heir in heirs.items() if heir is not None and people.get(ended)]
        found = [
            Consequence(
                N_("người có vị trí công tác tại %(agency)s mà chưa có đơn vị tiếp nhận: chuyển công tác cho họ trước"),
                people[ended],
                {"agency": names.get(ended, str(ended))},
                hinders=True,
            )
            for ended, heir in heirs.items()
            if heir is None and people.get(ended)
        ]
        for ended, heir in moved[:_NAMED]:
            values = {"source": names.get(ended, ""), "heir": names.get(heir, ""), "day": f"{turn.on:%d/%m/%Y}"} if heir else {}
            known = N_("người chuyển từ %(source)s sang %(heir)s từ ngày %(day)s")
            unknown = N_("người chuyển từ %(source)s sang đơn vị mới từ ngày %(day)s")
            found.append(Consequence(known if values["heir"] else unknown, people[ended], values, of=PEOPLE))
        if len(moved) > _NAMED:
            rest = sum(people[ended] for ended, _ in moved[_NAMED:])
            agencies = {"agencies": len(moved) - _NAMED}
            found.append(Consequence(N_("người chuyển từ %(agencies)s đơn vị khác sang đơn vị tiếp nhận"), rest, agencies, of=PEOPLE))
        if roles := _roles_to_end(session, turn):
            text = N_("vai trò quản lý đối với đơn vị kết thúc sẽ hết hiệu lực; giao lại ở đơn vị tiếp nhận nếu còn cần")
            found.append(Consequence(text, len(roles)))
        if requests := _requests_overtaken(session, turn):
            found.append(Consequence(N_("đề nghị chuyển công tác đang chờ có đơn vị kết thúc: sẽ đóng kèm lý do"), len(requests)))
        return found

    def foresee_return(self, session: Session, event_id: UUID) -> Sequence[Consequence]:
        """People put back, roles that hold again, and people whose later changes stand in the way."""
        found = []
        people = session.scalar(
            select(func.count(Posting.person_id.distinct()))
            .join(PostingMove, PostingMove.posting_id == Posting.id)
            .where(PostingMove.event_id == event_id)
        )
        if changed := _changed_since(session, event_id):
            text = N_("người đã thay đổi vị trí công tác sau sự kiện này (ví dụ %(name)s): rút thay đổi sau trước")
            found.append(Consequence(text, len(changed), {"name": _an_example(changed)}, hinders=True))
        if people:
            found.append(Consequence(N_("người trở lại đơn vị cũ như trước sự kiện này"), people, of=RETURNING))
        if roles := session.scalar(select(func.count()).where(RoleEnding.event_id == event_id)):
            found.append(Consequence(N_("vai trò quản lý đã kết thúc theo sự kiện này có hiệu lực trở lại"), roles))
        return found

    def follow(self, session: Session, actor: Actor, turn: AgencyTurn, at: datetime) -> None:
        """Carry postings on and end roles. Raises DomainError where people would be left without an agency."""
        heirs = living_heirs(turn.heirs)
        if not heirs:
            return
        _refuse_stranded(session, heirs, turn.on)
        roles = _roles_to_end(session, turn)
        moved = move_postings(session, turn.event_id, turn.on, {ended: heir for ended, heir in heirs.items() if heir is not None})
        _end_roles(session, turn, roles)
        settle_postings(session, actor, [heir for heir in heirs.values() if heir is not None], at, recorded_before=at)
        for request in _requests_overtaken(session, turn):
            close_request(session, actor, request, AGENCY_ENDED, at)
        if moved or roles:
            audit.record(
                session, actor, "accounts.follow_agencies", turn.event_id, at, on=turn.on.isoformat(), postings=moved, roles=len(roles)
            )

    def take_back(self, session: Session, actor: Actor, event_id: UUID, at: datetime) -> None:
        """Postings and roles as they were before the event. Raises Conflict where people have been moved or changed since."""
        moved = session.scalar(select(func.count()).where(PostingMove.event_id == event_id)) or 0
        roles = session.scalars(select(RoleEnding).where(RoleEnding.event_id == event_id)).all()
        if moved:
            _refuse_changed(session, event_id)
            _restore_postings(session, event_id)
        for ending in roles:
            _restore_role(session, ending)
        session.execute(delete(RoleEnding).where(RoleEnding.event_id == event_id))
        if moved or roles:
            audit.record(session, actor, "accounts.take_back_agencies", event_id, at, postings=moved, roles=len(roles))


def living_heirs(heirs: Mapping[UUID, UUID | None]) -> dict[UUID, UUID | None]:
    """Each ended agency's heir that does not itself end in the same turn; None where the line dies out."""
    found: dict[UUID, UUID | None] = {}
    for ended in heirs:
        seen, heir = {ended}, heirs[ended]
        while heir is not None and heir in heirs and heir not in seen:
            seen.add(heir)
            heir = heirs[heir]
        found[ended] = None if heir in heirs else heir
    return found


def _people_of(session: Session, agencies: Iterable[UUID], on: date, replaced: UUID | None = None) -> dict[UUID, int]:
    """How many people would hold a post in each of the agencies beyond the day. `replaced`: as if the event had not carried them off."""
    ids = list(agencies)
    there = select(Posting.agency_id, Posting.person_id).where(lasting_beyond(ids, on))
    carried = (
        select(PostingMove.from_agency_id, Posting.person_id)
        .join(Posting, Posting.id == PostingMove.posting_id)
        .where(PostingMove.event_id == replaced, PostingMove.from_agency_id.in_(ids), Posting.valid_to > on)
    )
    rows = (union_all(there, carried) if replaced else there).subquery()
    agency, person = rows.c
    return {row[0]: row[1] for row in session.execute(select(agency, func.count(person.distinct())).group_by(agency))}


def _refuse_stranded(session: Session, heirs: Mapping[UUID, UUID | None], on: date) -> None:
    stranded = _people_of(session, [ended for ended, heir in heirs.items() if heir is None], on)
    for agency, count in stranded.items():
        raise DomainError(
            N_("Còn %(count)s người có vị trí công tác tại %(agency)s từ ngày %(day)s. Chuyển công tác cho họ trước, hoặc chọn Sáp nhập."),
            code="people_without_agency",
            field="agencies",
            count=count,
            agency=agency_names(session, [agency], on).get(agency, str(agency)),
            day=f"{on:%d/%m/%Y}",
        )


def _roles_to_end(session: Session, turn: AgencyTurn) -> list[Any]:
    """Roles over agencies that end, and roles over agencies that people leave together with the agency they belonged to."""
    heirs = living_heirs(turn.heirs)
    open_roles = select(*RoleGrant.__table__.columns).where(RoleGrant.valid_to > turn.on)
    found = {row.id: row for row in session.execute(open_roles.where(RoleGrant.agency_id.in_(list(heirs))))}
    left = _ancestors_left(session, heirs, turn.on)
    held = open_roles.join(Posting, and_(Posting.person_id == RoleGrant.person_id, Posting.is_primary, lasting_beyond(left, turn.on)))
    for row in session.execute(held.add_columns(Posting.agency_id.label("member_of"))):
        if row.agency_id in left[row.member_of]:
            found[row.id] = row
    return list(found.values())


def _ancestors_left(session: Session, heirs: Mapping[UUID, UUID | None], on: date) -> dict[UUID, set[UUID]]:
    """For each ended agency, who stood above it until the day and does not stand above its heir; nobody where the heir is new."""

    def above(agencies: Iterable[UUID | None], day: date) -> dict[UUID, set[UUID]]:
        chain: dict[UUID, set[UUID]] = {}
        for descendant, ancestor in session.execute(
            select(AgencyClosure.descendant_id, AgencyClosure.ancestor_id).where(
                AgencyClosure.descendant_id.in_([agency for agency in agencies if agency]),
                AgencyClosure.valid_from <= day,
                AgencyClosure.valid_to > day,
            )
        ):
            chain.setdefault(descendant, set()).add(ancestor)
        return chain

    before, after = above(heirs, on - timedelta(days=1)), above(heirs.values(), on)
    return {
        ended: before.get(ended, set()) - after[heir] - heirs.keys() for ended, heir in heirs.items() if heir is not None and heir in after
    }


def _requests_overtaken(session: Session, turn: AgencyTurn) -> Sequence[TransferRequest]:
    """Open requests from or to an agency that ends: their people go with it, and nobody is left there to receive anyone. One about an
    earlier day may still be granted."""
    ended = list(turn.heirs)
    touching = or_(TransferRequest.from_agency_id.in_(ended), TransferRequest.to_agency_id.in_(ended))
    waiting = select(TransferRequest).where(TransferRequest.state == State.PENDING.value, touching, TransferRequest.effective_on >= turn.on)
    return session.scalars(waiting.order_by(TransferRequest.id)).all()


def _end_roles(session: Session, turn: AgencyTurn, roles: Sequence[Any]) -> None:
    if not roles:
        return
    kept = [
        {"id": uuid7(), "event_id": turn.event_id, "grant_id": row.id, "before": {key: _plain(getattr(row, key)) for key in _ROLE_TYPES}}
        for row in roles
    ]
    for start in range(0, len(kept), BATCH):
        session.execute(insert(RoleEnding), kept[start : start + BATCH])
        ids = [row["grant_id"] for row in kept[start : start + BATCH]]
        session.execute(delete(RoleGrant).where(RoleGrant.id.in_(ids), RoleGrant.valid_from >= turn.on))
        session.execute(update(RoleGrant).where(RoleGrant.id.in_(ids)).values(valid_to=turn.on))


def _plain(value: Any) -> Any:
    return None if value is None else msgspec.to_builtins(value)


def _restore_role(session: Session, ending: RoleEnding) -> None:
    """As it was; where the same role was given anew in the meantime, that one stands."""
    values = {key: msgspec.convert(ending.before[key], type_ | None) for key, type_ in _ROLE_TYPES.items() if key in ending.before}
    again = select(RoleGrant.id).where(
        RoleGrant.person_id == values["person_id"],
        RoleGrant.role == values["role"],
        RoleGrant.agency_id == values["agency_id"],
        RoleGrant.valid_to >= values["valid_to"],
        RoleGrant.id != ending.grant_id,
    )
    if session.scalar(again.limit(1)) is not None:
        return
    stored = session.scalar(select(RoleGrant.id).where(RoleGrant.id == ending.grant_id))
    if stored is None:
        session.execute(insert(RoleGrant).values(id=ending.grant_id, **values))
    else:
        session.execute(update(RoleGrant).where(RoleGrant.id == ending.grant_id).values(valid_to=values["valid_to"]))


def _refuse_changed(session: Session, event_id: UUID) -> None:
    """Nobody's later change is thrown away: it is named, and the event stands."""
    if changed := _changed_since(session, event_id):
        raise Conflict(
            N_(
                "Chưa rút được: vị trí công tác của %(count)s người (ví dụ %(name)s) đã thay đổi sau sự kiện này. "
                "Rút thay đổi sau trước, hoặc ghi một sự kiện mới."
            ),
            code="postings_changed_since",
            count=len(changed),
            name=_an_example(changed),
        )


def _changed_since(session: Session, event_id: UUID) -> Sequence[Any]:
    """Moves of an event that can no longer be taken back as they were made, with the names of those concerned."""
    new, old, later = aliased(Posting), aliased(Posting), aliased(PostingMove)
    same = and_(
        *(
            or_(getattr(new, key) == getattr(old, key), and_(getattr(new, key).is_(None), getattr(old, key).is_(None)))
            for key in POSTING_KEYS
            if key not in _OWN_TO_EACH
        )
    )
    untouched = or_(
        and_(PostingMove.is_continued, new.valid_from == old.valid_to, old.agency_id == PostingMove.from_agency_id, same),
        PostingMove.is_continued.is_(False),
    )
    moved_on = select(later.id).where(later.continued_id == PostingMove.posting_id, later.event_id != event_id).exists()
    changed = (
        select(PostingMove.id, Person.full_name)
        .outerjoin(new, new.id == PostingMove.posting_id)
        .outerjoin(old, old.id == PostingMove.continued_id)
        .outerjoin(Person, Person.id == func.coalesce(new.person_id, old.person_id))
        .where(
            PostingMove.event_id == event_id,
            or_(new.id.is_(None), new.agency_id != PostingMove.to_agency_id, ~func.coalesce(untouched, False), moved_on),
        )
    )
    return session.execute(changed.order_by(Person.sort_key)).all()


def _an_example(changed: Sequence[Any]) -> str:
    return next((row.full_name for row in changed if row.full_name), "—")


def _restore_postings(session: Session, event_id: UUID) -> None:
    own = PostingMove.event_id == event_id
    new = aliased(Posting)
    end = (
        select(new.valid_to)
        .join(PostingMove, PostingMove.posting_id == new.id)
        .where(own, PostingMove.continued_id == Posting.id)
        .scalar_subquery()
    )
    continued = select(PostingMove.continued_id).where(own, PostingMove.is_continued)
    session.execute(update(Posting).where(Posting.id.in_(continued)).values(valid_to=end).execution_options(synchronize_session=False))
    source = select(PostingMove.from_agency_id).where(own, PostingMove.posting_id == Posting.id).scalar_subquery()
    shifted = select(PostingMove.posting_id).where(own, PostingMove.is_continued.is_(False))
    session.execute(update(Posting).where(Posting.id.in_(shifted)).values(agency_id=source).execution_options(synchronize_session=False))
    # The moves go first: each row that is removed while they are there would be looked for in all of them.
    opened = list(session.scalars(select(PostingMove.posting_id).where(own, PostingMove.is_continued)))
    session.execute(delete(PostingMove).where(own))
    for start in range(0, len(opened), BATCH):
        session.execute(delete(Posting).where(Posting.id.in_(opened[start : start + BATCH])).execution_options(synchronize_session=False))
