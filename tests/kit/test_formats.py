from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.kit.formats import number, percent, share


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(2061, 2392, "86,2%"), (844, 947, "89,1%"), (776, 836, "92,8%"), (441, 609, "72,4%"), (19, 25, "76%"), (7, 8, "87,5%"), (0, 0, "—")],
)
def test_shares_are_written_as_on_the_provinces_plans(part: int, whole: int, text: str) -> None:
    assert share(part, whole) == text


def test_thousands_have_a_dot_and_decimals_a_comma() -> None:
    assert number(1985) == "1.985"
    assert number(Decimal("1234.50")) == "1.234,5"
    assert number(1985, "en") == "1,985"


def test_halves_are_rounded_up() -> None:
    assert percent(1, 2000) == Decimal("0.1")
    assert number(Decimal("0.25"), places=1) == "0,3"


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_part_is_never_more_than_its_whole(part: int, whole: int) -> None:
    value = percent(min(part, whole), whole)
    assert value is not None
    assert 0 <= value <= 100
