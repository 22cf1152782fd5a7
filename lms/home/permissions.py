"""Everyone who is signed in has a first page."""

from lms.kit.access import Role

PERMISSIONS: dict[str, frozenset[Role]] = {"home.view": frozenset(Role)}
