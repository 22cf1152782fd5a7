"""Numbers as people type them, and when one is near enough."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from lms.kit.errors import N_
from lms.kit.formats import number
from quizzes.kinds.base import Problem

LONGEST = 40
_THOUSANDS = re.compile(r"-?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]+)?")
_PLAIN = re.compile(r"-?[0-9]+([.,][0-9]+)?")


def typed_number(text: str) -> Decimal | None:
    """`1.985` is one thousand nine hundred and eighty-five, `12,5` and `12.5` are twelve and a half; None: not a number.

    A point before exactly three digits divides thousands, as in Vietnamese writing; elsewhere it is taken for a decimal sign.
    """
    plain = re.sub(r"\s", "", text).replace("\u2212", "-").removeprefix("+")
    if len(plain) > LONGEST:
        return None
    if _THOUSANDS.fullmatch(plain):
        return Decimal(plain.replace(".", "").replace(",", "."))
    if _PLAIN.fullmatch(plain):
        return Decimal(plain.replace(",", "."))
    return None


def exact(text: str) -> Decimal | None:
    """A number of an item's own body or key, written with a decimal point; None: not one."""
    try:
        value = Decimal(text)
    except (InvalidOperation, TypeError, ValueError):
        return None
    return value if value.is_finite() else None


def tolerance(spec: Mapping[str, Any], key: Decimal) -> Decimal:
    """How far from the key is still right: `tolerance` as it is, or `tolerance_percent` of the key."""
    if "tolerance_percent" in spec:
        return abs(key) * Decimal(str(spec["tolerance_percent"])) / 100
    return Decimal(str(spec.get("tolerance", 0)))


def number_problems(spec: Mapping[str, Any], key: str) -> list[Problem]:
    """What makes a numeric part unusable."""
    found = []
    if exact(key) is None:
        found.append(Problem(N_("đáp án “%(key)s” không phải là số (viết dấu chấm thập phân, ví dụ 12.5)"), {"key": key[:40]}))
    for name in ("tolerance", "tolerance_percent"):
        if name in spec and ((value := exact(str(spec[name]))) is None or value < 0):
            found.append(Problem(N_("sai số “%(name)s” phải là số không âm"), {"name": name}))
    return found


def near(spec: Mapping[str, Any], key: str, value: Decimal | None) -> bool:
    right = exact(key)
    return right is not None and value is not None and abs(value - right) <= tolerance(spec, right)


def bounds(spec: Mapping[str, Any], key: str) -> tuple[str, str]:
    """The least and the greatest right number, for xAPI's `min[:]max`."""
    right = Decimal(key)
    margin = tolerance(spec, right)
    return f"{(right - margin).normalize():f}", f"{(right + margin).normalize():f}"


def written(spec: Mapping[str, Any], key: str) -> str:
    """The right number, or the span of right ones, as it is written in Vietnamese: `12,5` or `12 – 13`."""
    least, most = bounds(spec, key)
    return number(Decimal(key)) if least == most else f"{number(Decimal(least))} – {number(Decimal(most))}"
