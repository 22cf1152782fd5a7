"""Who may do what, on one page, for those who answer for it."""

from __future__ import annotations

from flask import current_app, render_template

from lms.accounts.permissions import ROLE_NAMES
from lms.accounts.views.door import blueprint
from lms.kit.access import permission_table, requires


@blueprint.get("/manage/permissions")
@requires("accounts.view_permissions")
def permissions() -> str:
    """Every permission of every feature, and the pages and calls it opens."""
    opens: dict[str, list[str]] = {}
    for rule in current_app.url_map.iter_rules():
        permission = getattr(current_app.view_functions[rule.endpoint], "required_permission", None)
        if permission is not None:
            methods = "/".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
            opens.setdefault(permission, []).append(f"{methods} {rule.rule}")
    names = current_app.extensions["lms.permission_names"]
    table = [
        {
            "permission": permission,
            "name": names[permission],
            "opens": sorted(opens.get(permission, [])),
            **{role.value: role in roles for role in ROLE_NAMES},
        }
        for permission, roles in sorted(permission_table().items())
    ]
    return render_template("accounts/permissions.html", table=table, roles=ROLE_NAMES)
