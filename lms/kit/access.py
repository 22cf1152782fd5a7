"""Who is asking, in which roles over which agencies, and what a view must state before it may be called.

A view says `@requires("reports.view")` or `@public`. What says neither is refused. Which roles hold a permission is one table per
package (`permissions.py`), gathered by the application, so that an auditor reads the whole on one page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import current_app, g

View = TypeVar("View", bound=Callable[..., Any])


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
    """A role held over an agency and all below it; `agency_id` None means the whole province."""

    role: Role
    agency_id: UUID | None = None


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


def requires(permission: str) -> Callable[[View], View]:
    """State which permission a view needs; checked before the view runs."""

    def mark(view: View) -> View:
        view.required_permission = permission  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """State that anyone may call a view, signed in or not."""
    view.required_permission = None  # type: ignore[attr-defined]
    return view


def guarded_by(authenticator: str) -> Callable[[View], View]:
    """State that a view has a door of its own (`xapi` credentials); the package that owns it checks there."""

    def mark(view: View) -> View:
        view.required_permission = f"@{authenticator}"  # type: ignore[attr-defined]
        return view

    return mark


def permission_table() -> PermissionTable:
    return cast(PermissionTable, current_app.extensions["lms.permissions"])


def current_actor() -> Actor:
    """The signed-in person of this request. Raises AccessDenied outside a signed-in request."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        raise AccessDenied
    return actor


def scope_of(permission: str) -> Scope:
    return current_actor().scope(permission, permission_table())


def may(permission: str) -> bool:
    """For templates and navigation: does the one who looks hold this permission anywhere?"""
    actor: Actor | None = g.get("actor")
    return actor is not None and actor.has(permission, permission_table())
