"""What the settings say about getting in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.accounts.rules import one_time_codes, passwords, policy
from lms.accounts.rules.common_passwords import is_common
from lms.accounts.rules.policy import PasswordRules
from lms.config import Settings
from lms.kit.actors import Grant, Role
from lms.kit.errors import DomainError
from lms.kit.vietnamese import fold

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SETTINGS = Settings(
    "production",
    "k" * 40,
    "sqlite://",
    Path("var"),
    "https://lms.example.vn",
    "Asia/Ho_Chi_Minh",
    "vi",
    None,
    None,
    require_second_factor=True,
)


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


@pytest.mark.parametrize(
    ("privileged", "second_factor", "alone_for", "expected"),
    [
        (False, False, "roles", PasswordRules(8, 1)),
        (True, True, "roles", PasswordRules(8, 1)),
        (True, False, "roles", PasswordRules(14, 4)),
        (False, False, "everyone", PasswordRules(14, 4)),
        (False, True, "everyone", PasswordRules(8, 1)),
    ],
)
def test_a_password_alone_must_be_longer(privileged: bool, second_factor: bool, alone_for: str, expected: PasswordRules) -> None:
    settings = replace(SETTINGS, password_alone_for=alone_for)  # type: ignore[arg-type]
    assert policy.password_rules(settings, privileged=privileged, second_factor=second_factor) == expected


@pytest.mark.parametrize(("password", "classes"), [("ruộng", 1), ("Ruộng", 2), ("Ruộng 8", 4), ("ĐƯỜNG", 1), ("12 34", 2), ("Đê8", 3)])
def test_kinds_of_characters_know_vietnamese(password: str, classes: int) -> None:
    assert passwords.classes_of(password) == classes


@pytest.mark.parametrize(
    "password",
    [
        "matkhau123",
        "Mật khẩu@2026",
        "P@ssw0rd!",
        "Hà Nội 2026",
        "thainguyen",
        "Ubndtinh1",
        "anhyeuem",
        "12345678",
        "87654321",
        "abcdefgh",
        "hanoihanoi",
        "123123123",
        "Admin@123",
        "chuyendoiso",
    ],
)
def test_what_everybody_guesses_first_is_refused(password: str) -> None:
    assert is_common(fold(password).replace(" ", ""))


@pytest.mark.parametrize(
    "password", ["ruộng bậc thang", "cầu Long Biên", "chè xanh Tân Cương ngon", "mười hai con giáp", "Trám đen Hà Châu"]
)
def test_a_short_sentence_of_ones_own_is_accepted(password: str) -> None:
    passwords.check_new_password(password, PasswordRules(8, 1), login_name="dung", full_name="Nông Văn Dũng")


def test_the_reason_names_length_and_kinds() -> None:
    for password, words in (("Ruộng 8!", "14 ký tự"), ("ruộng bậc thang xanh", "đủ 4 loại")):
        with pytest.raises(DomainError, match=words):
            passwords.check_new_password(password, PasswordRules(14, 4), login_name="dung", full_name="Nông Văn Dũng")


def test_a_session_on_a_shared_machine_ends_by_lying_idle_and_after_half_a_day() -> None:
    span = policy.session_span(SETTINGS, own_machine=False, at=AT)
    assert span == policy.Span(AT + timedelta(hours=12), AT + minutes(18), AT + minutes(6))
    own = policy.session_span(SETTINGS, own_machine=True, at=AT)
    assert own == policy.Span(AT + timedelta(days=14), None, AT + minutes(6))


def test_reading_something_else_does_not_bring_the_managing_pages_back() -> None:
    span = policy.session_span(SETTINGS, own_machine=False, at=AT)
    later = policy.seen_again(SETTINGS, span, AT + minutes(7))
    assert later.managing_until == AT + minutes(6)
    assert later.idle_until is not None
    assert later.idle_until > AT + minutes(22)


@given(st.lists(st.integers(min_value=1, max_value=899), max_size=60))
def test_nobody_who_comes_at_least_every_fifteen_minutes_is_signed_out_before_the_session_ends(gaps: list[int]) -> None:
    """Whatever is written down only now and then, the promise is kept; and never by more than the slack."""
    span, moment, seen = policy.session_span(SETTINGS, own_machine=False, at=AT), AT, AT
    for gap in gaps:
        moment += timedelta(seconds=gap)
        if moment >= span.until:
            return
        assert span.idle_until is not None
        assert span.idle_until > moment
        if moment - seen >= policy.seen_every(SETTINGS, span, managing=False):
            span, seen = policy.seen_again(SETTINGS, span, moment), moment
        assert span.idle_until is not None
        assert span.idle_until <= moment + minutes(15) + policy.seen_every(SETTINGS, span, managing=False)


def test_a_session_held_for_a_test_is_not_shortened_by_the_next_request() -> None:
    held = policy.Span(AT + timedelta(hours=12), AT + minutes(60), None)
    assert policy.seen_again(SETTINGS, held, AT + minutes(1)).idle_until == AT + minutes(60)


@pytest.mark.parametrize(
    ("strong", "method", "age", "debt"),
    [
        (True, "password", 59, None),
        (True, "password", 60, "password"),
        (True, "passkey", 400, None),
        (False, "password", 1, "second_factor"),
        (True, None, 400, None),
    ],
)
def test_what_is_owed_before_managing_pages_open(strong: bool, method: str | None, age: int, debt: str | None) -> None:
    assert policy.owes(SETTINGS, strong=strong, method=method, password_set_at=AT - timedelta(days=age), since=AT) == debt


def test_a_password_that_grows_too_old_in_mid_session_is_asked_for_at_the_next_one() -> None:
    set_at = AT - timedelta(days=60) + minutes(1)
    assert policy.owes(SETTINGS, strong=True, method="password", password_set_at=set_at, since=AT) is None


@pytest.mark.parametrize(
    ("idle_days", "role_since", "dormant"),
    [(44, date(2020, 1, 1), False), (45, date(2020, 1, 1), True), (400, None, False), (90, date(2026, 11, 20), False)],
)
def test_forty_five_days_close_accounts_with_a_role_but_no_learners(idle_days: int, role_since: date | None, dormant: bool) -> None:
    """Learners come once a quarter; and one who was given a role the other day is not late for it."""
    assert policy.is_dormant(SETTINGS, last_sign_in_at=AT - timedelta(days=idle_days), role_since=role_since, at=AT) is dormant


def test_every_role_but_the_learners_is_privileged() -> None:
    nowhere = UUID(int=0)
    assert not policy.is_privileged([Grant(Role.LEARNER, nowhere)])
    for role in set(Role) - {Role.LEARNER}:
        assert policy.is_privileged([Grant(Role.LEARNER, nowhere), Grant(role)])


def test_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B, cut to six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    at = datetime.fromtimestamp(1111111109, UTC)
    assert one_time_codes.matching_step(secret, "081 804", at) == 1111111109 // 30
    assert one_time_codes.matching_step(secret, "081804", at + timedelta(seconds=30)) == 1111111109 // 30
    assert one_time_codes.matching_step(secret, "081804", at + timedelta(seconds=61)) is None
    for wrong in ("", "081805", "٠٨١٨٠٤", "abc", "0818040"):
        assert one_time_codes.matching_step(secret, wrong, at) is None
