"""Head-count statistics: each number opens to its people."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from lms.accounts.queries import HeadCount, head_counts
from lms.accounts.rules.people import IT_DUTY_NAMES, QUALIFICATION_NAMES, ITDuty
from lms.agencies.rules.kinds import LEVEL_NAMES
from lms.kit.access import requires, scope_of
from lms.kit.clock import local_date, now
from lms.kit.unit import reading, settings
from lms.kit.web import page_after
from lms.reports import queries
from lms.reports.staff import (
    IT_DUTIES,
    Selection,
    count,
    it_qualified_share,
    levels,
    qualifications_of_it_staff,
)

blueprint = Blueprint("staff", "lms.reports", url_prefix="/manage/people/statistics", template_folder="templates")
PAGE_SIZE = 50
Cell = dict[str, object]  # how many, and the arguments of the list they are in


@blueprint.get("/")
@requires("reports.view")
def statistics() -> str:
    """Staff by level and IT qualification; IT officers by duty, level and qualification."""
    today = local_date(now(), settings().zone)
    with reading() as session:
        rows = head_counts(session, scope_of("reports.view"), today)
    by_level = levels(rows)
    return render_template(
        "reports/statistics.html",
        today=today,
        total=it_qualified_share(rows),
        by_level=[(level, it_qualified_share(rows, level)) for level in by_level],
        duties=[_duty_line(rows, duty, by_level) for duty in IT_DUTIES],
        levels=by_level,
        it_staff=_cell(rows, Selection(it_staff=True)),
        qualifications=[
            (_qualification(name), _cell(rows, Selection(it_staff=True, qualification=name))) for name in qualifications_of_it_staff(rows)
        ],
    )


@blueprint.get("/people")
@requires("reports.view")
def people() -> str:
    """The people behind one number of the statistics."""
    today = local_date(now(), settings().zone)
    selection = Selection.from_arguments(request.args)
    with reading() as session:
        scope = scope_of("reports.view")
        rows = queries.staff(session, scope, today, selection, after=page_after(), limit=PAGE_SIZE + 1)
        size = count(head_counts(session, scope, today), selection)
    more = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
    return render_template(
        "reports/statistics_people.html",
        rows=rows[:PAGE_SIZE],
        size=size,
        selection=selection,
        described=_described(selection),
        duty_names=IT_DUTY_NAMES,
        after=f"{more.sort_key}~{more.person_id}" if more else None,
    )


def _described(selection: Selection) -> list[str]:
    """What the people of a list have in common, in words."""
    duties: dict[str, str] = {duty.value: name for duty, name in IT_DUTY_NAMES.items()}
    words = []
    if selection.level is not None and selection.level in LEVEL_NAMES:
        words.append(_(LEVEL_NAMES[selection.level]))
    if selection.it_staff:
        words.append(_("Làm công nghệ thông tin"))
    if selection.it_duty is not None and selection.it_duty in duties:
        words.append(_("Nhiệm vụ CNTT: %(duty)s", duty=_(duties[selection.it_duty])))
    if selection.qualification is not None:
        words.append(_("Trình độ chuyên môn: %(level)s", level=_qualification(selection.qualification)))
    if selection.it_qualified is not None:
        words.append(_("Có trình độ tin học") if selection.it_qualified else _("Chưa có trình độ tin học"))
    return [str(word) for word in words]


def _qualification(code: str) -> str:
    if not code:
        return str(_("Chưa có thông tin"))
    return str(_(QUALIFICATION_NAMES[code])) if code in QUALIFICATION_NAMES else code


def _duty_line(rows: list[HeadCount], duty: ITDuty, by_level: list[str]) -> tuple[str, list[tuple[str, Cell]], Cell]:
    cells = [(level, _cell(rows, Selection(level=level, it_duty=duty))) for level in by_level]
    return IT_DUTY_NAMES[duty], cells, _cell(rows, Selection(it_duty=duty))


def _cell(rows: list[HeadCount], selection: Selection) -> Cell:
    return {"count": count(rows, selection), "arguments": selection.as_arguments()}
