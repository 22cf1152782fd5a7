"""The same change to many items: planned first, carried out as it was shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.orm import Session, aliased

from lms.accounts.models import Person
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from quizzes.models import Item, ItemReview, ItemTag, ItemVersion
from quizzes.operations.duplicates import drop_sketches
from quizzes.queries.bank import tags_of
from quizzes.rules.bank import IN_WORK, ItemPurpose, ItemState, stored_text, tidy_tag
from quizzes.rules.bulk import MOST_AT_ONCE, BulkAction, BulkChange, BulkLine, BulkPlan
from quizzes.rules.review import LONGEST_REMARK, ReviewAction

AT_ONCE = 500


def plan_bulk(session: Session, codes: Collection[str], wanted: BulkChange) -> BulkPlan:
    """What a change would do to the items of these codes; unknown codes are left out. Only reads. Raises DomainError for a value
    that means nothing."""
    if not codes:
        raise DomainError(N_("Chưa chọn câu hỏi nào. Đánh dấu các câu cần đổi rồi thực hiện lại."), code="nothing_chosen")
    if len(codes) > MOST_AT_ONCE:
        raise DomainError(N_("Mỗi lần đổi tối đa %(most)s câu. Lọc hẹp hơn rồi thực hiện lại."), code="too_many", most=MOST_AT_ONCE)
    action, value = wanted.action, _meant(session, wanted)
    rows = _items(session, sorted(set(codes)))
    tags = tags_of(session, [row.id for row in rows]) if action in (BulkAction.TAG, BulkAction.UNTAG) else {}
    lines, refused = [], []
    for row in rows:
        # Whether an item in work has this owner already would tell a reviewer whose it is.
        if (action == BulkAction.RETIRE and row.version_id is None) or (action == BulkAction.OWNER and row.in_work):
            refused.append(row.code)
            continue
        before, after = _change(action, value, row.purpose, row.owner_id, tags.get(row.id, ()))
        if before != after:
            lines.append(BulkLine(row.id, row.version_id, row.code, row.stem or "", before, after))
    return BulkPlan(BulkChange(action, value), tuple(lines), len(rows) - len(lines) - len(refused), tuple(refused))


def change_items(session: Session, actor: Actor, codes: Collection[str], wanted: BulkChange, at: datetime, *, mark: str) -> int:
    """Do what was planned; how many items changed. `mark` is the plan's as it was shown. Raises Conflict when it would do otherwise by
    now."""
    plan = plan_bulk(session, codes, wanted)
    if plan.mark != mark:
        raise Conflict(
            N_("Ngân hàng câu hỏi đã thay đổi từ lúc xem trước. Chưa ghi gì. Xem lại rồi xác nhận lần nữa."), code="changed_since_preview"
        )
    for start in range(0, len(plan.lines), AT_ONCE):
        _carry_out(session, actor, plan.change, plan.lines[start : start + AT_ONCE], at)
    for line in plan.lines:
        audit.record(session, actor, f"quizzes.bulk_{wanted.action}", line.code, at, before=line.before, after=line.after)
    return len(plan.lines)


def _carry_out(session: Session, actor: Actor, change: BulkChange, lines: Sequence[BulkLine], at: datetime) -> None:
    items = [line.item_id for line in lines]
    match change.action:
        case BulkAction.TAG:
            session.execute(insert(ItemTag), [{"item_id": item, "tag": change.value} for item in items])
        case BulkAction.UNTAG:
            session.execute(delete(ItemTag).where(ItemTag.tag == change.value, ItemTag.item_id.in_(items)))
        case BulkAction.PURPOSE:
            session.execute(update(Item).where(Item.id.in_(items)).values(purpose=change.value))
        case BulkAction.OWNER:
            session.execute(update(Item).where(Item.id.in_(items)).values(owner_id=UUID(change.value)))
        case BulkAction.RETIRE:
            versions = [line.version_id for line in lines if line.version_id is not None]
            session.execute(update(ItemVersion).where(ItemVersion.id.in_(versions)).values(state=ItemState.RETIRED))
            steps = {"action": ReviewAction.RETIRED, "by_id": actor.person_id, "remarks": change.value, "at": at}
            session.execute(insert(ItemReview), [{"id": uuid7(), "item_version_id": version, **steps} for version in versions])
            drop_sketches(session, versions)


def _items(session: Session, codes: Sequence[str]) -> list[Row[UUID, str, str, UUID | None, UUID, str, bool]]:
    """The items with their approved versions, in the order of their codes."""
    rows: list[Row[UUID, str, str, UUID | None, UUID, str, bool]] = []
    newest = aliased(ItemVersion)
    in_work = select(newest.id).where(newest.item_id == Item.id, newest.state.in_(IN_WORK)).exists()
    text = select(newest.stem).where(newest.item_id == Item.id).order_by(newest.number.desc()).limit(1).scalar_subquery()
    for start in range(0, len(codes), AT_ONCE):
        rows += session.execute(
            select(
                Item.id,
                Item.code,
                Item.purpose,
                Item.owner_id,
                ItemVersion.id.label("version_id"),
                text.label("stem"),
                in_work.label("in_work"),
            )
            .outerjoin(ItemVersion, (ItemVersion.item_id == Item.id) & (ItemVersion.state == ItemState.APPROVED))
            .where(Item.code.in_(codes[start : start + AT_ONCE]))
            .order_by(Item.code)
        ).all()
    return rows


def _change(action: BulkAction, value: str, purpose: str, owner: UUID | None, tags: Sequence[str]) -> tuple[str | None, str | None]:
    """What is so now and what will be; equal where nothing changes."""
    match action:
        case BulkAction.TAG | BulkAction.UNTAG:
            after = {*tags, value} if action == BulkAction.TAG else set(tags) - {value}
            return ", ".join(tags), ", ".join(sorted(after))
        case BulkAction.PURPOSE:
            return purpose, value
        case BulkAction.OWNER:
            return str(owner) if owner else None, value
        case BulkAction.RETIRE:
            return ItemState.APPROVED.value, ItemState.RETIRED.value


def _meant(session: Session, wanted: BulkChange) -> str:
    value = wanted.value
    match wanted.action:
        case BulkAction.TAG | BulkAction.UNTAG:
            if not (tag := tidy_tag(value)):
                raise DomainError(N_("Ghi một nhãn, ví dụ: an toàn thông tin."), code="tag_needed", field="value")
            return tag
        case BulkAction.PURPOSE:
            if value not in tuple(ItemPurpose):
                raise DomainError(N_("Chọn mục đích sử dụng."), code="purpose_needed", field="value")
            return value
        case BulkAction.OWNER:
            owner = as_uuid(value)
            if owner is None or session.get(Person, owner) is None:
                raise DomainError(N_("Chọn người phụ trách."), code="owner_needed", field="value")
            return str(owner)
        case BulkAction.RETIRE:
            reason = stored_text(value).strip()
            if not reason or len(reason) > LONGEST_REMARK:
                raise DomainError(
                    N_("Ghi lý do ngừng dùng, tối đa %(most)s ký tự."), code="reason_needed", field="value", most=LONGEST_REMARK
                )
            return reason


def as_uuid(text: str) -> UUID | None:
    """An identifier as a page or an address gives it."""
    try:
        return UUID(text)
    except ValueError:
        return None
