"""Who is asking, in which roles over which agencies. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a person may be for an agency. Vietnamese names are in `lms.accounts.permissions`."""

    LEARNER = "learner"
    FOCAL_POINT = "focal_point"
    HEAD = "head"
    AUTHOR = "author"
    DEPARTMENT = "department"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held over an agency and all below it; `agency_id` None means the whole province. `delegated`: on behalf of one who
    holds it, and so not one's own to hand on."""

    role: Role
    agency_id: UUID | None = None
    delegated: bool = False


class Everywhere:
    """Scope without a boundary: the whole province."""


EVERYWHERE = Everywhere()
# What a person may see: the whole province, or the subtrees of these agencies (none: nothing).
Scope = Everywhere | frozenset[UUID]

PermissionTable = Mapping[str, frozenset[Role]]


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person, or the service itself (`person_id` None) when a command or a job acts."""

    person_id: UUID | None
    display_name: str
    account_name: str
    grants: tuple[Grant, ...] = ()

    def has(self, permission: str, table: PermissionTable) -> bool:
        roles = table[permission]
        return any(grant.role in roles for grant in self.grants)

    def scope(self, permission: str, table: PermissionTable) -> Scope:
        """Over which agencies this person holds a permission."""
        roles = table[permission]
        agencies = {grant.agency_id for grant in self.grants if grant.role in roles}
        if None in agencies:
            return EVERYWHERE
        return frozenset(agency for agency in agencies if agency is not None)


SERVICE = Actor(person_id=None, display_name="Công vụ LMS", account_name="service", grants=(Grant(Role.SYSTEM),))


class AccessDenied(Exception):
    """The person is known and may not do this."""


class NotFound(Exception):
    """No such object, or none within the scope of the one who asks: the two are not told apart."""
