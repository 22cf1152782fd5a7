"""Passwords: what is accepted, and how they are hashed and compared."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from lms.accounts.rules.common_passwords import is_common
from lms.accounts.rules.policy import PasswordRules
from lms.kit.errors import N_, DomainError
from lms.kit.vietnamese import fold

MAXIMUM_LENGTH = 128
ALL_CLASSES = 4

# OWASP's profile: 19 MiB, two passes, one lane: 20 ms of one core.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
# A morning when everybody signs in must not take all memory: so many hashes at once, the others wait their turn.
_turns = threading.BoundedSemaphore((os.cpu_count() or 1) * 2)
# Compared with where there is no such person or no password yet, so that the answer takes as long as for a wrong password.
_NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$26EU/fyxbs1Gz+cOMbWyYw$kmJqTbrkTkN7IFC4HylFRMDP8JJcafAjHUKyyDLEy2E"


def hash_password(password: str) -> str:
    with _turns:
        return _hasher.hash(password)


def password_matches(stored: str | None, password: str) -> bool:
    """Compare, in the same time whether or not there is something to compare with."""
    with _turns:
        try:
            return _hasher.verify(stored or _NOBODYS_HASH, password[:MAXIMUM_LENGTH]) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def check_new_password(password: str, rules: PasswordRules, *, login_name: str, full_name: str) -> None:
    """Raise DomainError saying what to change about a password a person chose."""
    if len(password) < rules.length:
        raise DomainError(N_("Mật khẩu cần ít nhất %(count)s ký tự."), code="password_short", field="password", count=rules.length)
    if len(password) > MAXIMUM_LENGTH:
        raise DomainError(N_("Mật khẩu dài nhất %(count)s ký tự."), code="password_long", field="password", count=MAXIMUM_LENGTH)
    if classes_of(password) < rules.classes:
        raise DomainError(
            N_("Mật khẩu cần có đủ %(count)s loại: chữ thường, chữ hoa, chữ số, ký tự khác.")
            if rules.classes == ALL_CLASSES
            else N_("Mật khẩu cần có ít nhất %(count)s loại trong bốn loại: chữ thường, chữ hoa, chữ số, ký tự khác."),
            code="password_plain",
            field="password",
            count=rules.classes,
        )
    plain = fold(password).replace(" ", "")
    if len(set(plain)) < 4 or is_common(plain):
        raise DomainError(
            N_("Mật khẩu này quá dễ đoán. Chọn một câu ngắn dễ nhớ với riêng mình."), code="password_common", field="password"
        )
    if plain in (fold(login_name), fold(full_name).replace(" ", "")):
        raise DomainError(N_("Mật khẩu không được trùng tên đăng nhập hoặc họ tên."), code="password_is_name", field="password")


def classes_of(password: str) -> int:
    """How many of the four kinds of characters are in it; a space is an other one."""
    kinds = (str.islower, str.isupper, str.isdecimal, lambda char: not char.isalnum())
    return sum(any(kind(char) for char in password) for kind in kinds)


def refuse_reused(password: str, hashes: Iterable[str]) -> None:
    """Raise DomainError for one of the passwords these hashes were made of. Slow: each is compared as at sign-in."""
    if any(password_matches(stored, password) for stored in hashes):
        raise DomainError(
            N_("Mật khẩu này đã dùng trước đây. Chọn mật khẩu khác các mật khẩu gần nhất."), code="password_reused", field="password"
        )
