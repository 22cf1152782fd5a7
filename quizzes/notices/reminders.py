"""What people are told about tests, by letter: that a test waits for them, who of theirs has still to sit, that an item will soon hold
no longer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from lms.kit.clock import local_date
from lms.kit.errors import N_
from lms.kit.notices import Notice
from quizzes.queries.expiry import expiring_items
from quizzes.queries.reminders import OpenRound, ToSit, agencies_below, focal_points, people_to_sit, rounds_to_remind_of
from quizzes.rules.reminders import reminder_due

NAMES = 60  # in a list to a focal point; the page has them all


def reminders(session: Session, at: datetime, zone: ZoneInfo) -> Iterator[Notice]:
    """At 14, 7, 3 and 1 days before each person's own end: to those who have still to sit, and lists of them to their focal points."""
    today = local_date(at, zone)
    for round_ in rounds_to_remind_of(session):
        if at < round_.opens_at:
            continue
        due: dict[tuple[datetime, int], list[ToSit]] = defaultdict(list)
        for person in people_to_sit(session, round_, at):
            if days := reminder_due(local_date(person.until, zone), today):
                due[person.until, days].append(person)
        for (until, days), people in due.items():
            reminder = Reminder(round_, until.astimezone(zone), days, people)
            yield from _to_sit(reminder, (reminder.until.date() - today).days)
            yield from _lists(session, reminder, today)


@dataclass(frozen=True, slots=True)
class Reminder:
    """One reminder of one round to the people who may all begin until the same moment, given in the province's time."""

    round: OpenRound
    until: datetime
    days: int
    people: Sequence[ToSit]

    @property
    def key(self) -> str:
        return f"{self.round.code}:{self.until:%Y%m%d%H%M}:{self.days}"

    @property
    def words(self) -> dict[str, str]:
        return {"title": self.round.title, "time": f"{self.until:%H:%M}", "day": f"{self.until:%d/%m/%Y}"}


def _to_sit(reminder: Reminder, left: int) -> Iterator[Notice]:
    text = N_("%(title)s: còn %(days)s ngày. Làm bài trước %(time)s ngày %(day)s.")
    if left == 0:
        text = N_("%(title)s: hôm nay là ngày cuối. Làm bài trước %(time)s.")
    values = {**reminder.words, "days": left}
    for person in reminder.people:
        yield Notice(person.person_id, f"sit:{reminder.key}", text, f"/rounds/{reminder.round.code}/", values, order=10)


def _lists(session: Session, reminder: Reminder, today: date) -> Iterator[Notice]:
    below = agencies_below(session, today)
    for focal_point in focal_points(session, today):
        theirs = [one for one in reminder.people if focal_point.agency_id is None or one.agency_id in below[focal_point.agency_id]]
        if not theirs:
            continue
        lines = [f"{person.name} ({person.agency})" for person in theirs[:NAMES]]
        yield Notice(
            focal_point.person_id,
            f"list:{reminder.key}:{focal_point.agency_id}",
            N_("%(title)s: %(count)s người chưa làm bài, hạn %(time)s ngày %(day)s. Danh sách đầy đủ ở trang kết quả của cơ quan."),
            f"/reports/{reminder.round.code}/",
            {**reminder.words, "count": len(theirs)},
            lines=(*lines, "…") if len(theirs) > NAMES else tuple(lines),
            order=20,
        )


def expiring(session: Session, at: datetime, zone: ZoneInfo) -> Iterator[Notice]:
    """To the owner of an item, 60 days before it holds no longer, once."""
    for item in expiring_items(session, local_date(at, zone)):
        if item.owner_id is not None:
            yield Notice(
                item.owner_id,
                f"expiring:{item.code}:{item.valid_to:%Y%m%d}",
                N_("Câu hỏi %(code)s hết hiệu lực ngày %(day)s. Cập nhật căn cứ hoặc thay câu khác."),
                f"/manage/questions/{item.code}",
                {"code": item.code, "day": f"{item.valid_to:%d/%m/%Y}"},
                order=40,
            )
