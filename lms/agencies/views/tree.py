"""The agency tree: browsing it as of a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _

from lms.agencies import queries
from lms.agencies.forms import BrowseForm
from lms.agencies.queries import AgencyRow, TreeNode
from lms.agencies.rules.kinds import BLOCK_NAMES, EVENT_NAMES, KIND_NAMES, LEVEL_NAMES, SCHEME_NAMES
from lms.agencies.views.door import blueprint, day_argument, today
from lms.agencies.workbook import tree_workbook
from lms.kit.access import requires, scope_of
from lms.kit.imports.web import xlsx_response
from lms.kit.unit import reading

SHOWN_AT_ONCE = 300  # agencies in one nested list; where there are more, only the first level is laid open


@blueprint.get("/")
@requires("agencies.view")
def tree() -> str:
    """The whole tree, or what is found in it. At most four statements."""
    form = BrowseForm(request.args)
    on, scope = form.day(today()), scope_of("agencies.view")
    found: list[AgencyRow] | None = None
    nodes: list[TreeNode] = []
    parents: Mapping[UUID, str] = {}
    with reading() as session:
        if form.q.data:
            found = queries.search_agencies(session, form.q.data, on, scope)
            parents = queries.agency_names(session, [row.parent_id for row in found if row.parent_id], on)
        else:
            tops = queries.top_agencies(session, on, scope)
            nodes = queries.tree_below(session, tops, on, _levels(tops))
    return render_template(
        "agencies/tree.html",
        form=form,
        on=on,
        day_argument=day_argument(on),
        nodes=nodes,
        found=None if found is None else [_table_row(row, on, parents) for row in found],
        total=sum(node.agency.below + 1 for node in nodes),
    )


@blueprint.get("/<uuid:agency_id>")
@requires("agencies.view")
def agency(agency_id: UUID) -> str:
    """One agency on a day: what it is, what is below it, its codes and its history. At most nine statements."""
    form = BrowseForm(request.args)
    scope = scope_of("agencies.view")
    with reading() as session:
        begin, end = queries.life_of(session, agency_id, scope)
        asked = form.day(today())
        on = min(max(asked, begin), date.fromordinal(end.toordinal() - 1))  # an agency that has ended is shown as it last was
        row = queries.agency(session, agency_id, on, scope)
        path = queries.path_to(session, agency_id, on, scope)
        nodes = queries.tree_below(session, [row], on, 1)
        history = queries.history_of(session, agency_id)
        codes = queries.codes_of(session, agency_id)
    return render_template(
        "agencies/agency.html",
        form=form,
        on=on,
        asked=asked,
        day_argument=day_argument(on),
        row=row,
        kind=_(KIND_NAMES.get(row.kind, row.kind)),
        block=_(BLOCK_NAMES.get(row.block, row.block)),
        level=_(LEVEL_NAMES.get(row.level, row.level)),
        path=path,
        children=[_table_row(node.agency, on, {}) for node in nodes[0].children],
        ended=end if end <= on or end.year < 9999 else None,
        history=[(_(EVENT_NAMES.get(entry.kind, entry.kind)), entry) for entry in history],
        codes=[(_(SCHEME_NAMES.get(code.scheme, code.scheme)), code) for code in codes],
    )


@blueprint.get("/export.xlsx")
@requires("agencies.view")
def export() -> Response:
    """The tree of a day in the columns of the import."""
    on, scope = BrowseForm(request.args).day(today()), scope_of("agencies.view")
    with reading() as session:
        rows = [row for _depth, row in queries.whole_tree(session, on, scope)]
        codes: dict[object, str | None] = {agency_id: code for code, agency_id in queries.agencies_by_code(session, on).items()}
    return xlsx_response(tree_workbook(rows, codes, on), f"cay-don-vi-{on:%Y-%m-%d}.xlsx")


def _levels(tops: Sequence[AgencyRow]) -> int:
    return 2 if sum(top.below for top in tops) <= SHOWN_AT_ONCE else 1


def _table_row(row: AgencyRow, on: date, parents: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "name": {
            "text": row.name,
            "href": url_for("agencies.agency", agency_id=row.id, on=day_argument(on)),
            "note": parents.get(row.parent_id) if row.parent_id else None,
        },
        "code": row.code,
        "kind": _(KIND_NAMES.get(row.kind, row.kind)),
        "below": row.below,
    }
