"""One letter a day, delivered by a real server; a server that is away or refuses delays its letters and loses none."""

from __future__ import annotations

import email
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from uuid import UUID

import pytest
import time_machine
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from lms.accounts.models import Person
from lms.config import Settings
from lms.kit.actors import Role
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.errors import DomainError
from lms.kit.notices import Notice
from lms.mail import jobs
from lms.mail.checks import check_mail
from lms.mail.models import Message, Told
from lms.mail.rules import GIVE_UP, LEASE, next_try
from tests.factories import grant, make_agency, make_person

MORNING = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)  # eight o'clock in the province


class Box:
    """Takes letters as a mail server does; refuses recipients named in `refused` and everything while `busy`."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refused: set[str] = set()
        self.busy = False

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if self.busy:
            return "451 later please"
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self.letters.append(email.message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def port(box: Box) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=free)
    controller.start()
    yield free
    controller.stop()


@pytest.fixture
def said() -> list[Notice]:
    return []


@pytest.fixture
def post(app: Flask, port: int, said: list[Notice]) -> Iterator[Flask]:
    """The application, with a server to hand letters to and one source of notices."""
    settings: Settings = app.extensions["lms.settings"]
    app.extensions["lms.settings"] = replace(
        settings, smtp_url=f"smtp://127.0.0.1:{port}?tls=none", mail_from="Công vụ LMS <lms@tinh.gov.vn>"
    )
    app.extensions["lms.notices"] = (lambda _session, _at, _zone: list(said),)
    with app.app_context():
        yield app


@pytest.fixture
def an(database: Database) -> UUID:
    with database.transaction() as session:
        person = make_person(session, agency=make_agency(session, "Sở Y tế"), login="an")
        session.execute(update(Person).where(Person.id == person).values(email="an@tinh.gov.vn"))
    return person


def letters(database: Database) -> list[tuple[str, int]]:
    with database.reading() as session:
        return [(state, tries) for state, tries in session.execute(select(Message.state, Message.tries).order_by(Message.created_at))]


def notice(person: UUID, key: str, text: str = "Còn 7 ngày để làm bài.", **more: object) -> Notice:
    return Notice(person, key, text, "/rounds/2026-Q4/", **more)  # type: ignore[arg-type]


def test_all_that_is_new_goes_into_one_letter_and_is_told_once(post: Flask, box: Box, said: list[Notice], an: UUID) -> None:
    said += [notice(an, "b", "Việc thứ hai.", lines=("Nông Văn Dũng",), order=2), notice(an, "a", "Việc thứ nhất.", order=1)]
    jobs.write_letters(MORNING)
    jobs.write_letters(MORNING + timedelta(hours=1))
    jobs.hand_over(MORNING)
    said.append(notice(an, "c", "Việc mới."))
    jobs.write_letters(MORNING + timedelta(days=1))
    jobs.hand_over(MORNING + timedelta(days=1))
    first, second = box.letters
    assert first["To"] == "an@tinh.gov.vn"
    assert first["Subject"] == "2 việc cần làm trên Công vụ LMS"
    assert first["Auto-Submitted"] == "auto-generated"
    body = first.get_content()
    assert body.index("Việc thứ nhất.") < body.index("Việc thứ hai.") < body.index("- Nông Văn Dũng")
    assert "http://127.0.0.1:8000/rounds/2026-Q4/" in body
    assert second["Subject"] == "Việc mới"
    assert "Việc thứ nhất" not in second.get_content()


def test_no_letter_is_written_before_seven_in_the_province(post: Flask, said: list[Notice], an: UUID, database: Database) -> None:
    said.append(notice(an, "a"))
    jobs.write_letters(MORNING - timedelta(hours=1, minutes=1))
    assert letters(database) == []


def test_the_text_of_a_sent_letter_is_not_kept(post: Flask, said: list[Notice], an: UUID, database: Database) -> None:
    said.append(notice(an, "a"))
    jobs.write_letters(MORNING)
    jobs.hand_over(MORNING)
    with database.reading() as session:
        assert session.execute(select(Message.state, Message.body)).all() == [("sent", "")]


def test_people_without_an_address_are_counted_and_told_when_they_have_one(
    post: Flask, box: Box, said: list[Notice], an: UUID, database: Database
) -> None:
    with database.transaction() as session:
        session.execute(update(Person).values(email=None))
    said.append(notice(an, "a"))
    jobs.write_letters(MORNING)
    with database.transaction() as session:
        assert session.scalars(select(Told.key)).all() == []
        session.execute(update(Person).values(email="an@tinh.gov.vn"))
    jobs.write_letters(MORNING + timedelta(days=1))
    jobs.hand_over(MORNING + timedelta(days=1))
    assert [letter["To"] for letter in box.letters] == ["an@tinh.gov.vn"]


def test_a_refused_address_fails_with_the_servers_words_and_can_be_tried_again(
    post: Flask, box: Box, said: list[Notice], an: UUID, database: Database, sign_in: Callable[[str], FlaskClient]
) -> None:
    box.refused.add("an@tinh.gov.vn")
    said.append(notice(an, "a"))
    jobs.write_letters(MORNING)
    jobs.hand_over(MORNING)
    with database.reading() as session:
        state, problem, message = session.execute(select(Message.state, Message.problem, Message.id)).one()
    assert (state, problem) == ("failed", "550 no such user")
    with database.transaction() as session:
        grant(session, make_person(session, agency=make_agency(session, "Văn phòng"), login="quantri"), Role.DEPARTMENT)
    client = sign_in("quantri")
    assert "550 no such user" in client.get("/manage/mail/").text
    assert client.post(f"/manage/mail/{message}/again").status_code == 303
    box.refused.clear()
    jobs.hand_over(now())
    assert len(box.letters) == 1


def test_a_busy_server_is_asked_again_later(post: Flask, box: Box, said: list[Notice], an: UUID, database: Database) -> None:
    box.busy = True
    said.append(notice(an, "a"))
    jobs.write_letters(MORNING)
    jobs.hand_over(MORNING)
    jobs.hand_over(MORNING + timedelta(minutes=1))
    assert letters(database) == [("waiting", 1)]
    box.busy = False
    jobs.hand_over(MORNING + timedelta(minutes=3))
    assert letters(database) == [("sent", 2)]


def test_a_server_that_is_away_loses_nothing(post: Flask, box: Box, said: list[Notice], an: UUID, database: Database) -> None:
    here: Settings = post.extensions["lms.settings"]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        post.extensions["lms.settings"] = replace(here, smtp_url=f"smtp://127.0.0.1:{closed.getsockname()[1]}?tls=none")
        said.append(notice(an, "a"))
        jobs.write_letters(MORNING)
        jobs.hand_over(MORNING)
    assert letters(database) == [("waiting", 1)]
    post.extensions["lms.settings"] = here
    jobs.hand_over(MORNING + timedelta(minutes=3))
    assert len(box.letters) == 1


def test_the_letters_of_a_worker_that_died_are_sent_by_another(
    post: Flask, box: Box, said: list[Notice], an: UUID, database: Database
) -> None:
    said.append(notice(an, "a"))
    jobs.write_letters(MORNING)
    with database.transaction() as session:
        session.execute(update(Message).values(state="sending", due_at=MORNING + LEASE))
    jobs.hand_over(MORNING + LEASE / 2)
    assert box.letters == []
    jobs.hand_over(MORNING + LEASE)
    assert len(box.letters) == 1


def test_the_doctor_says_when_letters_have_waited_for_hours(post: Flask, said: list[Notice], an: UUID) -> None:
    assert check_mail() == "0 letters waiting, 0 refused"
    said.append(notice(an, "a"))
    jobs.write_letters(MORNING)
    with time_machine.travel(MORNING + timedelta(hours=7)), pytest.raises(DomainError, match="letters wait since"):
        check_mail()


def test_trying_stops_after_three_days() -> None:
    assert next_try(MORNING, 1, MORNING) == MORNING + timedelta(minutes=2)
    assert next_try(MORNING, 30, MORNING) == MORNING + timedelta(hours=4)
    assert next_try(MORNING, 30, MORNING + GIVE_UP) is None


def test_without_a_server_nothing_is_written(app: Flask, said: list[Notice], an: UUID, database: Database) -> None:
    app.extensions["lms.notices"] = (lambda _session, _at, _zone: [notice(an, "a")],)
    with app.app_context():
        jobs.write_letters(MORNING)
    assert letters(database) == []
