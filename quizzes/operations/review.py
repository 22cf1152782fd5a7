"""The way of a version from its author's desk into the bank, and out of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import AccessDenied, Actor, NotFound
from lms.kit.errors import N_, Conflict, DomainError
from quizzes.models import Item, ItemReview, ItemVersion
from quizzes.operations.bank import InvalidItemError
from quizzes.operations.duplicates import drop_sketches
from quizzes.queries.items import draft_of_version
from quizzes.rules.bank import ItemState, stored_text
from quizzes.rules.review import LEADS_TO, LONGEST_REMARK, ReviewAction, may_review, writes


def submit_for_review(session: Session, actor: Actor, code: str, number: int, at: datetime) -> None:
    """Hand a draft in. Only its author or the item's owner may; it must be sound (`ItemDraft.problems`, InvalidItemError)."""
    item, version = _version(session, code, number, ItemState.DRAFT)
    if not writes(actor.person_id, version.author_id, item.owner_id):
        raise AccessDenied
    if problems := draft_of_version(item, version).problems():
        raise InvalidItemError(problems)
    version.submitted_at = at
    _step(session, actor, (item, version), ReviewAction.SUBMITTED, at)


def withdraw_from_review(session: Session, actor: Actor, code: str, number: int, at: datetime) -> None:
    """Take a version back that nobody has decided on: it is a draft again."""
    item, version = _version(session, code, number, ItemState.IN_REVIEW)
    if not writes(actor.person_id, version.author_id, item.owner_id):
        raise AccessDenied
    _step(session, actor, (item, version), ReviewAction.WITHDRAWN, at)


def send_back(session: Session, actor: Actor, code: str, number: int, at: datetime, *, remarks: str) -> None:
    """Return a version to its author, saying what is to be mended."""
    said = _remarks(remarks)
    if said is None:
        raise DomainError(N_("Ghi nhận xét để tác giả biết cần sửa gì."), code="remarks_needed", field="remarks")
    found = _version_to_review(session, actor, code, number)
    _step(session, actor, found, ReviewAction.SENT_BACK, at, remarks=said)


def approve(session: Session, actor: Actor, code: str, number: int, at: datetime, *, remarks: str = "") -> None:
    """Let a version into the bank: new papers use it from now on, and the version approved before is retired. Papers already
    assembled keep what they have."""
    item, version = _version_to_review(session, actor, code, number)
    replaced = session.scalars(
        select(ItemVersion).where(ItemVersion.item_id == item.id, ItemVersion.state == ItemState.APPROVED)
    ).one_or_none()
    if replaced is not None:
        replaced.state = ItemState.RETIRED
        session.flush()
        drop_sketches(session, [replaced.id])
    _step(session, actor, (item, version), ReviewAction.APPROVED, at, remarks=_remarks(remarks))


def discard_draft(session: Session, actor: Actor, code: str, number: int, at: datetime) -> None:
    """Give up a draft; its text stays for whoever looks at the item's history."""
    item, version = _version(session, code, number, ItemState.DRAFT)
    if not writes(actor.person_id, version.author_id, item.owner_id):
        raise AccessDenied
    drop_sketches(session, [version.id])
    _step(session, actor, (item, version), ReviewAction.DISCARDED, at)


def retire_item(session: Session, actor: Actor, code: str, at: datetime, *, reason: str) -> None:
    """Take an approved item out of use: no new paper has it; those assembled keep it."""
    said = _remarks(reason)
    if said is None:
        raise DomainError(N_("Ghi lý do ngừng dùng."), code="reason_needed", field="reason")
    item, version = _approved(session, code)
    drop_sketches(session, [version.id])
    _step(session, actor, (item, version), ReviewAction.RETIRED, at, remarks=said)


def _approved(session: Session, code: str) -> tuple[Item, ItemVersion]:
    number = session.scalar(select(ItemVersion.number).join(Item).where(Item.code == code, ItemVersion.state == ItemState.APPROVED))
    if number is None:
        raise Conflict(N_("Câu %(item)s không có phiên bản đang dùng."), code="not_approved", item=code)
    return _version(session, code, number, ItemState.APPROVED)


def _version(session: Session, code: str, number: int, state: ItemState) -> tuple[Item, ItemVersion]:
    """A version and its item, locked, if it is still in this state."""
    item = session.scalars(select(Item).where(Item.code == code).with_for_update()).one_or_none()
    if item is None:
        raise NotFound
    version = session.scalars(
        select(ItemVersion).where(ItemVersion.item_id == item.id, ItemVersion.number == number).execution_options(populate_existing=True)
    ).one_or_none()
    if version is None:
        raise NotFound
    if version.state != state:
        raise Conflict(
            N_("Phiên bản này đã sang trạng thái khác trong lúc ông/bà xem. Tải lại trang để thấy trạng thái mới."), code="state_changed"
        )
    return item, version


def _version_to_review(session: Session, actor: Actor, code: str, number: int) -> tuple[Item, ItemVersion]:
    item, version = _version(session, code, number, ItemState.IN_REVIEW)
    if not may_review(actor.person_id, version.author_id, item.owner_id):
        raise Conflict(N_("Người soạn hoặc phụ trách câu hỏi không tự thẩm định. Cần một người khác."), code="own_item")
    return item, version


def _step(
    session: Session, actor: Actor, found: tuple[Item, ItemVersion], action: ReviewAction, at: datetime, *, remarks: str | None = None
) -> None:
    item, version = found
    before, version.state = version.state, LEADS_TO[action]
    session.add(ItemReview(item_version_id=version.id, action=action, by_id=actor.person_id, remarks=remarks, at=at))
    session.flush()
    said = {"remarks": remarks} if remarks else {}
    audit.record(
        session, actor, f"quizzes.item_{action}", item.code, at, number=version.number, before=before, after=str(version.state), **said
    )


def _remarks(text: str) -> str | None:
    said = stored_text(text).strip()
    if len(said) > LONGEST_REMARK:
        raise DomainError(N_("Nhận xét tối đa %(most)s ký tự."), code="remarks_too_long", field="remarks", most=LONGEST_REMARK)
    return said or None
