"""The agency tree: browsing it as of a day, as it is known now or was known earlier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _

from lms.agencies import queries
from lms.agencies.forms import BrowseForm
from lms.agencies.queries import AgencyRow, TreeNode
from lms.agencies.queries.believed import codes_on
from lms.agencies.rules.kinds import BLOCK_NAMES, KIND_NAMES
from lms.agencies.views.door import blueprint, day_argument, today, zone
from lms.agencies.workbook import tree_workbook
from lms.kit.access import requires, scope_of
from lms.kit.imports.web import xlsx_response
from lms.kit.unit import reading

SHOWN_AT_ONCE = 600  # agencies in one nested list; where there are more, only the first level is laid open
GROUPED_FROM = 20  # agencies below one are put in their blocks where there are more
FOUND_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Branch:
    """Agencies of one block below another, or all of them where they are few (`name` empty)."""

    name: str
    nodes: list[TreeNode]


@dataclass(frozen=True, slots=True)
class Slider:
    """The days on which something changed, and the day shown among them; days as numbers count from `first`."""

    first: date
    last: date
    on: date
    days: list[date]

    @property
    def length(self) -> int:
        return (self.last - self.first).days

    @property
    def place(self) -> int:
        return (min(max(self.on, self.first), self.last) - self.first).days

    @property
    def marks(self) -> list[int]:
        return [(day - self.first).days for day in self.days]

    @property
    def earlier(self) -> date | None:
        return max((day for day in self.days if day < self.on), default=None)

    @property
    def later(self) -> date | None:
        return min((day for day in self.days if day > self.on), default=None)


@blueprint.get("/")
@requires("agencies.view")
def tree() -> str:
    """The whole tree, or what is found in it. At most five statements."""
    form = BrowseForm(request.args)
    on, known, scope = form.day(today()), form.moment(zone()), scope_of("agencies.view")
    narrowing = {name: form[name].data or None for name in ("q", "block", "level")}
    found: list[AgencyRow] | None = None
    nodes: list[TreeNode] = []
    parents: Mapping[UUID, str] = {}
    with reading() as session:
        days = queries.event_days(session, scope, known)
        if any(narrowing.values()):
            found = queries.search_agencies(
                session,
                form.q.data or "",
                on,
                scope,
                limit=FOUND_AT_ONCE + 1,
                known=known,
                block=narrowing["block"],
                level=narrowing["level"],
            )
            parents = queries.agency_names(session, [row.parent_id for row in found if row.parent_id], on, known)
        else:
            tops = queries.top_agencies(session, on, scope, known)
            nodes = queries.tree_below(session, tops, on, _levels(tops), known)
    kept = link_arguments(on, known)
    return render_template(
        "agencies/tree.html",
        form=form,
        on=on,
        known=known,
        kept=kept,
        narrowing=narrowing,
        slider=_slider([one.day for one in days], on),
        nodes=nodes,
        branches=_branches,
        found=None if found is None else [table_row(row, kept, parents) for row in found[:FOUND_AT_ONCE]],
        more=found is not None and len(found) > FOUND_AT_ONCE,
        filtered=any(narrowing.values()) or known is not None or on != today(),
        total=sum(node.agency.below + 1 for node in nodes),
    )


@blueprint.get("/export.xlsx")
@requires("agencies.view")
def export() -> Response:
    """The tree of a day in the columns of the import."""
    form = BrowseForm(request.args)
    on, known, scope = form.day(today()), form.moment(zone()), scope_of("agencies.view")
    with reading() as session:
        rows = [row for _depth, row in queries.whole_tree(session, on, scope, known)]
        codes = codes_on(session, on, known)
    return xlsx_response(tree_workbook(rows, codes, on), f"cay-don-vi-{on:%Y-%m-%d}.xlsx")


def link_arguments(on: date, known: datetime | None) -> dict[str, Any]:
    """What links carry so that the day and the knowledge stay."""
    return {"on": day_argument(on), "known": request.args.get("known") if known else None}


def table_row(row: AgencyRow, kept: Mapping[str, Any], parents: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "name": {
            "text": row.name,
            "href": url_for("agencies.agency", agency_id=row.id, **kept),
            "note": parents.get(row.parent_id) if row.parent_id else None,
        },
        "code": row.code,
        "kind": _(KIND_NAMES.get(row.kind, row.kind)),
        "below": row.below,
    }


def _levels(tops: Sequence[AgencyRow]) -> int:
    return 3 if sum(top.below for top in tops) <= SHOWN_AT_ONCE else 1


def _branches(nodes: Iterable[TreeNode]) -> list[Branch]:
    """Many agencies below one, by block in the order of the blocks; few of them as they are."""
    listed = list(nodes)
    blocks: dict[str, list[TreeNode]] = {}
    for node in listed:
        blocks.setdefault(node.agency.block, []).append(node)
    if len(listed) < GROUPED_FROM or len(blocks) < 2:
        return [Branch("", listed)]
    order = {str(block): place for place, block in enumerate(BLOCK_NAMES)}
    return [
        Branch(_(BLOCK_NAMES.get(block, block)), blocks[block]) for block in sorted(blocks, key=lambda block: order.get(block, len(order)))
    ]


def _slider(days: list[date], on: date) -> Slider | None:
    if not days:
        return None
    return Slider(first=min(days), last=max(*days, today()) if days else today(), on=on, days=sorted(days))
