"""Everyone who is signed in has a first page."""

from lms.kit.actors import Role

PERMISSIONS: dict[str, frozenset[Role]] = {"home.view": frozenset(Role)}
