"""What a view must state before it may be called, and who is calling.

A view says `@requires("reports.view")` or `@public`. What says neither is refused. Which roles hold a permission is one table per
package (`permissions.py`), gathered by the application, so that an auditor reads the whole on one page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import current_app, g

from lms.kit.actors import AccessDenied, Actor, Everywhere, PermissionTable, Scope

View = TypeVar("View", bound=Callable[..., Any])


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


def asks_nobody(view: View) -> View:
    """State that anyone may call a view and that it does not even look who does: no session is read for it."""
    view.asks_nobody = True  # type: ignore[attr-defined]
    return public(view)


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
    """Does the one who looks hold this permission anywhere? Over the whole province, where what it allows cannot be parted."""
    actor: Actor | None = g.get("actor")
    if actor is None or not actor.has(permission, permission_table()):
        return False
    return permission not in current_app.extensions["lms.province_wide"] or isinstance(scope_of(permission), Everywhere)
