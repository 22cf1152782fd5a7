"""Posts and leaves of one person, written as the rules of `lms.accounts.rules.postings` and `.leaves` decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from lms.accounts.models import Leave, Person, Posting
from lms.accounts.operations.heirs import settle_postings
from lms.accounts.operations.roles import end_roles_of_left_agencies
from lms.accounts.queries.postings import is_listed
from lms.accounts.rules import leaves as leave_rules
from lms.accounts.rules import postings as rules
from lms.accounts.rules.leaves import Away
from lms.accounts.rules.postings import Nature, Post
from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.ids import uuid7

_COLUMNS = tuple(name for name in Post.__dataclass_fields__ if name != "id")


def held_posts(session: Session, person_id: UUID) -> list[Post]:
    """All posts of a person, for a change: whoever else changes them waits. Raises NotFound, also for one merged or erased."""
    locked = session.scalar(select(Person.id).where(Person.id == person_id, is_listed()).with_for_update())
    if locked is None:
        raise NotFound
    rows = session.execute(
        select(Posting.id, *(getattr(Posting, name) for name in _COLUMNS))
        .where(Posting.person_id == person_id)
        .order_by(Posting.valid_from)
    )
    return rules.ordered(Post(**row._mapping) for row in rows)


def add_post(session: Session, actor: Actor, person_id: UUID, post: Post, *, at: datetime) -> None:
    """Give a person a post beside those they hold (kiêm nhiệm), or a primary one. Raises Conflict, DomainError as `rules.with_post`."""
    before = held_posts(session, person_id)
    _store(session, actor, "accounts.add_post", person_id, at, before=before, after=rules.with_post(before, post))


def second_person(session: Session, actor: Actor, person_id: UUID, post: Post, *, at: datetime) -> None:
    """Lend a person to another agency (cử biệt phái) for the days of `post`. Where `post` is primary they are counted there for so long,
    and at home again afterwards; otherwise at home all the time. Raises Conflict, DomainError as `rules.with_post`."""
    before = held_posts(session, person_id)
    lent = replace(post, nature=Nature.SECONDMENT.value)
    _store(session, actor, "accounts.second_person", person_id, at, before=before, after=rules.with_post(before, lent))


def make_primary(session: Session, actor: Actor, person_id: UUID, posting_id: UUID, *, on: date, at: datetime) -> None:
    """From day `on` this post decides where the person is counted. Raises NotFound, DomainError."""
    before = held_posts(session, person_id)
    after = rules.made_primary(before, _one(before, posting_id), on)
    _store(session, actor, "accounts.make_primary", person_id, at, before=before, after=after)


def end_post(session: Session, actor: Actor, person_id: UUID, posting_id: UUID, *, on: date, at: datetime) -> None:
    """The post is held until the day before `on`; roles that hung on its agency alone end with it. Raises NotFound, DomainError."""
    before = held_posts(session, person_id)
    after = rules.ended(before, _one(before, posting_id), on)
    _store(session, actor, "accounts.end_post", person_id, at, before=before, after=after)
    end_roles_of_left_agencies(session, actor, person_id, before, after, on=on, at=at)


def correct_post(
    session: Session, actor: Actor, person_id: UUID, posting_id: UUID, changes: Mapping[str, Any], *, on: date, at: datetime
) -> None:
    """Put a post right that was entered wrongly, past ones included. `on`: the day from which roles that hang on nothing any more end,
    if the correction takes an agency away. Raises NotFound, Conflict, DomainError."""
    before = held_posts(session, person_id)
    after = rules.corrected(before, _one(before, posting_id), changes)
    _store(session, actor, "accounts.correct_post", person_id, at, before=before, after=after)
    end_roles_of_left_agencies(session, actor, person_id, before, after, on=on, at=at)


def transfer_posts(
    session: Session, actor: Actor, person_id: UUID, agency_id: UUID | None, *, on: date, at: datetime, decision: str | None = None
) -> None:
    """From day `on` the person's primary post lies in another agency; None: they hold no post any more. Roles left behind end.
    Raises Conflict, DomainError as `rules.moved`."""
    before = held_posts(session, person_id)
    after = rules.left(before, on) if agency_id is None else rules.moved(before, agency_id, on, decision)
    _store(session, actor, "accounts.transfer", person_id, at, before=before, after=after)
    end_roles_of_left_agencies(session, actor, person_id, before, after, on=on, at=at)


def record_leave(session: Session, actor: Actor, person_id: UUID, leave: Away, *, at: datetime) -> None:
    """Note days on which a person is away; rounds read them on their cut-off day. Raises Conflict, DomainError."""
    held_posts(session, person_id)
    before = held_leaves(session, person_id)
    _store_leaves(session, actor, "accounts.record_leave", person_id, at, before=before, after=leave_rules.with_leave(before, leave))


def correct_leave(session: Session, actor: Actor, person_id: UUID, leave_id: UUID, leave: Away, *, at: datetime) -> None:
    """Put a leave right. Raises NotFound, Conflict, DomainError."""
    held_posts(session, person_id)
    before = held_leaves(session, person_id)
    rest = [each for each in before if each.id != leave_id]
    if len(rest) == len(before):
        raise NotFound
    after = leave_rules.with_leave(rest, replace(leave, id=leave_id))
    _store_leaves(session, actor, "accounts.correct_leave", person_id, at, before=before, after=after)


def remove_leave(session: Session, actor: Actor, person_id: UUID, leave_id: UUID, *, at: datetime) -> None:
    """Take back a leave that never was. Raises NotFound."""
    held_posts(session, person_id)
    before = held_leaves(session, person_id)
    after = [each for each in before if each.id != leave_id]
    if len(after) == len(before):
        raise NotFound
    _store_leaves(session, actor, "accounts.remove_leave", person_id, at, before=before, after=after)


def held_leaves(session: Session, person_id: UUID) -> list[Away]:
    rows = session.execute(
        select(Leave.id, Leave.reason, Leave.valid_from, Leave.valid_to, Leave.decision)
        .where(Leave.person_id == person_id)
        .order_by(Leave.valid_from)
    )
    return [Away(*row) for row in rows]


def write_posts(session: Session, person_id: UUID, before: Iterable[Post], after: Iterable[Post]) -> None:
    """Make the stored posts those of `after`; rows of `before` that are not in it go."""
    stored = {post.id: post for post in before}
    kept = {post.id for post in after if post.id is not None}
    if gone := [post_id for post_id in stored if post_id not in kept]:
        session.execute(delete(Posting).where(Posting.id.in_(gone)))
    for post in after:
        values = {"person_id": person_id, **_values(post)}
        if post.id is None:
            session.execute(insert(Posting).values(id=uuid7(), **values))
        else:
            session.execute(update(Posting).where(Posting.id == post.id).values(**values))


def write_leaves(session: Session, person_id: UUID, before: Iterable[Away], after: Iterable[Away]) -> None:
    """Make the stored leaves those of `after`."""
    kept = {leave.id for leave in after if leave.id is not None}
    if gone := [leave.id for leave in before if leave.id not in kept]:
        session.execute(delete(Leave).where(Leave.id.in_(gone)))
    for leave in after:
        values = {**asdict(leave), "person_id": person_id}
        leave_id = values.pop("id")
        if leave_id is None:
            session.execute(insert(Leave).values(id=uuid7(), **values))
        else:
            session.execute(update(Leave).where(Leave.id == leave_id).values(**values))


def _store(
    session: Session, actor: Actor, action: str, person_id: UUID, at: datetime, *, before: Sequence[Post], after: Sequence[Post]
) -> None:
    """Write what differs and say so: the posts that changed, as they were and as they are."""
    assert rules.two_primary_on(after) is None, "the rules allow one primary post a day"
    write_posts(session, person_id, before, after)
    settle_postings(session, actor, {post.agency_id for post in after if post not in before}, at)
    old = [post.told() for post in before if post not in after]
    new = [post.told() for post in after if post not in before]
    audit.record(session, actor, action, person_id, at, before=old, after=new)


def _store_leaves(
    session: Session, actor: Actor, action: str, person_id: UUID, at: datetime, *, before: Sequence[Away], after: Sequence[Away]
) -> None:
    write_leaves(session, person_id, before, after)
    old = [leave.told() for leave in before if leave not in after]
    new = [leave.told() for leave in after if leave not in before]
    audit.record(session, actor, action, person_id, at, before=old, after=new)


def _values(post: Post) -> dict[str, Any]:
    return {name: getattr(post, name) for name in _COLUMNS}


def _one(posts: Sequence[Post], posting_id: UUID) -> Post:
    for post in posts:
        if post.id == posting_id:
            return post
    raise NotFound
