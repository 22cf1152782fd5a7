"""Who may hand which role, or a new way in, to whom: nobody lifts anybody above themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from lms.kit.actors import Grant, Role

_RANK = {Role.LEARNER: 0, Role.FOCAL_POINT: 1, Role.HEAD: 1, Role.AUTHOR: 2, Role.DEPARTMENT: 3, Role.SYSTEM: 4}
NEEDS_AGENCY = frozenset({Role.FOCAL_POINT, Role.HEAD})


def rank(roles: Iterable[Role]) -> int:
    return max((_RANK[role] for role in roles), default=0)


def may_give(actor: Collection[Grant], role: Role) -> bool:
    """One gives roles up to one's own."""
    return _RANK[role] <= rank(grant.role for grant in actor)


def within_reach(actor: Collection[Grant]) -> frozenset[Role]:
    """The roles of people one may hand a new way in: a code opens an account with all its roles, so none above one's own. Whether
    those roles lie within one's own agencies is checked where the tree is known."""
    return frozenset(role for role in Role if may_give(actor, role))
