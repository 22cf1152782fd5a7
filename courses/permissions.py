"""Who may do what with courses."""

from lms.kit.actors import Role

PERMISSIONS: dict[str, frozenset[Role]] = {
    # Everybody who works for the province may study, whatever else they do here.
    "courses.study": frozenset({Role.LEARNER, Role.FOCAL_POINT, Role.HEAD, Role.AUTHOR, Role.DEPARTMENT}),
    "courses.manage": frozenset({Role.AUTHOR, Role.DEPARTMENT}),
}
