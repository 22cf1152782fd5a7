"""Figures in Vietnamese sentences, as official papers write them: 1.985 người, 86,2%, ngày 05 tháng 8 năm 2026. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from lms.kit.formats import number, share

NOTHING = "—"
PROVINCE_TIME = ZoneInfo("Asia/Ho_Chi_Minh")


def people(count: int) -> str:
    return f"{number(count)} người"


def of_people(part: int, whole: int) -> str:
    """2.061/2.392 người (86,2%); without the share where there is nobody."""
    counts = f"{number(part)}/{number(whole)} người"
    return f"{counts} ({share(part, whole)})" if whole else counts


def long_date(day: date) -> str:
    """ngày 05 tháng 8 năm 2026: days under 10 and the months 1 and 2 are padded, as Decree 30/2020 writes them."""
    month = f"{day.month:02}" if day.month < 3 else str(day.month)
    return f"ngày {day.day:02} tháng {month} năm {day.year}"


def long_moment(moment: datetime) -> str:
    local = moment.astimezone(PROVINCE_TIME)
    return f"{local:%H} giờ {local:%M} phút, {long_date(local.date())}"


def points(hundredths: int) -> str:
    """+2,5 or −1; hundredths of a percentage point rounded to tenths."""
    value = (Decimal(hundredths) / 100).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return ("−" if value < 0 else "+" if value > 0 else "") + number(abs(value))


def change(hundredths: int) -> str:
    """tăng 2,5 điểm phần trăm, giảm …, không đổi."""
    value = (Decimal(abs(hundredths)) / 100).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    if value == 0:
        return "không đổi"
    return f"{'tăng' if hundredths > 0 else 'giảm'} {number(value)} điểm phần trăm"


def listed(parts: Iterable[str]) -> str:
    """a; b; c"""
    return "; ".join(parts)


def rate_hundredths(part: int, whole: int) -> int | None:
    """A share in hundredths of a per cent, rounded half up; None where there is nothing to divide by."""
    if whole == 0:
        return None
    return int((Decimal(part) * 10_000 / whole).quantize(Decimal(1), rounding=ROUND_HALF_UP))
