"""Who may hand which role, or a new way in, to whom: nobody lifts anybody above themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from lms.kit.actors import Grant, Role

_RANK = {Role.LEARNER: 0, Role.FOCAL_POINT: 1, Role.HEAD: 1, Role.AUTHOR: 2, Role.DEPARTMENT: 3, Role.SYSTEM: 4}
NEEDS_AGENCY = frozenset({Role.FOCAL_POINT, Role.HEAD})
DELEGABLE = frozenset({Role.FOCAL_POINT, Role.HEAD, Role.DEPARTMENT})
LONGEST_DELEGATION = timedelta(days=184)  # six months
REVIEW_INTERVAL = timedelta(days=183)  # whether a role is still needed is asked every six months


def rank(roles: Iterable[Role]) -> int:
    return max((_RANK[role] for role in roles), default=0)


def may_give(actor: Collection[Grant], role: Role) -> bool:
    """One gives roles up to one's own; what one holds on somebody's behalf is not one's own."""
    return _RANK[role] <= rank(grant.role for grant in actor if not grant.delegated)


def within_reach(actor: Collection[Grant]) -> frozenset[Role]:
    """The roles of people one may hand a new way in: a code opens an account with all its roles, so none above one's own. Whether
    those roles lie within one's own agencies is checked where the tree is known."""
    own = rank(grant.role for grant in actor)
    return frozenset(role for role in Role if _RANK[role] <= own)


def delegable(actor: Collection[Grant]) -> frozenset[Role]:
    """The roles one may hand to a substitute: those one holds oneself, not for somebody else."""
    return frozenset(grant.role for grant in actor if not grant.delegated and grant.role in DELEGABLE)


def is_overdue(granted: date, reviewed: date | None, on: date) -> bool:
    """Has nobody looked for six months whether a role is still needed?"""
    return (reviewed or granted) + REVIEW_INTERVAL <= on
