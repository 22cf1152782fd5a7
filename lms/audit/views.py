"""The audit: searching, one entry, the search as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lms.audit import queries, reading
from lms.audit.forms import AuditSearchForm
from lms.audit.rules import Entry, as_table
from lms.kit import audit
from lms.kit.access import current_actor, requires
from lms.kit.actors import NotFound
from lms.kit.clock import now
from lms.kit.formats import exact_datetime
from lms.kit.sheets import Column, table_workbook
from lms.kit.sheets.writer import csv_text
from lms.kit.unit import reading as reading_unit
from lms.kit.unit import settings, transaction
from lms.kit.web import page_after

blueprint = Blueprint("audit", __name__, url_prefix="/manage/audit", template_folder="templates")

XLSX_ROWS = 50_000  # what an office machine opens without complaint
CSV_ROWS = 5_000_000


@blueprint.get("/")
@requires("audit.view")
def index() -> Response:
    """Entries newest first, fifty at a time. At most nine statements: head, names that a search means, entries, names of what they
    mention; and the note that somebody searched."""
    form = _form()
    if not form.validate():
        return _page(form, [], None, status=422)
    after = _after()
    if after is None and form.filters():
        _note("audit.search", form)
    with reading_unit() as session:
        search = reading.search_of(session, form, settings().zone)
        found = queries.entries(session, search, after=after, limit=queries.PAGE + 1)
        shown = found[: queries.PAGE]
        reader = reading.Reader(session, shown, settings().zone)
        return _page(form, [_line(reader, entry) for entry in shown], shown[-1] if len(found) > queries.PAGE else None, session=session)


@blueprint.get("/<uuid:audit_entry_id>")
@requires("audit.view")
def entry(audit_entry_id: UUID) -> str:
    """One entry: who, what, to whom, from where, before and after."""
    with reading_unit() as session:
        found, link = queries.entry(session, audit_entry_id)
        reader = reading.Reader(session, [found], settings().zone)
        url = reading.page_about(session, found.subject)
        actor_url = reading.page_about(session, str(found.actor_id)) if found.actor_id else None
    changed, rest = as_table(found.details)
    return render_template(
        "audit/entry.html",
        entry=found,
        link=link,
        name=reading.action_name(found.action),
        subject=reader.subject(found),
        subject_url=url,
        actor_url=actor_url,
        changed=[
            {"field": reader.field(key), "before": reader.value(key, before), "after": reader.value(key, after)}
            for key, before, after in changed
        ],
        rest=[{"key": reader.field(key), "value": reader.value(key, value)} for key, value in rest],
    )


@blueprint.get("/export.<any(xlsx, csv):kind>")
@requires("audit.view")
def export(kind: str) -> Response:
    """The search as a file: the rows of the page, all of them."""
    form = _form()
    if not form.validate():
        raise NotFound
    _note("audit.export", form, format=kind)
    name = f"nhat-ky-{now().astimezone(settings().zone):%Y%m%d-%H%M}.{kind}"
    if kind == "csv":
        response = Response(stream_with_context(_csv(form)), mimetype="text/csv")
    else:
        with reading_unit() as session:
            rows = _rows(session, form, XLSX_ROWS)
            body = table_workbook(COLUMNS, rows, sheet_name=_("Nhật ký"), title=_("NHẬT KÝ HỆ THỐNG"), preamble=_about(form), large=True)
        response = Response(body, mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


COLUMNS = (
    Column("Lúc", 20),
    Column("Người thực hiện", 26),
    Column("Việc", 30),
    Column("Mã việc", 26),
    Column("Đối tượng", 30),
    Column("Mã đối tượng", 38),
    Column("Chi tiết", 60),
    Column("Địa chỉ mạng", 18),
    Column("Mã yêu cầu", 20),
    Column("Mã mục", 38),
)


def _csv(form: AuditSearchForm) -> Iterator[str]:
    yield "\ufeff" + _csv_line([column.label for column in COLUMNS])
    with reading_unit() as session:
        for row in _rows(session, form, CSV_ROWS):
            yield _csv_line([csv_text(text) for text in row])


def _csv_line(values: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()


def _rows(session: Session, form: AuditSearchForm, most: int) -> Iterator[list[str]]:
    """Rows of the export. One statement for each two thousand entries, and those for their names."""
    search = reading.search_of(session, form, settings().zone)
    for part in queries.entries_in_parts(session, search, most):
        reader = reading.Reader(session, part, settings().zone)
        for found in part:
            yield [
                exact_datetime(found.at, settings().zone),
                found.actor_name,
                reading.action_name(found.action),
                found.action,
                reader.subject(found),
                found.subject,
                reader.summary(found),
                found.remote_address or "",
                found.request_id or "",
                str(found.id),
            ]


def _about(form: AuditSearchForm) -> list[str]:
    """What was searched for, above the table."""
    parts = [
        f"{form[name].label.text}: {reading.action_name(value) if name == 'action' else value}" for name, value in form.filters().items()
    ]
    return ["; ".join(parts)] if parts else []


def _form() -> AuditSearchForm:
    form = AuditSearchForm(request.args)
    form.action.choices = [("", _("Mọi việc")), *reading.action_choices()]
    return form


def _after() -> tuple[datetime, UUID] | None:
    given = page_after()
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given[0])
    except ValueError as error:
        raise NotFound from error
    if moment.tzinfo is None:
        raise NotFound
    return moment, given[1]


def _note(action: str, form: AuditSearchForm, **details: str) -> None:
    with transaction() as session:
        audit.record(session, current_actor(), action, "audit", now(), sought=form.filters(), **details)


def _line(reader: reading.Reader, found: Entry) -> dict[str, Any]:
    moment = exact_datetime(found.at, settings().zone)
    return {
        "at": {"text": moment, "href": url_for("audit.entry", audit_entry_id=found.id)},
        "actor": found.actor_name,
        "action": reading.action_name(found.action),
        "subject": {"text": reader.subject(found)},
        "address": found.remote_address or "—",
    }


def _page(
    form: AuditSearchForm, rows: list[dict[str, Any]], last: Entry | None, *, session: Session | None = None, status: int = 200
) -> Response:
    kept: dict[str, Any] = dict(form.filters())
    page = render_template(
        "audit/index.html",
        form=form,
        rows=rows,
        filtered=bool(kept),
        head=queries.head(session) if session else None,
        next_url=url_for("audit.index", after=f"{last.at.isoformat()}~{last.id}", **kept) if last else None,
        first_url=url_for("audit.index", **kept) if request.args.get("after") else None,
        exports={kind: url_for("audit.export", kind=kind, **kept) for kind in ("xlsx", "csv")},
        xlsx_rows=XLSX_ROWS,
    )
    return make_response(page, status)
