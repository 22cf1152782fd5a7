"""Who may read and who may freeze and publish results."""

from lms.kit.actors import Role

PERMISSIONS: dict[str, frozenset[Role]] = {
    "reports.view": frozenset({Role.FOCAL_POINT, Role.HEAD, Role.DEPARTMENT, Role.SYSTEM}),
    "reports.publish": frozenset({Role.DEPARTMENT, Role.SYSTEM}),
}
