"""The pages every import shares. A package's views are five short functions that state a permission and call these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Response, flash, make_response, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, scope_of
from lms.kit.actors import NotFound, Scope
from lms.kit.clock import now
from lms.kit.errors import N_, DomainError
from lms.kit.forms import BaseForm
from lms.kit.i18n import translated
from lms.kit.imports.jobs import read_content
from lms.kit.imports.operations import confirm_import, record_check, record_check_again, record_refused_file
from lms.kit.imports.queries import ImportView, import_content, import_view, recent_imports
from lms.kit.imports.rules import Checked, Finding, ImportState, messages_by_row
from lms.kit.imports.undo import request_undo
from lms.kit.sheets import Sheet, error_copy
from lms.kit.unit import reading, transaction, vault
from lms.kit.vietnamese import clean

SHOWN_FINDINGS = 50
ACCEPT = ".xlsx,.xls,.ods,.csv,.tsv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class UploadForm(BaseForm):
    """Choosing a file; a kind of import that has options adds its fields in a subclass."""

    file = FileField(
        _l("Tệp cần nhập"),
        description=_l("Bảng tính .xlsx, .xls, .ods hoặc .csv; tối đa 20 MB, 50.000 dòng mỗi trang tính."),
        validators=[FileRequired(_l("Chưa chọn tệp"))],
    )

    def options(self) -> dict[str, Any]:
        """What was chosen besides the file; kept with the import and given to check and apply. JSON values."""
        return {}


Read = Callable[[bytes, str, Mapping[str, Any]], Any]
"""(content, file name, options) → what `check` is given; of kinds whose files are no spreadsheets. Raises DomainError."""


def read_sheets(content: bytes, name: str, options: Mapping[str, Any]) -> list[Sheet]:
    return read_content(content, name)


@dataclass(frozen=True, kw_only=True)
class ImportPages:
    """What one kind of import is called and where its views are. All texts are lazy translations.

    `counts`: key of `Checked.counts` and of the result → what is counted; shown in this order. `endpoints`: `upload` (GET and POST),
    `run` (GET), `confirm` (POST), `errors` (GET), each of the last three with `run_id`; `template` (GET) where there is a file to fill in.
    """

    kind: str
    permission: str
    job_kind: str
    title: Any
    lead: Any
    counts: Mapping[str, Any]
    endpoints: Mapping[str, str]
    columns: tuple[tuple[Any, Any, Any], ...] = ()  # label, meaning, example
    partial: bool = False  # may correct rows be imported and faulty ones left out?
    breadcrumbs: tuple[tuple[Any, str], ...] = ()  # label, endpoint
    done_link: tuple[Any, str] | None = None  # label, endpoint: where to look at what was imported
    upload_template: str = "imports/upload.html"
    run_template: str = "imports/run.html"
    undo_job_kind: str | None = None  # with the endpoint `undo` (POST): the last import can be taken back
    undo_counts: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    accept: str = ACCEPT
    read: Read = read_sheets
    own_only: bool = False  # nobody sees another's imports, as where reviewers must not learn who wrote what

    @property
    def scope(self) -> Scope:
        return frozenset() if self.own_only else scope_of(self.permission)

    def url(self, name: str, **values: Any) -> str:
        return url_for(self.endpoints[name], **values)

    def trail(self, here: Any) -> list[dict[str, Any]]:
        return [{"label": label, "url": url_for(endpoint)} for label, endpoint in self.breadcrumbs] + [{"label": here, "url": None}]


Check = Callable[[Session, Any, str, Mapping[str, Any]], Checked]
"""(session, sheets, file name, options) → what the file would change; only reads. Raises DomainError for the file as a whole."""


def check_again(
    pages: ImportPages,
    run_id: UUID,
    check: Check,
    *,
    options: dict[str, Any] | None = None,
    decisions: dict[str, Any] | None = None,
) -> None:
    """Check a run's file anew with other options or decisions (which the check finds in its options as `decisions`). Raises DomainError,
    NotFound where the file is gone."""
    run = view_of(pages, run_id)
    sheets = sheets_of(run)
    chosen = {**(run.options if options is None else options), "decisions": run.decisions if decisions is None else decisions}
    with reading() as session:
        checked = check(session, sheets, run.file_name, chosen)
    with transaction() as session:
        record_check_again(session, current_actor(), run_id, checked, options=options, decisions=decisions, at=now())


def sheets_of(run: ImportView) -> list[Sheet]:
    """The uploaded sheets of an import the viewer may see. Raises NotFound once the file was thrown away."""
    with reading() as session:
        content = import_content(session, vault(), run.id)
    if content is None:
        raise NotFound
    return read_content(content, run.file_name)


def upload_page(pages: ImportPages, form: UploadForm, status: int = 200) -> Response:
    """Choose a file; below it, what the columns mean and the imports of late."""
    with reading() as session:
        recent = recent_imports(session, kind=pages.kind, scope=pages.scope, viewer=current_actor())
    page = render_template(
        pages.upload_template, pages=pages, form=form, recent=recent, states=state_words(), accept=pages.accept, **pages.context
    )
    return make_response(page, status)


def receive(pages: ImportPages, form: UploadForm, check: Check) -> AnyResponse:
    """Check an uploaded file and lead to its preview; trouble with the file as a whole stands at the field."""
    if not form.validate_on_submit():
        return upload_page(pages, form, 422)
    name = file_name(form.file.data.filename)
    content: bytes = form.file.data.read()
    try:
        options = form.options()
        sheets = pages.read(content, name, options)  # outside the transaction: nobody waits for the parser
        with reading() as session:
            checked = check(session, sheets, name, options)
        with transaction() as session:
            run_id = record_check(
                session,
                current_actor(),
                vault(),
                kind=pages.kind,
                file_name=name,
                content=content,
                checked=checked,
                options=options,
                at=now(),
            )
    except DomainError as refusal:
        with transaction() as session:
            record_refused_file(session, current_actor(), kind=pages.kind, file_name=name, content=content, refusal=refusal, at=now())
        form.file.errors = [*form.file.errors, translated(refusal)]
        return upload_page(pages, form, refusal.status)
    return redirect(pages.url("run", run_id=run_id), 303)


def run_page(pages: ImportPages, run_id: UUID, more: Callable[[ImportView], Mapping[str, Any]] | None = None) -> str:
    """One address for an import's whole life: preview, progress, end. `more`: what a kind's own template needs besides."""
    run = view_of(pages, run_id)
    rows = [_finding_row(finding) for finding in run.findings[:SHOWN_FINDINGS]]
    return render_template(
        pages.run_template,
        pages=pages,
        run=run,
        state_word=state_words()[run.state],
        counts=_counted(pages, run.counts),
        result=_counted(pages, run.result),
        summaries=_summaries(run.findings),
        finding_rows=rows,
        several_sheets=len({finding.sheet for finding in run.findings}) > 1,
        shown=len(rows),
        error=translated(run.error) if run.error else None,
        undo_refusal=translated(run.undo_refusal) if run.undo_refusal else None,
        undo_error=translated(run.undo_error) if run.undo_error else None,
        undo_result=[{"label": label, "value": run.undo_result[key]} for key, label in pages.undo_counts.items() if key in run.undo_result],
        **{**pages.context, **(more(run) if more else {})},
    )


def confirm(pages: ImportPages, run_id: UUID) -> AnyResponse:
    """The button that names the counts was pressed."""
    view_of(pages, run_id)
    skip_faulty = pages.partial and request.form.get("skip_faulty") == "1"
    given = request.form.get("acknowledged", "")
    acknowledged = int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0
    try:
        with transaction() as session:
            confirm_import(
                session, current_actor(), run_id, job_kind=pages.job_kind, skip_faulty=skip_faulty, acknowledged=acknowledged, at=now()
            )
    except DomainError as refusal:
        flash(translated(refusal), "error")
    return redirect(pages.url("run", run_id=run_id), 303)


def undo(pages: ImportPages, run_id: UUID) -> AnyResponse:
    """The tick was set and the button pressed: hand the taking back to the worker."""
    view_of(pages, run_id)
    if pages.undo_job_kind is None:
        raise NotFound
    try:
        if request.form.get("sure") != "1":
            raise DomainError(N_("Chưa đánh dấu ô xác nhận hoàn tác."), code="not_sure")
        with transaction() as session:
            request_undo(session, current_actor(), run_id, job_kind=pages.undo_job_kind, at=now())
    except DomainError as refusal:
        flash(translated(refusal), "error")
    return redirect(pages.url("run", run_id=run_id), 303)


def error_file(pages: ImportPages, run_id: UUID) -> Response:
    """The sender's sheets with the faulty rows alone and a column that says what to mend in each."""
    run = view_of(pages, run_id)
    with reading() as session:
        content = import_content(session, vault(), run_id)
    if content is None or not run.findings:
        raise NotFound
    copy = error_copy(
        read_content(content, run.file_name),
        messages_by_row([finding for finding in run.findings if finding.blocking] or run.findings, _),
        label=_("Lỗi"),
        only_faulty=True,
        withheld={sheet: set(columns) for sheet, columns in run.details.get("dropped_columns", {}).items()},
    )
    return xlsx_response(copy, f"{run.file_name.rsplit('.', 1)[0]}-loi.xlsx")


def xlsx_response(content: bytes, name: str) -> Response:
    response = send_file(BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"  # what sends files would let a browser keep it
    return response


def file_name(given: str | None) -> str:
    """The last part of what the browser calls the file, whatever system it runs on."""
    return clean(given or "").replace("\\", "/").rsplit("/", 1)[-1].strip()[:200] or "tep"


def state_words() -> dict[str, dict[str, str]]:
    """Each state as a tag."""
    return {
        ImportState.COLUMNS: {"text": _("Chờ ghép cột"), "kind": "waiting"},
        ImportState.CHECKED: {"text": _("Chưa nhập"), "kind": "waiting"},
        ImportState.CONFIRMED: {"text": _("Đang chờ"), "kind": "active"},
        ImportState.APPLYING: {"text": _("Đang nhập"), "kind": "active"},
        ImportState.DONE: {"text": _("Đã nhập"), "kind": "done"},
        ImportState.REFUSED: {"text": _("Không nhập được"), "kind": "failed"},
        ImportState.FAILED: {"text": _("Gặp lỗi"), "kind": "failed"},
        ImportState.UNDOING: {"text": _("Đang hoàn tác"), "kind": "active"},
        ImportState.UNDONE: {"text": _("Đã hoàn tác"), "kind": "closed"},
    }


def view_of(pages: ImportPages, run_id: UUID) -> ImportView:
    """The import, if the one who asks may see it. Raises NotFound."""
    with reading() as session:
        return import_view(session, run_id, kind=pages.kind, scope=pages.scope, viewer=current_actor(), at=now())


def _counted(pages: ImportPages, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"label": label, "value": counts[key]} for key, label in pages.counts.items() if key in counts]


def _summaries(findings: list[Finding]) -> list[dict[str, Any]]:
    """What to mend, in words, most rows first: “Sửa mã trùng: 4 dòng”."""
    rows: dict[str, set[tuple[str, int]]] = {}
    for finding in findings:
        if finding.blocking and finding.summary:
            rows.setdefault(finding.summary, set()).add((finding.sheet, finding.row))
    return [{"text": _(summary), "rows": len(found)} for summary, found in sorted(rows.items(), key=lambda item: -len(item[1]))]


def _finding_row(finding: Finding) -> dict[str, Any]:
    message = _(finding.message, **finding.values)
    message = message[:1].upper() + message[1:]
    return {
        "sheet": finding.sheet,
        "row": finding.row,
        "label": finding.label or None,
        "value": finding.value or None,
        "message": {"error": message} if finding.blocking else {"text": message, "tag": {"text": _("Lưu ý"), "kind": "flagged"}},
    }
