"""Writing down targets, and cross-tabs under a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import AccessDenied, Actor, NotFound
from lms.kit.errors import N_, DomainError
from lms.reports.models import CrossTabView, Target
from lms.reports.rules.targets import Indicator

MOST_VIEWS = 100


@dataclass(frozen=True, slots=True)
class NewTarget:
    """A target as its document sets it; `code` tells versions of one target from other targets."""

    code: str
    title: str
    document_number: str
    document_date: date | None
    document_issuer: str
    sentence: str
    is_verified: bool
    indicator: str
    population: Mapping[str, Any]
    wanted: int
    is_above: bool
    is_yearly: bool
    counted_from: date
    deadline: date
    baseline_part: int | None = None
    baseline_whole: int | None = None
    baseline_on: date | None = None


def set_target(session: Session, actor: Actor, new: NewTarget, at: datetime) -> UUID:
    """A new target, or a new version of the one of that code, which then stands no longer but stays readable. Where nothing differs,
    nothing is done. Raises DomainError for what cannot be."""
    _check(new)
    values = {**asdict(new), "population": dict(new.population)}
    standing = session.scalars(
        select(Target).where(Target.code == new.code, Target.superseded_at.is_(None)).with_for_update()
    ).one_or_none()
    before = None
    if standing is not None:
        before = {name: getattr(standing, name) for name in values}
        if before == values:
            return standing.id
        standing.superseded_at = at
        session.flush()
    version = standing.version + 1 if standing is not None else 1
    target = Target(**values, version=version, recorded_at=at, recorded_by=actor.person_id, superseded_at=None)
    session.add(target)
    session.flush()
    audit.record(session, actor, "reports.set_target", target.id, at, before=_told(before), after=_told(values))
    return target.id


def load_targets(session: Session, actor: Actor, pack: Iterable[NewTarget], at: datetime) -> int:
    """The targets of a pack. Returns how many."""
    return len([set_target(session, actor, new, at) for new in pack])


def save_view(session: Session, actor: Actor, name: str, arguments: Mapping[str, str], *, shares: bool, at: datetime) -> UUID:
    """Keep a cross-tab under a name; one of the same name of the same person is replaced. Raises DomainError."""
    if actor.person_id is None:
        raise AccessDenied
    if not name:
        raise DomainError(N_("Chưa nhập tên bảng thống kê."), code="name_missing", field="name")
    own = session.scalars(select(CrossTabView).where(CrossTabView.owner_id == actor.person_id)).all()
    view = next((one for one in own if one.name == name), None)
    if view is None:
        if len(own) >= MOST_VIEWS:
            raise DomainError(N_("Mỗi người lưu không quá %(most)s bảng thống kê."), code="too_many", most=MOST_VIEWS)
        view = CrossTabView(owner_id=actor.person_id, name=name)
        session.add(view)
    view.arguments, view.is_shared, view.saved_at = dict(arguments), shares, at
    session.flush()
    audit.record(session, actor, "reports.save_view", view.id, at, name=name, shared=shares)
    return view.id


def drop_view(session: Session, actor: Actor, view_id: UUID, at: datetime) -> None:
    """Forget one of one's own. Raises NotFound."""
    view = session.get(CrossTabView, view_id)
    if view is None or view.owner_id != actor.person_id:
        raise NotFound
    audit.record(session, actor, "reports.drop_view", view.id, at, name=view.name)
    session.delete(view)


def _check(new: NewTarget) -> None:
    if new.indicator not in {indicator.value for indicator in Indicator}:
        raise DomainError(N_("Không có chỉ số này."), code="indicator", field="indicator")
    if not 0 < new.wanted <= 10_000:
        raise DomainError(N_("Mức phải đạt là số lớn hơn 0, không quá 100%%."), code="wanted", field="wanted")
    if new.is_above and new.wanted == 10_000:
        raise DomainError(N_("Không thể đòi hỏi trên 100%%."), code="wanted", field="wanted")
    if new.counted_from > new.deadline:
        raise DomainError(N_("Thời hạn phải từ ngày bắt đầu tính trở đi."), code="span", field="deadline")
    part, whole = new.baseline_part, new.baseline_whole
    if (part is None) != (whole is None) or (part is not None and whole is not None and not 0 <= part <= whole):
        raise DomainError(N_("Số liệu ban đầu gồm hai số, số đạt không lớn hơn tổng số."), code="baseline", field="baseline_part")


def _told(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
