"""Numbers, shares and dates as they are written in the reader's language."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo


def number(value: int | float | Decimal, locale: str = "vi", places: int | None = None) -> str:
    """1985 → 1.985 (vi) or 1,985 (en). `places` rounds half up and drops a trailing ,0."""
    amount = Decimal(str(value))
    if places is not None:
        amount = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    text = f"{amount:,f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if locale == "en" else text.translate(str.maketrans(",.", ".,"))


def percent(numerator: int, denominator: int) -> Decimal | None:
    """Share in per cent with one decimal, rounded half up; None where there is nothing to divide by."""
    if denominator == 0:
        return None
    return (Decimal(numerator) * 100 / Decimal(denominator)).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def share(numerator: int, denominator: int, locale: str = "vi") -> str:
    """(2061, 2392) → 86,2%; (19, 25) → 76%; — where the denominator is 0."""
    value = percent(numerator, denominator)
    return "—" if value is None else f"{number(value, locale)}%"


def short_date(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def short_datetime(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%d/%m/%Y %H:%M}"


def exact_datetime(moment: datetime, zone: ZoneInfo) -> str:
    """To the second, the time first: for receipts."""
    return f"{moment.astimezone(zone):%H:%M:%S %d/%m/%Y}"


def short_time(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M}"
