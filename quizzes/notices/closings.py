"""The department is told that a round is closed: its results wait to be locked and frozen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.accounts.models import RoleGrant
from lms.accounts.queries.roles import effective
from lms.kit.actors import Role
from lms.kit.clock import local_date
from lms.kit.errors import N_
from lms.kit.notices import Notice
from quizzes.models import Round
from quizzes.rules.rounds import Purpose, RoundState

LOOK_BACK = timedelta(days=7)  # what could not be told for a week is no news; the page says it


def closings(session: Session, at: datetime, zone: ZoneInfo) -> Iterator[Notice]:
    """To each of the department, once a round."""
    rounds = session.execute(
        select(Round.id, Round.code, Round.title).where(
            Round.state == RoundState.CLOSED, Round.purpose == Purpose.QUARTERLY, Round.closed_at > at - LOOK_BACK, Round.closed_at <= at
        )
    ).all()
    if not rounds:
        return
    holds = RoleGrant.role == Role.DEPARTMENT.value, RoleGrant.agency_id.is_(None), effective(local_date(at, zone))
    people = session.scalars(select(RoleGrant.person_id).where(*holds).distinct().order_by(RoleGrant.person_id)).all()
    text = N_("%(title)s đã đóng. Trả lời phúc khảo, khóa kết quả, rồi chốt số liệu.")
    for round_id, code, title in rounds:
        for person in people:
            yield Notice(person, f"closed:{round_id}", text, f"/manage/rounds/{code}/", {"title": title}, order=17)
