"""Letters about reports, with the agency's own PDF and XLSX, through the province's mail server."""

from __future__ import annotations

from datetime import datetime

import structlog
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lms.kit.clock import Quarter
from lms.kit.unit import reading, settings, transaction
from lms.mail.rules import Attachment, Letter
from lms.mail.server import MailServer, NotSentError
from lms.reports.documents import Kind, Variant, default_form
from lms.reports.models import Report, ReportHappening, ReportState
from lms.reports.operations import letters as operations
from lms.reports.operations.letters import DueLetter
from lms.reports.queries import files
from lms.reports.rendering import content_of, file_store

log = structlog.get_logger()

LETTERS_AT_ONCE = 20
MOST_ATTACHED = 8 * 1024 * 1024  # bytes: servers take 10 MB as they are sent, a third more than they are


def hand_over(at: datetime) -> None:
    """Give due letters to the mail server. One that is away delays its letters and nothing else."""
    url, sender = settings().smtp_url, settings().mail_from
    if url is None or sender is None:
        return
    with MailServer(url, sender) as server:
        while True:
            with transaction() as session:
                due = operations.take_due(session, at, LETTERS_AT_ONCE)
            away: NotSentError | None = None
            for letter in due:
                away = _send(server, letter, at, away)
            if away is not None or len(due) < LETTERS_AT_ONCE:
                return


def _send(server: MailServer, letter: DueLetter, at: datetime, away: NotSentError | None) -> NotSentError | None:
    """Where the server takes none now, the rest of the batch is put off unasked."""
    try:
        if away is not None:
            raise away
        if letter.address is None:
            raise NotSentError("no address any more", may_pass=False)
        with reading() as session:
            if letter.kind == ReportHappening.PUBLISHED and session.get_one(Report, letter.report_id).state != ReportState.PUBLISHED:
                raise NotSentError("no longer public", may_pass=False)
            written = written_letter(session, letter)
        server.send(written, letter.address)
    except NotSentError as failure:
        with transaction() as session:
            operations.note_failed(session, letter, str(failure), at, may_pass=failure.may_pass)
        return failure if failure.all_of_them else None
    with transaction() as session:
        operations.note_sent(session, letter.id, at)
    return None


def written_letter(session: Session, letter: DueLetter) -> Letter:
    """The letter as it goes out. Documents are attached to what is public; the files are those that are handed out on the pages."""
    report = session.get_one(Report, letter.report_id)
    source = files.source(session, letter.report_id, letter.agency_id)
    quarter = Quarter.from_code(report.period)
    attachments: tuple[Attachment, ...] = ()
    if letter.kind == ReportHappening.PUBLISHED:
        store, form = file_store(settings()), default_form(source.body)
        attachments = tuple(
            Attachment(
                f"ket-qua-{quarter}-{source.body.agency.code}.{kind.value}",
                kind.media_type,
                content_of(session, store, source, kind=kind, variant=Variant.FINAL, form=form),
            )
            for kind in (Kind.PDF, Kind.XLSX)
        )
    too_large = sum(len(one.content) for one in attachments) > MOST_ATTACHED
    base = settings().base_url
    with force_locale(settings().locale):
        names = {"quarter": quarter.label, "agency": source.body.agency.name, "revision": report.revision}
        subject = {
            ReportHappening.PUBLISHED: _("Kết quả kiểm tra %(quarter)s của %(agency)s", **names)
            if report.corrects_because is None
            else _("Đính chính kết quả kiểm tra %(quarter)s của %(agency)s", **names),
            ReportHappening.SUPERSEDED: _("Kết quả kiểm tra %(quarter)s đã được thay bằng bản đính chính", **names),
            ReportHappening.WITHDRAWN: _("Kết quả kiểm tra %(quarter)s đã được gỡ", **names),
        }[ReportHappening(letter.kind)]
        body = current_app.jinja_env.get_template("reports/letter.txt").render(
            kind=letter.kind,
            names=names,
            report=report,
            details=letter.details,
            attached=bool(attachments) and not too_large,
            address=f"{base}/reports/{quarter}/{source.body.agency.code}",
            public=f"{base}/public/{quarter}/{source.body.agency.code}",
            phone=settings().support_phone,
            base=base,
        )
    to = letter.address or ""
    return Letter(letter.id, to, str(subject)[:150], body, letter.tries, letter.created_at, () if too_large else attachments)
