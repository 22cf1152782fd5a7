"""The mail server outside: a letter is handed over, or it is said whether trying again may help."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from types import TracebackType
from urllib.parse import unquote, urlsplit

from lms.kit.clock import now
from lms.mail.rules import Letter

TIMEOUT = 20  # seconds for each answer of the server


class NotSentError(Exception):
    """The server did not take the letter. `may_pass`: later it may; `all_of_them`: it takes none now."""

    def __init__(self, problem: str, *, may_pass: bool, all_of_them: bool = False) -> None:
        super().__init__(problem)
        self.may_pass = may_pass
        self.all_of_them = all_of_them


class MailServer:
    """A connection to the server of `LMS_SMTP_URL`, opened with the first letter and used for all of a batch."""

    def __init__(self, url: str, sender: str) -> None:
        self._parts = urlsplit(url)
        self._sender = sender
        self._connection: smtplib.SMTP | None = None

    def __enter__(self) -> MailServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._connection is not None:
            with suppress(smtplib.SMTPException, OSError):  # the letters are over there already
                self._connection.quit()

    def send(self, letter: Letter, address: str) -> None:
        """Raises NotSentError."""
        try:
            self._connected().send_message(self._message(letter, address))
        except smtplib.SMTPRecipientsRefused as refused:
            code, reason = next(iter(refused.recipients.values()))
            raise NotSentError(_words(code, reason), may_pass=code < 500) from refused
        except smtplib.SMTPResponseException as refused:
            of_server = isinstance(refused, smtplib.SMTPAuthenticationError | smtplib.SMTPConnectError | smtplib.SMTPHeloError)
            may_pass = of_server or refused.smtp_code < 500
            raise NotSentError(_words(refused.smtp_code, refused.smtp_error), may_pass=may_pass, all_of_them=of_server) from refused
        except (smtplib.SMTPException, OSError) as broken:
            self._connection = None
            raise NotSentError(str(broken) or type(broken).__name__, may_pass=True, all_of_them=True) from broken
        except ValueError as unusable:  # an address or subject that cannot stand in a header
            raise NotSentError(str(unusable), may_pass=False) from unusable

    def _connected(self) -> smtplib.SMTP:
        if self._connection is None:
            host, secure = self._parts.hostname or "", self._parts.scheme == "smtps"
            context = ssl.create_default_context()
            if secure:
                connection: smtplib.SMTP = smtplib.SMTP_SSL(host, self._parts.port or 465, timeout=TIMEOUT, context=context)
            else:
                connection = smtplib.SMTP(host, self._parts.port or 587, timeout=TIMEOUT)
                if self._parts.query != "tls=none":
                    connection.starttls(context=context)
            if self._parts.username:
                connection.login(unquote(self._parts.username), unquote(self._parts.password or ""))
            self._connection = connection
        return self._connection

    def _message(self, letter: Letter, address: str) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = address
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(now())
        message["Message-ID"] = f"<{letter.id}@{parseaddr(self._sender)[1].rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.body)
        for attached in letter.attachments:
            main, _slash, sub = attached.media_type.partition("/")
            message.add_attachment(attached.content, maintype=main, subtype=sub, filename=attached.name)
        return message


def _words(code: int, reason: bytes | str) -> str:
    return f"{code} {reason.decode(errors='replace') if isinstance(reason, bytes) else reason}"
