"""What the answers told about items and forms, the most suspicious first. No page here names a person."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, may, requires
from lms.kit.clock import now
from lms.kit.unit import reading, transaction
from quizzes.forms.statistics import StatisticsFilterForm
from quizzes.operations.statistics import STATISTICS_JOB, request_statistics
from quizzes.queries import rounds as round_queries
from quizzes.queries import statistics as queries
from quizzes.queries.forms import latest_job
from quizzes.rules.bank import LEVELS
from quizzes.rules.statistics import ENOUGH, FLAG_NAMES, NOT_ANSWERED, OTHER, FormFigures, compare_forms
from quizzes.rules.statistics.drift import LEAST_SHARED
from quizzes.views.statistics_workbook import forms_workbook, items_workbook
from quizzes.views.topics import topic_name

blueprint = Blueprint("manage_statistics", "quizzes", url_prefix="/manage", template_folder="templates")
ITEMS_A_PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/statistics")
@requires("quizzes.view_statistics")
def index() -> str:
    with reading() as session:
        rounds = queries.counted_rounds(session)
    return render_template("quizzes/statistics_index.html", rounds=rounds)


@blueprint.get("/rounds/<round_code>/statistics")
@requires("quizzes.view_statistics")
def items(round_code: str) -> str:
    """A test's items: filters, the most suspicious first, fifty a page; with them the test as a whole."""
    wanted = _wanted()
    page = max(1, request.args.get("page", 1, type=int))
    with reading() as session:
        view = round_queries.round_by_code(session, round_code)
        whole = queries.round_figures(session, view.id)
        count = queries.count_items(session, view.id, wanted)
        rows = queries.item_rows(session, view.id, wanted, skip=(page - 1) * ITEMS_A_PAGE, limit=ITEMS_A_PAGE)
        topics = queries.topics_of(session, view.id)
        points = queries.scatter_of(session, view.id)
        job = latest_job(session, STATISTICS_JOB, view.id)
    form = StatisticsFilterForm(request.args)
    form.offer([(topic, topic_name(topic)) for topic in topics])
    chosen = {name: value for name, value in (("flag", wanted.flag), ("topic", wanted.topic), ("level", wanted.level)) if value}
    return render_template(
        "quizzes/statistics_items.html",
        round=view,
        whole=whole,
        rows=rows,
        count=count,
        page=page,
        pages=-(-count // ITEMS_A_PAGE),
        chosen=chosen,
        form=form,
        flag_names=FLAG_NAMES,
        # r from −0,2 to 0,8 fills the drawing; what lies beyond stands at its edge.
        points=[(p, min(1.0, max(0.0, r + 0.2)), flagged) for p, r, flagged in points],
        bins=bins_of(whole.figures) if whole and whole.figures else [],
        enough=ENOUGH,
        job=job,
    )


@blueprint.post("/rounds/<round_code>/statistics")
@requires("quizzes.manage_rounds")
def count(round_code: str) -> AnyResponse:
    with transaction() as session:
        view = round_queries.round_by_code(session, round_code)
        request_statistics(session, current_actor(), view.id, now())
    flash(_("Đang tính lại số liệu. Tải lại trang sau ít phút."), "info")
    return redirect(url_for(".items", round_code=round_code), 303)


@blueprint.get("/rounds/<round_code>/statistics/forms")
@requires("quizzes.manage_rounds")
def forms(round_code: str) -> str:
    """Are the forms equally hard, and how exactly do they measure?"""
    with reading() as session:
        view = round_queries.round_by_code(session, round_code)
        whole = queries.round_figures(session, view.id)
        rows = queries.form_rows(session, view.id)
    compared = (
        compare_forms({row.number: row.figures for row in rows if row.enough}, whole.figures, float(view.pass_mark))
        if (whole and whole.figures)
        else {}
    )
    chosen = next((row for row in rows if row.number == request.args.get("form", type=int) and row.enough), None)
    return render_template(
        "quizzes/statistics_forms.html",
        round=view,
        whole=whole,
        rows=rows,
        compared=compared,
        chosen=chosen,
        bins=bins_of(chosen.figures) if chosen else [],
        enough=ENOUGH,
        few_shared=LEAST_SHARED,
    )


@blueprint.get("/rounds/<round_code>/statistics.xlsx")
@requires("quizzes.view_statistics")
def items_file(round_code: str) -> Response:
    with reading() as session:
        view = round_queries.round_by_code(session, round_code)
        rows = queries.item_rows(session, view.id, _wanted(), limit=None)
        whole = queries.round_figures(session, view.id)
    return _workbook(items_workbook(view, whole, rows), f"so-lieu-cau-hoi-{view.code}.xlsx")


@blueprint.get("/rounds/<round_code>/statistics/forms.xlsx")
@requires("quizzes.manage_rounds")
def forms_file(round_code: str) -> Response:
    with reading() as session:
        view = round_queries.round_by_code(session, round_code)
        rows = queries.form_rows(session, view.id)
        whole = queries.round_figures(session, view.id)
    return _workbook(forms_workbook(view, whole, rows), f"so-lieu-de-{view.code}.xlsx")


def _workbook(body: bytes, name: str) -> Response:
    response = Response(body, mimetype=XLSX)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _wanted() -> queries.ItemFilter:
    flag, topic, level = (request.args.get(name, "").strip() for name in ("flag", "topic", "level"))
    return queries.ItemFilter(flag=flag if flag == "any" or flag in FLAG_NAMES else "", topic=topic, level=level if level in LEVELS else "")


def bins_of(figures: FormFigures) -> list[dict[str, Any]]:
    """The distribution as the histogram shows it."""
    width = 100 // len(figures.distribution)
    return [{"from": place * width, "to": (place + 1) * width, "count": count} for place, count in enumerate(figures.distribution)]


def options_of(row: queries.ItemRow) -> list[tuple[str, list[int]]]:
    """The answers of an item with how many of each third gave them: options in order, then what was written, the unanswered last."""

    def place(answer: str) -> tuple[int, str]:
        return ({OTHER: 1, NOT_ANSWERED: 2}.get(answer, 0), answer)

    return [(answer, list(row.options[answer])) for answer in sorted(row.options, key=place)]


def answer_words(answer: str) -> str:
    """What an answer is called in a table."""
    ours = {NOT_ANSWERED: _("Không trả lời"), OTHER: _("Câu trả lời khác"), "true": _("Đúng"), "false": _("Sai")}
    return str(ours.get(answer, answer))


def statistics_of_item(session: Any, item_id: Any) -> list[queries.ItemInTest]:
    """An item's figures for its own page; nothing for those who may not see statistics."""
    return queries.item_history(session, item_id) if may("quizzes.view_statistics") else []
