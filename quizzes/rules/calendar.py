"""The year of tests: phases of a round, the usual dates of a quarter, copying to another quarter, and what speaks against a date. Pure.

Days are the province's; moments are aware and are looked at in its zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from lms.kit.clock import Quarter, local_date
from lms.kit.errors import N_
from lms.kit.working_days import is_working_day, working_days_after
from quizzes.rules.checklist import Finding, Weight
from quizzes.rules.windows import Span

NOTICE_DAYS = 7
OFFICE_OPENS = time(7, 30)
OFFICE_CLOSES = time(17, 0)


class Phase(StrEnum):
    PREPARE = "prepare"
    PRACTICE = "practice"
    SIT = "sit"
    MAKE_UP = "make_up"
    APPEAL = "appeal"
    LOCK = "lock"
    PUBLISH = "publish"


PHASE_NAMES = {
    Phase.PREPARE: N_("Chuẩn bị"),
    Phase.PRACTICE: N_("Thi thử"),
    Phase.SIT: N_("Làm bài"),
    Phase.MAKE_UP: N_("Kiểm tra bổ sung"),
    Phase.APPEAL: N_("Phúc khảo"),
    Phase.LOCK: N_("Khóa kết quả"),
    Phase.PUBLISH: N_("Công bố"),
}


@dataclass(frozen=True, slots=True)
class PlannedDates:
    """When what happens in a round; None: not planned. `practice_from` and `notice_on` end where the window begins."""

    cutoff_day: date
    opens_at: datetime
    closes_at: datetime
    notice_on: date | None = None
    practice_from: date | None = None
    make_ups: tuple[Span, ...] = ()
    appeals_from: datetime | None = None
    appeals_until: datetime | None = None
    locks_at: datetime | None = None
    publishes_on: date | None = None


@dataclass(frozen=True, slots=True)
class PhaseSpan:
    """A phase with its first and last day; both None: not planned."""

    phase: Phase
    first: date | None
    last: date | None

    @property
    def planned(self) -> bool:
        return self.first is not None


def phases(dates: PlannedDates, zone: ZoneInfo) -> list[PhaseSpan]:
    """All phases in order, planned or not."""

    def day(moment: datetime | None) -> date | None:
        return None if moment is None else local_date(moment, zone)

    def last(moment: datetime | None) -> date | None:
        return None if moment is None else local_date(moment - timedelta(microseconds=1), zone)

    opens = local_date(dates.opens_at, zone)
    before = opens - timedelta(days=1)
    begins = min(one for one in (dates.notice_on, dates.cutoff_day, before) if one is not None)
    make_ups = sorted(dates.make_ups, key=lambda span: span.opens_at)
    return [
        PhaseSpan(Phase.PREPARE, begins, max(before, begins)),
        PhaseSpan(Phase.PRACTICE, dates.practice_from, before if dates.practice_from else None),
        PhaseSpan(Phase.SIT, opens, last(dates.closes_at)),
        PhaseSpan(
            Phase.MAKE_UP,
            day(make_ups[0].opens_at) if make_ups else None,
            last(max(span.closes_at for span in make_ups)) if make_ups else None,
        ),
        PhaseSpan(Phase.APPEAL, day(dates.appeals_from), last(dates.appeals_until)),
        PhaseSpan(Phase.LOCK, day(dates.locks_at), day(dates.locks_at)),
        PhaseSpan(Phase.PUBLISH, dates.publishes_on, dates.publishes_on),
    ]


def usual_dates(quarter: Quarter, zone: ZoneInfo) -> PlannedDates:
    """The dates a quarterly test begins with until somebody chooses others: ten working days from the 10th of the quarter's last month, the
    list counted ten working days before, five working days to appeal, then locked and published."""
    first = _working(date(quarter.year, 3 * quarter.number, 10))
    last = working_days_after(first, 9)
    appeals = working_days_after(last, 5)
    locks = working_days_after(appeals, 3)
    return PlannedDates(
        cutoff_day=_before(first, 10),
        opens_at=datetime.combine(first, OFFICE_OPENS, zone),
        closes_at=datetime.combine(last, OFFICE_CLOSES, zone),
        notice_on=_before(first, 10),
        practice_from=_before(first, 5),
        appeals_from=datetime.combine(working_days_after(last, 1), OFFICE_OPENS, zone),
        appeals_until=datetime.combine(appeals, OFFICE_CLOSES, zone),
        locks_at=datetime.combine(locks, OFFICE_CLOSES, zone),
        publishes_on=working_days_after(locks, 1),
    )


def moved(dates: PlannedDates, source: Quarter, target: Quarter, zone: ZoneInfo) -> PlannedDates:
    """The same dates in another quarter: as many days after its first day, put off to the next working day, at the same hour."""
    days = (target.first_day - source.first_day).days

    def day(one: date | None) -> date | None:
        return None if one is None else _working(one + timedelta(days=days))

    def moment(one: datetime | None) -> datetime | None:
        if one is None:
            return None
        local = one.astimezone(zone)
        return datetime.combine(_working(local.date() + timedelta(days=days)), local.time(), zone)

    def span(one: Span) -> Span:
        return _whole(moment(one.opens_at), moment(one.closes_at), one)

    window = span(Span(dates.opens_at, dates.closes_at))
    return replace(
        dates,
        cutoff_day=day(dates.cutoff_day) or dates.cutoff_day,
        opens_at=window.opens_at,
        closes_at=window.closes_at,
        notice_on=day(dates.notice_on),
        practice_from=day(dates.practice_from),
        make_ups=tuple(span(one) for one in dates.make_ups),
        appeals_from=moment(dates.appeals_from),
        appeals_until=moment(dates.appeals_until),
        locks_at=moment(dates.locks_at),
        publishes_on=day(dates.publishes_on),
    )


def _whole(opens: datetime | None, closes: datetime | None, one: Span) -> Span:
    """Two days put off to the same working day must not change places: the length is kept."""
    assert opens is not None and closes is not None  # noqa: PT018 - made from moments
    return Span(opens, closes if closes > opens else opens + (one.closes_at - one.opens_at))


def _working(day: date) -> date:
    return day if is_working_day(day) else working_days_after(day, 1)


def _before(day: date, count: int) -> date:
    while count > 0:
        day -= timedelta(days=1)
        count -= is_working_day(day)
    return day


@dataclass(frozen=True, slots=True)
class OtherRound:
    """Another test of the same people that could lie in the way."""

    title: str
    span: Span


def date_findings(dates: PlannedDates, others: Iterable[OtherRound], zone: ZoneInfo, *, counts: bool) -> list[Finding]:
    """What speaks against the dates. `counts`: it is a test that counts; practice needs no notice and no working days."""
    found: list[Finding] = []
    window = Span(dates.opens_at, dates.closes_at)
    opens, closes = local_date(dates.opens_at, zone), local_date(dates.closes_at - timedelta(microseconds=1), zone)
    if counts:
        found += _working_day_findings(opens, closes, dates.make_ups, zone)
        found += _notice_findings(dates, opens)
        found += [
            Finding(Weight.WARNING, N_("Trùng thời gian với “%(title)s”."), "windows", {"title": other.title})
            for other in others
            if other.span.overlaps(window)
        ]
    if dates.cutoff_day > opens:
        found.append(Finding(Weight.ERROR, N_("Ngày chốt danh sách phải không muộn hơn ngày mở."), "windows"))
    found += _order_findings(dates, zone)
    return found


def _working_day_findings(opens: date, closes: date, make_ups: Sequence[Span], zone: ZoneInfo) -> Iterable[Finding]:
    for text, day in (
        (N_("Ngày mở %(day)s không phải ngày làm việc."), opens),
        (N_("Ngày đóng %(day)s không phải ngày làm việc."), closes),
    ):
        if not is_working_day(day):
            yield Finding(Weight.WARNING, text, "windows", {"day": day})
    days = [opens + timedelta(days=number) for number in range(min((closes - opens).days, 366) + 1)]
    if not any(is_working_day(day) for day in days):
        yield Finding(Weight.ERROR, N_("Cả thời gian mở rơi vào ngày nghỉ."), "windows")
    off = [day for day in days if day.weekday() < 5 and not is_working_day(day)]
    if off:
        yield Finding(
            Weight.WARNING,
            N_("Trong thời gian mở có %(count)s ngày nghỉ lễ, Tết (từ %(first)s đến %(last)s)."),
            "windows",
            {"count": len(off), "first": off[0], "last": off[-1]},
        )
    for span in make_ups:
        if not is_working_day(local_date(span.opens_at, zone)):
            text = N_("Ngày mở kiểm tra bổ sung %(day)s không phải ngày làm việc.")
            yield Finding(Weight.WARNING, text, "windows", {"day": local_date(span.opens_at, zone)})


def _notice_findings(dates: PlannedDates, opens: date) -> Iterable[Finding]:
    if dates.notice_on is None:
        yield Finding(Weight.WARNING, N_("Chưa ghi ngày thông báo kỳ kiểm tra."), "windows")
        return
    days = (opens - dates.notice_on).days
    if days < NOTICE_DAYS:
        text = N_("Thông báo trước %(days)s ngày, cần ít nhất %(least)s ngày.")
        yield Finding(Weight.ERROR, text, "windows", {"days": max(days, 0), "least": NOTICE_DAYS})


def _order_findings(dates: PlannedDates, zone: ZoneInfo) -> Iterable[Finding]:
    ends = max([dates.closes_at, *(span.closes_at for span in dates.make_ups)])
    if dates.appeals_from is not None and dates.appeals_from < dates.closes_at:
        yield Finding(Weight.ERROR, N_("Phúc khảo bắt đầu trước khi kỳ kiểm tra đóng."), "windows")
    last = max(ends, dates.appeals_until or ends)
    if dates.locks_at is not None and dates.locks_at < last:
        yield Finding(Weight.ERROR, N_("Khóa kết quả trước khi hết kiểm tra bổ sung hoặc hết phúc khảo."), "windows")
    if dates.publishes_on is not None and dates.publishes_on < local_date(dates.locks_at or last, zone):
        yield Finding(Weight.ERROR, N_("Ngày công bố trước ngày khóa kết quả."), "windows")
