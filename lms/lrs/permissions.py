"""Who may look into the record store, and who may act on it. Outside programs have credentials with scopes instead."""

from collections.abc import Mapping

from lms.kit.actors import Role

permissions: Mapping[str, frozenset[Role]] = {
    "lrs.view": frozenset({Role.DEPARTMENT, Role.SYSTEM}),
    "lrs.manage": frozenset({Role.SYSTEM}),
}
