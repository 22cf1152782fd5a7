"""Codes of supervised rooms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from lms.kit.errors import N_, DomainError

CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # read from a board at the other end of a room: no 0 O, 1 I L
CODE_LENGTH = 6
CODE_HOURS = 3
TRIES = 8
TRY_WINDOW = timedelta(minutes=10)
SILENT_AFTER = timedelta(minutes=1)


class WrongCode(DomainError):  # noqa: N818 - a refusal
    """No room has this code now; `asked`: none was given yet."""

    def __init__(self, *, asked: bool) -> None:
        message = (
            N_("Đợt này thi tại phòng có giám thị. Nhập mã phòng thi do giám thị cung cấp.")
            if asked
            else N_("Mã phòng thi không đúng hoặc đã hết hạn. Xem lại mã trên bảng.")
        )
        super().__init__(message, code="code_asked" if asked else "wrong_code", field="code")
        self.asked = asked


def new_code(below: Callable[[int], int]) -> str:
    """`below(n)`: a random number under n. 30⁶ codes: with eight tries in ten minutes guessing one takes decades."""
    return "".join(CODE_LETTERS[below(len(CODE_LETTERS))] for _ in range(CODE_LENGTH))


def readable_code(typed: str) -> str:
    """What was meant: capitals, without spaces and dashes."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())[:20]


def is_silent(last_seen: datetime, at: datetime) -> bool:
    """Has nothing been heard of a device for so long that the invigilator should look?"""
    return at - last_seen > SILENT_AFTER
