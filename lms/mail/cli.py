"""`lms mail`."""

from __future__ import annotations

import click
from flask_babel import gettext as _

from lms.kit.clock import now
from lms.kit.errors import N_, DomainError
from lms.kit.ids import uuid7
from lms.kit.unit import reading, settings
from lms.mail.queries import mail_state
from lms.mail.rules import Letter
from lms.mail.server import MailServer, NotSentError


@click.group("mail", help="Letters: state of the post, a letter to try the settings.")
def mail() -> None:
    pass


@mail.command("status", help="Letters by state.")
def status() -> None:
    with reading() as session:
        state = mail_state(session)
    for name, count in state.counts.items():
        click.echo(f"{name}\t{count}")


@mail.command("try", help="Send a letter to ADDRESS to try LMS_SMTP_URL.")
@click.argument("address")
def try_(address: str) -> None:
    url, sender = settings().smtp_url, settings().mail_from
    if url is None or sender is None:
        raise DomainError(N_("Chưa đặt LMS_SMTP_URL và LMS_MAIL_FROM."))
    letter = Letter(uuid7(), address, str(_("Thư thử của Công vụ LMS")), str(_("Máy chủ thư đã nhận thư này.")), 1, now())
    try:
        with MailServer(url, sender) as server:
            server.send(letter, address)
    except NotSentError as failure:
        raise DomainError(N_("Máy chủ thư không nhận: %(reason)s"), reason=str(failure)) from None
    click.echo(_("Đã chuyển thư cho máy chủ thư."))
