"""Who may hand which role, or a new way in, to whom: nobody lifts anybody above themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from lms.kit.access import Grant, Role

_RANK = {Role.LEARNER: 0, Role.FOCAL_POINT: 1, Role.HEAD: 1, Role.AUTHOR: 2, Role.DEPARTMENT: 3, Role.SYSTEM: 4}
NEEDS_AGENCY = frozenset({Role.FOCAL_POINT, Role.HEAD})


def rank(roles: Iterable[Role]) -> int:
    return max((_RANK[role] for role in roles), default=0)


def may_give(actor: Collection[Grant], role: Role) -> bool:
    """One gives roles up to one's own."""
    return _RANK[role] <= rank(grant.role for grant in actor)


def may_let_in(actor: Collection[Grant], roles: Iterable[Role]) -> bool:
    """Issuing a code opens an account with all its roles: only for people who hold no more than oneself. Whether those roles lie
    within one's own agencies is checked where the tree is known."""
    return rank(roles) <= rank(grant.role for grant in actor)
