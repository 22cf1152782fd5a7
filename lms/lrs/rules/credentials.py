"""Who may use the record store: scopes of the standard, and secrets of which only a hash is kept."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID


class Scope(StrEnum):
    """What a credential may do (Communication 4, OAuth scopes)."""

    WRITE = "statements/write"
    READ_MINE = "statements/read/mine"
    READ = "statements/read"
    STATE = "state"
    DEFINE = "define"
    PROFILE = "profile"
    ALL_READ = "all/read"
    ALL = "all"


# What a learner's content may do, and that only as this learner (`guard.require_own_actors`).
CONTENT_SCOPES = (Scope.WRITE, Scope.READ_MINE, Scope.STATE, Scope.PROFILE)
CONTENT_HOURS = 4
CONTENT_REQUESTS = 300  # per minute
DEFAULT_SCOPES = (Scope.WRITE, Scope.READ_MINE)
MIN_SECRET = 8  # of those chosen by a person, which only a demonstration has; all others are 256 random bits
_KEY = re.compile(r"[A-Za-z0-9._-]{3,64}")


def may_write(scopes: Collection[str]) -> bool:
    return Scope.WRITE in scopes or Scope.ALL in scopes


def may_read_all(scopes: Collection[str]) -> bool:
    return any(scope in scopes for scope in (Scope.READ, Scope.ALL_READ, Scope.ALL))


def may_read_own(scopes: Collection[str]) -> bool:
    return Scope.READ_MINE in scopes or may_read_all(scopes)


def may_read_documents(scopes: Collection[str], *, is_profile: bool) -> bool:
    return any(scope in scopes for scope in (Scope.PROFILE if is_profile else Scope.STATE, Scope.ALL_READ, Scope.ALL))


def may_write_documents(scopes: Collection[str], *, is_profile: bool) -> bool:
    return (Scope.PROFILE if is_profile else Scope.STATE) in scopes or Scope.ALL in scopes


def may_define(scopes: Collection[str]) -> bool:
    """May statements stored with these scopes say what an activity is? Without it they are kept all the same."""
    return Scope.DEFINE in scopes or Scope.ALL in scopes


def may_look_up(scopes: Collection[str]) -> bool:
    """May ask what an activity is, and for the agent it names itself: all who read anything."""
    return any(scope != Scope.WRITE for scope in scopes)


def may_know_persons(scopes: Collection[str]) -> bool:
    """May learn more of an agent than was asked with (Communication 2.4: an explicitly given permission)."""
    return may_read_all(scopes)


def is_key(text: str) -> bool:
    """May a credential be called so?"""
    return _KEY.fullmatch(text) is not None


def secret_hash(secret: str) -> bytes:
    """A secret of at least 128 random bits needs no slow hash: nobody can try them all."""
    return sha256(secret.encode()).digest()


def matches(secret: str, kept: bytes) -> bool:
    return hmac.compare_digest(secret_hash(secret), kept)


def authority_of(base_url: str, key: str, label: str) -> dict[str, Any]:
    """The Agent that answers for statements stored with a credential."""
    return {"objectType": "Agent", "name": label, "account": {"homePage": f"{base_url}/xapi/credentials", "name": key}}


def person_account(base_url: str, person_id: UUID) -> dict[str, Any]:
    """How statements call a person of this service."""
    return {"objectType": "Agent", "account": {"homePage": base_url, "name": str(person_id)}}


def content_authority(base_url: str, person_id: UUID) -> dict[str, Any]:
    """What a learner's content stores is said by a program on behalf of a person: a pair of the two, as of an OAuth consumer and its user
    (Data 2.4.9). The program is known by where it gets its keys, so that all keys of one person are one authority."""
    program = {"objectType": "Agent", "account": {"homePage": f"{base_url}/manage/xapi/content-token", "name": "content"}}
    return {"objectType": "Group", "member": [program, person_account(base_url, person_id)]}


def own_authority(base_url: str) -> dict[str, Any]:
    """The Agent that answers for the service's own statements."""
    return {"objectType": "Agent", "name": "Công vụ LMS", "account": {"homePage": base_url, "name": "lms"}}
