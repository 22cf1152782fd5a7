"""One item: its versions, where it was used, and its text as a draft to go on from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from lms.accounts.models import Person
from lms.agencies.models import FOREVER
from lms.kit.actors import NotFound
from quizzes.models import Attempt, Form, FormSlot, Item, ItemReview, ItemVersion, Round
from quizzes.queries.bank import tags_of
from quizzes.rules.bank import ALWAYS, IN_WORK, ItemDraft, ItemState
from quizzes.rules.review import BY_AUTHOR


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version as authors and reviewers see it: with key and explanations. `mine`: written by the one who looks."""

    id: UUID
    number: int
    state: str
    kind: str
    topic: str
    level: str
    stem: str
    body: dict[str, Any]
    key: list[str]
    explanation: str
    whys: dict[str, str]
    legal_basis: str | None
    valid_from: date
    valid_to: date
    competency: str | None
    framework: str | None
    course: str | None
    lesson: str | None
    change_note: str | None
    submitted_at: datetime | None
    created_at: datetime
    mine: bool


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item with all its versions, newest first. `owner` is None also where the one who looks must not know it: while a version is
    in work and is not theirs. `mine`: owned by them. `author_in_work` and `owner_in_fact` are for rules alone, never for a page."""

    id: UUID
    code: str
    purpose: str
    owner_id: UUID | None
    owner: str | None
    mine: bool
    tags: tuple[str, ...]
    versions: tuple[VersionView, ...]
    author_in_work: UUID | None
    owner_in_fact: UUID | None

    @property
    def in_work(self) -> VersionView | None:
        return next((one for one in self.versions if one.state in IN_WORK), None)

    @property
    def approved(self) -> VersionView | None:
        return next((one for one in self.versions if one.state == ItemState.APPROVED), None)

    @property
    def current(self) -> VersionView:
        """What is shown first: the approved version, else the one in work, else the last."""
        return self.approved or self.in_work or self.versions[0]

    def version(self, number: int) -> VersionView:
        """Raises NotFound."""
        found = next((one for one in self.versions if one.number == number), None)
        if found is None:
            raise NotFound
        return found


@dataclass(frozen=True, slots=True)
class ReviewStep:
    """A step of a version's review. `by` is None where the one who looks must not know, `mine` where it was themselves."""

    number: int
    action: str
    by: str | None
    mine: bool
    remarks: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Use:
    """A round an item was used in: in how many of its forms, in how many sittings."""

    round_code: str
    title: str
    purpose: str
    number: int
    forms: int
    of_forms: int
    sittings: int
    opens_at: datetime


def item_view(session: Session, code: str, viewer: UUID | None) -> ItemView:
    """Raises NotFound."""
    head = session.execute(
        select(Item.id, Item.code, Item.purpose, Item.owner_id, Person.full_name)
        .outerjoin(Person, Person.id == Item.owner_id)
        .where(Item.code == code)
    ).one_or_none()
    if head is None:
        raise NotFound
    versions = session.scalars(select(ItemVersion).where(ItemVersion.item_id == head.id).order_by(ItemVersion.number.desc())).all()
    mine = viewer is not None and head.owner_id == viewer
    hidden = not mine and any(one.state in IN_WORK and (viewer is None or one.author_id != viewer) for one in versions)
    return ItemView(
        id=head.id,
        code=head.code,
        purpose=head.purpose,
        owner_id=None if hidden else head.owner_id,
        owner=None if hidden else head.full_name,
        mine=mine,
        tags=tags_of(session, [head.id]).get(head.id, ()),
        versions=tuple(_view(one, viewer) for one in versions),
        author_in_work=next((one.author_id for one in versions if one.state in IN_WORK), None),
        owner_in_fact=head.owner_id,
    )


def draft_of(session: Session, code: str, number: int | None = None) -> tuple[ItemDraft, int]:
    """An item's text to go on from, with the number to name as `base`: of a version, or of the one in work, else the approved one, else
    the last. Raises NotFound."""
    item = session.scalars(select(Item).where(Item.code == code)).one_or_none()
    if item is None:
        raise NotFound
    versions = session.scalars(select(ItemVersion).where(ItemVersion.item_id == item.id).order_by(ItemVersion.number.desc())).all()
    order = {ItemState.DRAFT: 0, ItemState.IN_REVIEW: 0, ItemState.APPROVED: 1}
    wanted = [one for one in versions if number in (None, one.number)]
    if not wanted:
        raise NotFound
    chosen = min(wanted, key=lambda one: (order.get(ItemState(one.state), 2), -one.number))
    return draft_of_version(item, chosen, tags_of(session, [item.id]).get(item.id, ())), chosen.number


def draft_of_version(item: Item, version: ItemVersion, tags: tuple[str, ...] = ()) -> ItemDraft:
    """A stored version as it would be written."""
    return ItemDraft(
        code=item.code,
        topic=version.topic,
        kind=version.kind,
        level=version.level,
        stem=version.stem,
        body=version.body,
        key=version.key,
        explanation=version.explanation,
        whys=version.whys,
        legal_basis=version.legal_basis,
        valid_from=version.valid_from if version.valid_from > ALWAYS else None,
        valid_to=version.valid_to if version.valid_to < FOREVER else None,
        competency=version.competency,
        lesson=version.lesson,
        framework=version.framework,
        tags=tags,
        purpose=item.purpose,
    )


def drafts_of(session: Session, codes: Sequence[str], *, state: ItemState = ItemState.APPROVED) -> list[ItemDraft]:
    """Items as they would be written, for an export: their versions in one state, in the order of their codes. Few statements whatever
    their number."""
    drafts = []
    for start in range(0, len(codes), 500):
        rows = session.execute(
            select(Item, ItemVersion)
            .join(ItemVersion, ItemVersion.item_id == Item.id)
            .where(Item.code.in_(codes[start : start + 500]), ItemVersion.state == state)
        ).all()
        tags = tags_of(session, [item.id for item, _ in rows])
        drafts += [draft_of_version(item, version, tags.get(item.id, ())) for item, version in rows]
    return sorted(drafts, key=lambda draft: draft.code)


def review_steps(session: Session, item_id: UUID, viewer: UUID | None) -> list[ReviewStep]:
    """What became of an item's versions, newest first. Authors' names are never among them: their steps are the author's."""
    rows = session.execute(
        select(ItemVersion.number, ItemReview.action, ItemReview.by_id, Person.full_name, ItemReview.remarks, ItemReview.at)
        .join(ItemVersion, ItemVersion.id == ItemReview.item_version_id)
        .outerjoin(Person, Person.id == ItemReview.by_id)
        .where(ItemVersion.item_id == item_id)
        .order_by(ItemReview.at.desc(), ItemReview.id.desc())
    )
    return [
        ReviewStep(number, action, None if action in BY_AUTHOR else name, viewer is not None and by_id == viewer, remarks, at)
        for number, action, by_id, name, remarks, at in rows
    ]


def uses(session: Session, item_id: UUID) -> list[Use]:
    """The rounds whose forms have a version of an item, newest first."""
    sittings = select(func.count()).where(Attempt.form_id.in_(select(FormSlot.form_id).where(FormSlot.item_version_id == ItemVersion.id)))
    rows = session.execute(
        select(
            Round.code,
            Round.title,
            Round.purpose,
            ItemVersion.number,
            func.count(distinct(Form.id)),
            Round.form_count,
            sittings.where(Attempt.round_id == Round.id).correlate(ItemVersion, Round).scalar_subquery(),
            Round.opens_at,
        )
        .join(Form, Form.round_id == Round.id)
        .join(FormSlot, FormSlot.form_id == Form.id)
        .join(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
        .where(ItemVersion.item_id == item_id)
        .group_by(Round.id, Round.code, Round.title, Round.purpose, Round.form_count, Round.opens_at, ItemVersion.id, ItemVersion.number)
        .order_by(Round.opens_at.desc(), ItemVersion.number.desc())
    )
    return [Use(*row) for row in rows]


def _view(version: ItemVersion, viewer: UUID | None) -> VersionView:
    names = [name for name in VersionView.__slots__ if name != "mine"]
    return VersionView(**{name: getattr(version, name) for name in names}, mine=viewer is not None and version.author_id == viewer)
