"""What the settings say about getting in, as questions with an answer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from lms.config import Settings
from lms.kit.actors import Grant, Role

Debt = Literal["second_factor", "password"]

SEEN_AT_MOST_EVERY = timedelta(minutes=15)
STEP_LIFETIME = timedelta(minutes=10)  # between the two halves of getting in
RECENT = timedelta(minutes=15)  # ways of getting in are changed only so soon after signing in


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """What a new password must have: so many characters, of so many kinds."""

    length: int
    classes: int


@dataclass(frozen=True, slots=True)
class Span:
    """How long a session lasts: at the very most, lying idle, and for managing pages. None: without that limit."""

    until: datetime
    idle_until: datetime | None
    managing_until: datetime | None


def is_privileged(grants: Collection[Grant]) -> bool:
    """Does somebody hold more than what everybody does? Every such role opens other people's data or the question bank."""
    return any(grant.role is not Role.LEARNER for grant in grants)


def password_rules(settings: Settings, *, privileged: bool, second_factor: bool) -> PasswordRules:
    """`second_factor`: the account has one, or will be made to have one before it opens anything."""
    alone = not second_factor and (privileged or settings.password_alone_for == "everyone")  # noqa: S105  # no password, but whose
    if not alone:
        return PasswordRules(settings.password_length, 1)
    return PasswordRules(max(settings.password_length, settings.password_length_alone), settings.password_classes_alone)


def session_span(settings: Settings, *, own_machine: bool, at: datetime) -> Span:
    """A fresh session. On a machine of one's own lying idle ends nothing, yet managing pages ask again."""
    until = at + (timedelta(days=settings.session_days_own) if own_machine else timedelta(hours=settings.session_hours))
    idle = 0 if own_machine else settings.idle_minutes
    return Span(
        until,
        min(at + _lasting(idle), until) if idle else None,
        min(at + _lasting(settings.idle_minutes_managing), until) if settings.idle_minutes_managing else None,
    )


def seen_again(settings: Settings, span: Span, at: datetime) -> Span:
    """The session after another request. A session whose time for managing pages ran out does not get it back by reading something
    else; one that is held open for a test stays so."""
    idle, managed = span.idle_until, span.managing_until
    if idle is not None:
        idle = min(max(idle, at + _lasting(settings.idle_minutes)), span.until)
    if managed is not None and managed > at:
        managed = min(at + _lasting(settings.idle_minutes_managing), span.until)
    return Span(span.until, idle, managed)


def seen_every(settings: Settings, span: Span, *, managing: bool) -> timedelta:
    """How often a session's last request is written down, at most: a fifth of the shortest limit. `managing`: its person may open
    managing pages."""
    limits = [settings.idle_minutes if span.idle_until else 0, settings.idle_minutes_managing if span.managing_until and managing else 0]
    return min((_slack(limit) for limit in limits if limit), default=SEEN_AT_MOST_EVERY)


def _lasting(minutes: int) -> timedelta:
    """A limit with what is added because not every request is written down: it never ends a session early."""
    return timedelta(minutes=minutes) + _slack(minutes)


def _slack(minutes: int) -> timedelta:
    return min(max(timedelta(minutes=minutes) / 5, timedelta(minutes=1)), SEEN_AT_MOST_EVERY)


def owes(settings: Settings, *, strong: bool, method: str | None, password_set_at: datetime | None, since: datetime) -> Debt | None:
    """What somebody must do before managing pages open. What every learner may open stays open: nobody is thrown out of a test for it.
    `since`: when the session began; `method` None: one from before methods were written down."""
    if settings.require_second_factor and not strong:
        return "second_factor"
    return "password" if method == "password" and password_expired(settings, password_set_at, since) else None


def password_expired(settings: Settings, set_at: datetime | None, at: datetime) -> bool:
    return bool(settings.password_days) and set_at is not None and at - set_at >= timedelta(days=settings.password_days)


def is_dormant(settings: Settings, *, last_sign_in_at: datetime | None, role_since: date | None, at: datetime) -> bool:
    """Has an account lain unused for so long that only a new slip opens it? `role_since`: the day the latest role began, None for
    learners; one who was given a role today is not too late for it."""
    days = settings.dormant_days if role_since is not None else settings.dormant_days_learners
    if not days or last_sign_in_at is None:
        return False
    unused = at - last_sign_in_at >= timedelta(days=days)
    return unused and (role_since is None or at.date() - role_since >= timedelta(days=days))
