"""Who may do what, on one page and as one sheet, for those who answer for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, render_template
from flask_babel import gettext as _

from lms.accounts.permissions import ROLE_NAMES
from lms.accounts.rules import roles as rules
from lms.accounts.views.door import blueprint
from lms.kit.access import permission_table, requires
from lms.kit.actors import Grant, Role
from lms.kit.sheets import Column, table_workbook

GRANTING = "accounts.grant_roles"


@dataclass(frozen=True, slots=True)
class PermissionLine:
    """A permission: what it is called, who holds it, over what, and the addresses it opens."""

    permission: str
    name: str
    roles: frozenset[Role]
    scope: str
    opens: list[str]


@blueprint.get("/manage/permissions")
@requires("accounts.view_permissions")
def permissions() -> str:
    """Every permission of every feature, the pages and calls it opens, and who may give each role."""
    return render_template(
        "accounts/permissions.html",
        table=_lines(),
        roles=ROLE_NAMES,
        givers=[_giving(role) for role in ROLE_NAMES],
        open_to_all=_opens().get("", []),
        doors=[(door.removeprefix("@"), addresses) for door, addresses in sorted(_opens().items()) if door.startswith("@")],
    )


@blueprint.get("/manage/permissions.xlsx")
@requires("accounts.view_permissions")
def permissions_workbook() -> Response:
    """The same table for the files of an audit."""
    columns = [
        Column(_("Mã quyền"), 26),
        Column(_("Quyền"), 44),
        *(Column(str(name), 12) for name in ROLE_NAMES.values()),
        Column(_("Phạm vi"), 26),
        Column(_("Địa chỉ được mở"), 70),
    ]
    rows = [
        [line.permission, line.name, *("x" if role in line.roles else "" for role in ROLE_NAMES), line.scope, "\n".join(line.opens)]
        for line in _lines()
    ]
    notes = [f"{ROLE_NAMES[role]}: {_giving(role)['by']}" for role in ROLE_NAMES]
    body = table_workbook(columns, rows, sheet_name=_("Phân quyền"), title=_("BẢNG PHÂN QUYỀN"), notes=notes)
    response = Response(body, mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response.headers.set("Content-Disposition", "attachment", filename="bang-phan-quyen.xlsx")
    return response


def _lines() -> list[PermissionLine]:
    names, province_wide, opens = current_app.extensions["lms.permission_names"], current_app.extensions["lms.province_wide"], _opens()
    return [
        PermissionLine(permission, str(names[permission]), held_by, _scope(permission, held_by, province_wide), opens.get(permission, []))
        for permission, held_by in sorted(permission_table().items())
    ]


def _opens() -> dict[str, list[str]]:
    """Addresses by the permission they ask for; "" those open to everyone, `@door` those with a door of their own."""
    opens: dict[str, list[str]] = {}
    for rule in current_app.url_map.iter_rules():
        if rule.endpoint == "static" or rule.endpoint.endswith(".static"):
            continue
        permission = getattr(current_app.view_functions[rule.endpoint], "required_permission", None)
        methods = "/".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        opens.setdefault(permission or "", []).append(f"{methods} {rule.rule}")
    return {permission: sorted(addresses) for permission, addresses in opens.items()}


def _scope(permission: str, held_by: frozenset[Role], province_wide: frozenset[str]) -> str:
    if permission in province_wide:
        return str(_("Toàn tỉnh"))
    if held_by == {Role.LEARNER}:
        return str(_("Của mình"))
    return str(_("Theo cơ quan"))


def _giving(role: Role) -> dict[str, Any]:
    """Who may give a role to others, over what it is given, and whether its holder may hand it on."""
    able = [
        str(name)
        for giver, name in ROLE_NAMES.items()
        if giver in permission_table()[GRANTING] and rules.may_give([Grant(giver)], role) and role is not Role.LEARNER
    ]
    return {
        "role": ROLE_NAMES[role],
        "by": _("Ai có tài khoản cũng là học viên") if role is Role.LEARNER else ", ".join(able),
        "over": _("Một cơ quan và đơn vị trực thuộc") if role in rules.NEEDS_AGENCY else _("Toàn tỉnh hoặc một cơ quan"),
        "delegable": _("Có, không quá %(days)s ngày", days=rules.LONGEST_DELEGATION.days) if role in rules.DELEGABLE else _("Không"),
    }
