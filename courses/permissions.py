"""Who may do what with courses."""

from typing import Any

from flask_babel import lazy_gettext as _l

from lms.kit.actors import Role

PERMISSIONS: dict[str, frozenset[Role]] = {
    # Everybody who works for the province may study, whatever else they do here.
    "courses.study": frozenset({Role.LEARNER, Role.FOCAL_POINT, Role.HEAD, Role.AUTHOR, Role.DEPARTMENT}),
}

PERMISSION_NAMES: dict[str, Any] = {
    "courses.study": _l("Xem danh mục và học các khóa học"),
}
