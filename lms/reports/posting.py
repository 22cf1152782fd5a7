"""Letters about reports, with the agency's own PDF and XLSX, through the province's mail server."""

from __future__ import annotations

from datetime import datetime

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lms.kit.clock import Quarter
from lms.kit.unit import reading, settings
from lms.mail import post
from lms.mail.rules import Attachment, Letter
from lms.mail.server import NotSentError
from lms.reports.documents import Kind, Variant, default_form
from lms.reports.models import Report, ReportHappening, ReportLetter, ReportState
from lms.reports.operations import letters as operations
from lms.reports.operations.letters import DueLetter
from lms.reports.queries import files
from lms.reports.rendering import content_of, file_store

MOST_ATTACHED = 8 * 1024 * 1024  # bytes: servers take 10 MB as they are sent, a third more than they are


def hand_over(at: datetime) -> None:
    """Give due letters to the mail server."""
    post.hand_over(POST, at)


def _write(held: DueLetter) -> Letter:
    with reading() as session:
        if held.kind == ReportHappening.PUBLISHED and session.get_one(Report, held.report_id).state != ReportState.PUBLISHED:
            raise NotSentError("no longer public", may_pass=False)
        return written_letter(session, held)


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


POST = post.Post(ReportLetter, operations.take_due, _write, at_once=20)
