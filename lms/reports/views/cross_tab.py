"""Cross-tabs of the staff: asked in the address, every number opening to its people, kept under a name, taken along as a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from lms.accounts.rules.people import IT_DUTY_NAMES, QUALIFICATION_NAMES
from lms.agencies.rules.kinds import BLOCK_NAMES, LEVEL_NAMES
from lms.kit.access import current_actor, may, requires, scope_of
from lms.kit.actors import Everywhere, NotFound, Scope
from lms.kit.clock import Quarter, local_date, now
from lms.kit.formats import short_datetime
from lms.kit.i18n import quarter_label
from lms.kit.unit import reading, settings, transaction
from lms.kit.vietnamese import clean
from lms.kit.web import page_after
from lms.reports import queries
from lms.reports.documents.crosstab_workbook import cross_tab_workbook
from lms.reports.operations.targets import drop_view, save_view
from lms.reports.queries import crosstab as reads
from lms.reports.rules import Node
from lms.reports.rules.crosstab import DIMENSION_NAMES, RESULT_NAMES, UNKNOWN, CrossTab, Dimension, Place, Question
from lms.reports.rules.disclosure import DisclosureSettings
from lms.results import queries as ledger
from lms.results.queries import ActivityRow, is_within
from lms.results.rules import QUARTERLY

blueprint = Blueprint("cross_tab", "lms.reports", url_prefix="/manage/people/statistics/cross-tab", template_folder="templates")
PAGE_SIZE = 50
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what is needed to answer and to describe it."""

    question: Question
    scope: Scope
    on: date
    activity: ActivityRow | None
    nodes: list[Node]
    groups: Mapping[str, str]
    quarters: list[tuple[str, str]]

    @property
    def key(self) -> str | None:
        return self.activity.key if self.activity else None

    def names(self, dimension: Dimension | None) -> dict[str, str]:
        """What the keys of a dimension are called, in the order they are shown in."""
        yes_no = {"1": _("Có"), "0": _("Không")}
        if dimension == Dimension.AGENCY:
            own = {f"{reads.OWN}{node.id}": _("%(agency)s (tại cơ quan)", agency=node.name) for node in self.nodes}
            return {**{str(node.id): node.name for node in self.nodes}, **own}
        tables: dict[Dimension | None, Mapping[Any, Any]] = {
            Dimension.LEVEL: LEVEL_NAMES,
            Dimension.BLOCK: BLOCK_NAMES,
            Dimension.QUALIFICATION: QUALIFICATION_NAMES,
            Dimension.IT_DUTY: IT_DUTY_NAMES,
            Dimension.RESULT: RESULT_NAMES,
        }
        if dimension in (Dimension.IT_MAJOR, Dimension.IT_QUALIFIED):
            return yes_no
        if dimension == Dimension.GROUP:
            return dict(self.groups)
        return {**{str(key): _(name) for key, name in tables.get(dimension, {}).items()}, UNKNOWN: _("Chưa có thông tin")}


@blueprint.get("/")
@requires("reports.view")
def table() -> str:
    """Rows × columns of the staff of today."""
    with reading() as session:
        asked = _asked(session)
        found = _table(session, asked)
        return render_template(
            "cross_tab/table.html",
            asked=asked,
            question=asked.question,
            table=found,
            withheld=_withheld(found),
            row_names=asked.names(asked.question.rows),
            column_names=asked.names(asked.question.columns),
            dimensions=DIMENSION_NAMES,
            choices=_choices(session, asked),
            views=reads.saved_views(session, current_actor().person_id),
            me=current_actor().person_id,
            described=_described(asked),
            opens=may("accounts.view_people"),
        )


@blueprint.get("/table.xlsx")
@requires("reports.view")
def workbook() -> Response:
    """The same numbers as a workbook."""
    at = now()
    with reading() as session:
        asked = _asked(session)
        found = _table(session, asked)
    names = (asked.names(asked.question.rows), asked.names(asked.question.columns))
    counted = _("Theo vị trí công tác chính, ngày %(day)s. Đơn vị tính: người.", day=f"{asked.on:%d/%m/%Y}")
    body = cross_tab_workbook(
        found,
        title=str(_("Thống kê nhân lực")),
        notes=[str(counted), " · ".join([*_described(asked), short_datetime(at, settings().zone)])],
        names=names,
        heads=(str(_(DIMENSION_NAMES[asked.question.rows])), str(_("Tổng cộng"))),
        withheld=_withheld(found),
    )
    response = Response(body, mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response.headers.set("Content-Disposition", "attachment", filename=f"thong-ke-{asked.on:%Y%m%d}.xlsx")
    return response


@blueprint.get("/people")
@requires("reports.view")
def people() -> str:
    """The people of a cell. Those without the right of the people find none."""
    if not may("accounts.view_people"):
        raise NotFound
    row, column = request.args.get("row") or None, request.args.get("column") or None
    with reading() as session:
        asked = _asked(session)
        cell = (session, asked.question, asked.scope, asked.on, asked.key)
        rows = reads.people(*cell, row=row, column=column, after=page_after(), limit=PAGE_SIZE + 1)
        size = reads.count_people(*cell, row=row, column=column)
    more = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
    chosen = [(asked.question.rows, row), (asked.question.columns, column)]
    return render_template(
        "cross_tab/people.html",
        rows=rows[:PAGE_SIZE],
        size=size,
        arguments=asked.question.as_arguments(),
        cell={name: value for name, value in (("row", row), ("column", column)) if value},
        described=[*_described(asked), *(_said(asked, dimension, value) for dimension, value in chosen if dimension and value)],
        duty_names=IT_DUTY_NAMES,
        after=f"{more.sort_key}~{more.person_id}" if more else None,
    )


@blueprint.get("/views/<uuid:view_id>")
@requires("reports.view")
def view(view_id: UUID) -> BaseResponse:
    """A cross-tab kept under a name, answered for the one who opens it."""
    with reading() as session:
        found = reads.saved_view(session, current_actor().person_id, view_id)
        arguments = Question.from_arguments(found.arguments).as_arguments()
    return redirect(_address(arguments))


@blueprint.post("/views")
@requires("reports.view")
def save() -> BaseResponse:
    """Keep the question of the address under a name."""
    question = Question.from_arguments(request.args)
    name = clean(request.form.get("name", ""))[:LONGEST_NAME]
    with transaction() as session:
        save_view(session, current_actor(), name, question.as_arguments(), shares="shared" in request.form, at=now())
    flash(_("Đã lưu bảng thống kê."), "success")
    return redirect(_address(question.as_arguments()), 303)


@blueprint.post("/views/<uuid:view_id>/drop")
@requires("reports.view")
def drop(view_id: UUID) -> BaseResponse:
    """Forget one of one's own."""
    with transaction() as session:
        drop_view(session, current_actor(), view_id, now())
    flash(_("Đã bỏ bảng thống kê."), "success")
    return redirect(url_for("cross_tab.table"), 303)


def _address(arguments: Mapping[str, Any]) -> str:
    return url_for("cross_tab.table", **arguments)


def _asked(session: Session) -> Asked:
    """Raises NotFound for an agency outside the scope, or a quarter there is not."""
    question, scope = Question.from_arguments(request.args), scope_of("reports.view")
    on = local_date(now(), settings().zone)
    nodes = queries.nodes(session, on)
    if question.agency is not None:
        known = {str(node.id): node.id for node in nodes}
        if question.agency not in known or not is_within(session, scope, known[question.agency], on):
            raise NotFound
    activities = {str(Quarter.from_code(one.period)): one for one in ledger.activities(session) if one.key.startswith(QUARTERLY)}
    activity = None
    if question.asks_for_results and activities:
        activity = activities.get(question.quarter or next(iter(activities)))
        if activity is None:
            raise NotFound
    groups = {group.code: f"{group.code} – {group.names['vi']}" for group in queries.position_groups(session)}
    quarters = [(name, quarter_label(Quarter.parse(name))) for name in activities]
    return Asked(question, scope, on, activity, nodes, groups, quarters)


def _table(session: Session, asked: Asked) -> CrossTab:
    question = asked.question
    branches = reads.branches_of(asked.nodes, _tops(asked))
    found = reads.counts(session, question, asked.scope, asked.on, branches=branches, activity=asked.key)
    return CrossTab.of(found, list(asked.names(question.rows)), list(asked.names(question.columns)))


def _tops(asked: Asked) -> list[UUID]:
    """Below which agencies branches are told apart: the one asked for; else the only one the reader starts from, or what is above all."""
    if asked.question.agency is not None:
        return [UUID(asked.question.agency)]
    if isinstance(asked.scope, Everywhere) or len(asked.scope) != 1:
        return [node.id for node in asked.nodes if node.parent_id is None]
    return list(asked.scope)


def _withheld(found: CrossTab) -> frozenset[Place]:
    return frozenset() if may("accounts.view_people") else found.withheld(DisclosureSettings().threshold)


def _choices(session: Session, asked: Asked) -> list[tuple[str, str, list[tuple[str, str]], str]]:
    """The filters of the page: name in the address, label, values, the one that is chosen."""
    on_record = reads.qualifications(session, asked.scope, asked.on)
    found = []
    for dimension in Dimension:
        if dimension == Dimension.AGENCY:
            continue
        names = asked.names(dimension)
        if dimension == Dimension.QUALIFICATION:
            names = {value: names.get(value, value) for value in on_record}
        elif UNKNOWN in names:
            del names[UNKNOWN]
        found.append(
            (f"only_{dimension.value}", DIMENSION_NAMES[dimension], list(names.items()), asked.question.filters.get(dimension, ""))
        )
    return found


def _described(asked: Asked) -> list[str]:
    """What restricts the table, in words."""
    words = [str(node.name) for node in asked.nodes if str(node.id) == asked.question.agency]
    if asked.activity is not None:
        words.append(quarter_label(Quarter.from_code(asked.activity.period)))
    return words + [_said(asked, dimension, value) for dimension, value in asked.question.filters.items()]


def _said(asked: Asked, dimension: Dimension, value: str) -> str:
    return f"{_(DIMENSION_NAMES[dimension])}: {asked.names(dimension).get(value, value)}"
