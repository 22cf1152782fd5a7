"""Writing the question bank: courses and files bring items in, authors write drafts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.agencies.models import FOREVER
from lms.kit import audit
from lms.kit.actors import AccessDenied, Actor, NotFound
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.kit.vietnamese import clean, fold
from quizzes.kinds.base import Problem
from quizzes.models import Item, ItemReview, ItemVersion
from quizzes.operations.duplicates import drop_sketches, store_sketches
from quizzes.operations.tagging import add_tags, set_tags
from quizzes.queries import bank as bank_queries
from quizzes.rules.bank import ALWAYS, CODE, IN_WORK, TOPIC, ItemDraft, ItemPurpose, ItemState
from quizzes.rules.duplicates import Sketch, reading, sketch
from quizzes.rules.review import ReviewAction, writes

CODES_AT_ONCE = 500
CODE_TRIES = 5


class InvalidItemError(DomainError):
    """A draft nobody could show or mark. `problems` says all that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__(first.message, code="invalid_item", **first.values)
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to. `busy`: codes left as they are because somebody is working on them."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    busy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """Where a draft was put. `number` is the version to name as `base` when it is saved again."""

    item_id: UUID
    version_id: UUID
    code: str
    number: int
    new_item: bool
    new_version: bool


def import_items(
    session: Session,
    actor: Actor,
    items: Sequence[ItemDraft],
    source: str,
    at: datetime,
    *,
    state: ItemState = ItemState.APPROVED,
) -> Imported:
    """Put items into the bank: a new code makes an item, a changed text a new version, the same text nothing.

    `source` (a file name) goes into the audit. Courses' items are `approved` at once; what people bring comes as `draft`, or waits
    `in_review`, written by the actor, and leaves alone the codes of which a version is in work. For drafts `ItemDraft.faults` must be
    empty, else `ItemDraft.problems`; every item must have a code, each its own. Tags are added, a purpose is set where one is named.
    """
    items = [item.stored() for item in items] if state in IN_WORK else list(items)
    known: dict[str, bank_queries.Known] = {}
    codes = [item.code for item in items]
    for start in range(0, len(codes), CODES_AT_ONCE):
        known.update(bank_queries.known_items(session, codes[start : start + CODES_AT_ONCE]))
    bringing = _Bringing(session, actor.person_id if state in IN_WORK else None, state, at)
    for draft in items:
        bringing.bring(draft, known.get(draft.code))
    done = bringing.finish()
    if done.created or done.changed:
        counts = {"created": done.created, "changed": done.changed, "unchanged": done.unchanged}
        audit.record(session, actor, "quizzes.import_items", source, at, **counts, state=str(state))
    return done


@dataclass(slots=True)
class _Bringing:
    """An import under way: what is written at its end, all at once."""

    session: Session
    author: UUID | None
    state: ItemState
    at: datetime
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    busy: list[str] = field(default_factory=list)
    retired: list[UUID] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)
    sketches: list[tuple[UUID, UUID, Sketch]] = field(default_factory=list)
    tags: dict[UUID, tuple[str, ...]] = field(default_factory=dict)

    def bring(self, draft: ItemDraft, known: bank_queries.Known | None) -> None:
        content_hash = draft.content_hash()
        if known is None:
            item_id, purpose = uuid7(), draft.purpose or ItemPurpose.BOTH
            self.items.append({"id": item_id, "code": draft.code, "owner_id": self.author, "purpose": purpose, "created_at": self.at})
            self.created += 1
            self._write(draft, content_hash, item_id, 1)
            return
        self._describe(draft, known)
        if content_hash in (known.hash_now, known.hash_in_work):
            self.unchanged += 1
        elif self.state in IN_WORK and known.in_work_number is not None:
            self.busy.append(draft.code)
        else:
            self.changed += 1
            if self.state == ItemState.APPROVED and known.approved_id is not None:
                self.retired.append(known.approved_id)
            self._write(draft, content_hash, known.item_id, known.last_number + 1)

    def finish(self) -> Imported:
        for start in range(0, len(self.retired), CODES_AT_ONCE):
            some = self.retired[start : start + CODES_AT_ONCE]
            self.session.execute(update(ItemVersion).where(ItemVersion.id.in_(some)).values(state=ItemState.RETIRED))
        if self.items:
            self.session.execute(insert(Item), self.items)
        if self.versions:
            self.session.execute(insert(ItemVersion), self.versions)
        if self.versions and self.state == ItemState.IN_REVIEW:
            step = {"action": ReviewAction.SUBMITTED, "by_id": self.author, "at": self.at}
            self.session.execute(insert(ItemReview), [{"id": uuid7(), "item_version_id": one["id"], **step} for one in self.versions])
        drop_sketches(self.session, self.retired)
        store_sketches(self.session, self.sketches)
        add_tags(self.session, self.tags)
        return Imported(self.created, self.changed, self.unchanged, tuple(self.busy))

    def _describe(self, draft: ItemDraft, known: bank_queries.Known) -> None:
        if draft.tags:
            self.tags[known.item_id] = draft.tags
        if draft.purpose and draft.purpose != known.purpose:
            self.session.execute(update(Item).where(Item.id == known.item_id).values(purpose=draft.purpose))

    def _write(self, draft: ItemDraft, content_hash: str, item_id: UUID, number: int) -> None:
        if draft.tags:
            self.tags[item_id] = draft.tags
        version_id = uuid7()
        self.versions.append(
            {
                "id": version_id,
                "item_id": item_id,
                "number": number,
                "state": self.state,
                "author_id": self.author,
                "submitted_at": self.at if self.state == ItemState.IN_REVIEW else None,
                "created_at": self.at,
                **_columns(draft, content_hash),
            }
        )
        self.sketches.append((version_id, item_id, sketch(reading(draft.stem, draft.body))))


def save_draft(
    session: Session, actor: Actor, draft: ItemDraft, at: datetime, *, base: int | None = None, change_note: str | None = None
) -> SavedDraft:
    """Keep what an author has written as the item's version in work; nobody's mark changes by it.

    `base` is the number of the version the author began from, None for a new item (whose empty code is then given by the bank). A
    draft in work is written over; from an approved or retired version a new draft is begun, and the item keeps its owner. Tags and
    purpose are the item's and hold at once. Raises InvalidItemError (`ItemDraft.faults`), NotFound, AccessDenied (somebody else's draft),
    Conflict: the code is taken, it waits for review, or it has gone on since `base`.
    """
    draft = draft.stored()
    if faults := [*_address_faults(draft, new=base is None), *draft.faults()]:
        raise InvalidItemError(faults)
    item, written_over = (_new_item(session, actor, draft, at), None) if base is None else _item_to_change(session, actor, draft.code, base)
    draft = replace(draft, code=item.code)
    content_hash = draft.content_hash()
    if written_over is not None:
        version_id, number, hash_before = written_over.id, written_over.number, written_over.content_hash
        session.execute(
            update(ItemVersion).where(ItemVersion.id == version_id).values(**_columns(draft, content_hash), change_note=_note(change_note))
        )
        drop_sketches(session, [version_id])
    else:
        version_id, number, hash_before = uuid7(), bank_queries.last_number(session, item.id) + 1, None
        session.add(
            ItemVersion(
                id=version_id,
                item_id=item.id,
                number=number,
                state=ItemState.DRAFT,
                author_id=actor.person_id,
                change_note=_note(change_note),
                created_at=at,
                **_columns(draft, content_hash),
            )
        )
    session.flush()
    store_sketches(session, [(version_id, item.id, sketch(reading(draft.stem, draft.body)))])
    before = {"hash": hash_before, "purpose": item.purpose, "tags": set_tags(session, item.id, draft.tags)}
    if draft.purpose is not None:
        item.purpose = draft.purpose
    after = {"hash": content_hash, "purpose": item.purpose, "tags": list(draft.tags)}
    audit.record(session, actor, "quizzes.save_draft", item.code, at, number=number, before=before, after=after)
    return SavedDraft(item.id, version_id, item.code, number, new_item=base is None, new_version=written_over is None)


def _new_item(session: Session, actor: Actor, draft: ItemDraft, at: datetime) -> Item:
    """Two authors may ask for a code at the same moment: the database gives it to one, the other gets the next."""
    for _try in range(CODE_TRIES):
        code = draft.code or bank_queries.next_code(session, draft.topic)
        item = Item(id=uuid7(), code=code, owner_id=actor.person_id, purpose=draft.purpose or ItemPurpose.BOTH, created_at=at)
        try:
            with session.begin_nested():
                session.add(item)
        except IntegrityError:
            if draft.code:
                break
        else:
            return item
    raise Conflict(
        N_("Mã câu hỏi %(taken)s đã có trong ngân hàng. Chọn mã khác hoặc để trống."), code="code_taken", field="code", taken=code
    )


def _item_to_change(session: Session, actor: Actor, code: str, base: int) -> tuple[Item, ItemVersion | None]:
    """The item, locked, and its draft where the author goes on with one."""
    item = session.scalars(select(Item).where(Item.code == code).with_for_update()).one_or_none()
    if item is None:
        raise NotFound
    in_work = session.scalars(select(ItemVersion).where(ItemVersion.item_id == item.id, ItemVersion.state.in_(IN_WORK))).one_or_none()
    if in_work is not None and not writes(actor.person_id, in_work.author_id, item.owner_id):
        raise AccessDenied
    if in_work is not None and in_work.state == ItemState.IN_REVIEW:
        raise Conflict(N_("Câu này đang chờ thẩm định. Rút về trước khi sửa."), code="in_review")
    begun_from = in_work.number if in_work is not None else bank_queries.current_number(session, item.id)
    if begun_from != base:
        raise Conflict(
            N_("Câu này đã có phiên bản %(number)s từ lúc mở trang. Mở lại trang để sửa phiên bản mới nhất."),
            code="changed_since",
            number=begun_from,
        )
    return item, in_work


def _address_faults(draft: ItemDraft, *, new: bool) -> list[Problem]:
    """What is wrong with code and topic, by which an item is found."""
    found = []
    if new and draft.code and not (CODE.fullmatch(draft.code) and any(char.isdigit() for char in draft.code)):
        found.append(Problem(N_("mã câu hỏi chỉ gồm chữ không dấu, số, dấu chấm và gạch nối, có ít nhất một chữ số")))
    if not TOPIC.fullmatch(draft.topic):
        found.append(Problem(N_("chủ đề phải là một mã như CB1.3")))
    return found


def _columns(draft: ItemDraft, content_hash: str) -> dict[str, Any]:
    """The columns of a version that are its text."""
    return {
        "kind": draft.kind,
        "level": draft.level,
        "topic": draft.topic,
        "stem": draft.stem,
        "body": draft.body,
        "key": draft.key,
        "explanation": draft.explanation,
        "whys": draft.whys,
        "legal_basis": draft.legal_basis,
        "valid_from": draft.valid_from or ALWAYS,
        "valid_to": draft.valid_to or FOREVER,
        "competency": draft.competency,
        "framework": draft.framework,
        "course": draft.course,
        "lesson": draft.lesson,
        "content_hash": content_hash,
        "search_text": fold(f"{draft.code} {draft.topic} {draft.stem}"),
    }


def _note(text: str | None) -> str | None:
    return clean(text or "")[:1000] or None
