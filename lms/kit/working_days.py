"""Working days of Vietnamese agencies: neither weekends nor public holidays.

Days off beyond those the law itself names are announced year by year (substitute days, the second day of the National Day, the
days around Tết). A day that is not in the list counts as a working day, so that an unlisted one makes an answer due earlier, never later.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# Bộ luật Lao động 45/2019/QH14, Điều 112: days of the solar calendar, every year.
FIXED_HOLIDAYS: frozenset[tuple[int, int]] = frozenset({(1, 1), (30, 4), (1, 5), (2, 9)})  # (day, month)

# The same article: Tết (five days, here the eve and the first four) and Giỗ Tổ (10/3 of the lunar calendar). 2026: as announced.
LUNAR_HOLIDAYS: frozenset[date] = frozenset(
    {
        *(date(2026, 2, day) for day in range(16, 21)),
        date(2026, 4, 27),  # Giỗ Tổ 26/4/2026 falls on a Sunday; Điều 111 moves it to the next working day
        *(date(2027, 2, day) for day in (5, 8, 9)),  # Tết 06/02/2027
        date(2027, 4, 16),
        *(date(2028, 1, day) for day in (25, 26, 27, 28)),  # Tết 26/01/2028
        date(2028, 4, 4),
    }
)

END_OF_DAY = time(17, 0)  # offices close


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and (day.day, day.month) not in FIXED_HOLIDAYS and day not in LUNAR_HOLIDAYS


def working_days_after(day: date, count: int) -> date:
    """The day on which `count` working days after `day` have passed; the day itself is not counted."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def due_at(made_at: datetime, count: int, zone: ZoneInfo) -> datetime:
    """The end of office hours of the last of `count` working days after the day on which something was asked."""
    last = working_days_after(made_at.astimezone(zone).date(), count)
    return datetime.combine(last, END_OF_DAY, zone)


def holidays_of(year: int) -> list[tuple[date, date]]:
    """Public holidays of a year as spans of days that follow one another; Tết is known for the years in the list above."""
    days = sorted({*(date(year, month, day) for day, month in FIXED_HOLIDAYS), *(day for day in LUNAR_HOLIDAYS if day.year == year)})
    spans: list[tuple[date, date]] = []
    for day in days:
        if spans and day - spans[-1][1] == timedelta(days=1):
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans
