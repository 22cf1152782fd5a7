"""The groups of staff are data: the province renames, adds, orders and retires them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, delete, func, insert, select, update
from sqlalchemy.orm import Session

from lms.accounts.models import PositionGroup, Posting
from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.db import Base
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.following import followers_of
from lms.kit.vietnamese import clean

_CODE = re.compile(r"[A-Z][A-Z0-9]{0,9}")


def add_group(session: Session, actor: Actor, code: str, *, name_vi: str, name_en: str, at: datetime) -> str:
    """Add a group at the end of the list; its code. Raises DomainError for what cannot be a code or name, Conflict for one in use."""
    code = clean(code).upper()
    if not _CODE.fullmatch(code):
        raise DomainError(N_("Mã nhóm gồm 1 đến 10 chữ cái không dấu và số, bắt đầu bằng chữ, ví dụ N6"), code="group_code", field="code")
    names = _names(name_vi, name_en)
    if session.get(PositionGroup, code) is not None:
        raise Conflict(N_("Mã nhóm %(value)s đã có."), code="group_taken", field="code", value=code)
    last = session.scalar(select(func.max(PositionGroup.ordinal))) or 0
    session.execute(insert(PositionGroup).values(code=code, ordinal=last + 1, **names))
    audit.record(session, actor, "accounts.add_group", code, at, before=None, after=names)
    return code


def rename_group(session: Session, actor: Actor, code: str, *, name_vi: str, name_en: str, at: datetime) -> None:
    """Raises NotFound, DomainError."""
    group = _group(session, code)
    before, after = {"name_vi": group.name_vi, "name_en": group.name_en}, _names(name_vi, name_en)
    if before != after:
        session.execute(update(PositionGroup).where(PositionGroup.code == code).values(**after))
        audit.record(session, actor, "accounts.rename_group", code, at, before=before, after=after)


def move_group(session: Session, actor: Actor, code: str, *, up: bool, at: datetime) -> None:
    """Swap a group with its neighbour in the order of the list; at the edge nothing happens. Raises NotFound."""
    _group(session, code)
    order = list(session.scalars(select(PositionGroup.code).order_by(PositionGroup.ordinal, PositionGroup.code).with_for_update()))
    place = order.index(code)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(order):
        return
    before = list(order)
    order[place], order[other] = order[other], order[place]
    _write_order(session, order)
    audit.record(session, actor, "accounts.move_group", code, at, before=before, after=order)


def retire_group(session: Session, actor: Actor, code: str, at: datetime) -> None:
    """Offer a group for new posts no more; who is in it stays in it. Raises NotFound; Conflict for the last one."""
    group = _group(session, code)
    if group.retired_at is not None:
        return
    _refuse_last(session, group)
    session.execute(update(PositionGroup).where(PositionGroup.code == code).values(retired_at=at))
    audit.record(session, actor, "accounts.retire_group", code, at, before={"in_use": True}, after={"in_use": False})


def restore_group(session: Session, actor: Actor, code: str, at: datetime) -> None:
    """Offer a retired group again. Raises NotFound."""
    if _group(session, code).retired_at is not None:
        session.execute(update(PositionGroup).where(PositionGroup.code == code).values(retired_at=None))
        audit.record(session, actor, "accounts.restore_group", code, at, before={"in_use": False}, after={"in_use": True})


def delete_group(session: Session, actor: Actor, code: str, at: datetime) -> None:
    """Remove a group nobody was ever in. Raises NotFound; Conflict where a post, past ones included, is in it, or anything else names it,
    in whatever package; and for the last group still in use."""
    group = _group(session, code)
    used = session.scalar(select(func.count()).select_from(Posting).where(Posting.group_code == code))
    if used:
        raise Conflict(
            N_("Nhóm %(group)s đã có %(count)s vị trí công tác nên không xóa được; có thể ngừng dùng nhóm này."),
            code="group_used",
            group=code,
            count=used,
        )
    _refuse_last(session, group)
    if any(session.scalar(select(column).where(column == code).limit(1)) is not None for column in _references()):
        raise Conflict(
            N_("Nhóm %(group)s đã có trong danh sách thuộc diện hoặc kết quả các quý nên không xóa được; có thể ngừng dùng nhóm này."),
            code="group_counted",
            group=code,
        )
    for use in (use for user in followers_of(session).groups for use in user.uses(session, code) if use.count):
        raise Conflict(use.text, code="group_named", group=code, count=use.count, **use.values)
    session.execute(delete(PositionGroup).where(PositionGroup.code == code))
    audit.record(session, actor, "accounts.delete_group", code, at, before={"name_vi": group.name_vi, "name_en": group.name_en}, after=None)


def _refuse_last(session: Session, group: PositionGroup) -> None:
    in_use = select(PositionGroup.code).where(PositionGroup.retired_at.is_(None)).with_for_update()
    if session.scalars(in_use).all() == [group.code]:
        raise Conflict(N_("Đây là nhóm cuối cùng còn dùng; phải còn ít nhất một nhóm."), code="last_group")


def _references() -> list[Column[Any]]:
    """Columns of all packages that point to a group."""
    return [
        column
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table is PositionGroup.__table__ for key in column.foreign_keys)
    ]


def _group(session: Session, code: str) -> PositionGroup:
    group = session.get(PositionGroup, code, with_for_update=True)
    if group is None:
        raise NotFound
    return group


def _names(name_vi: str, name_en: str) -> dict[str, str]:
    names = {"name_vi": clean(name_vi), "name_en": clean(name_en) or clean(name_vi)}
    if not names["name_vi"]:
        raise DomainError(N_("Chưa nhập tên nhóm"), code="group_name", field="name_vi")
    return names


def _write_order(session: Session, order: Sequence[str]) -> None:
    for ordinal, code in enumerate(order, start=1):
        session.execute(update(PositionGroup).where(PositionGroup.code == code).values(ordinal=ordinal))
