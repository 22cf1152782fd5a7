"""Letters with the agency's own documents to its contacts: each once, however long the post is away."""

from __future__ import annotations

import errno
from dataclasses import replace
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.kit.queue import run_due
from lms.mail.rules import LEASE
from lms.privacy.jobs import throw_away
from lms.reports.letter_followers import follower
from lms.reports.models import Report, ReportLetter, WebhookDelivery
from lms.reports.operations import letters, webhooks
from lms.reports.operations.spreading import ask_letters
from lms.reports.posting import hand_over
from lms.reports.queries import files
from lms.reports.rendering import content_of
from tests.mail.test_letters import Box, box, port
from tests.reports.making import CLOSED, Province
from tests.reports.telling import KINDS, province, receiver, sent, spread, telling
from tests.reports.test_public_files import publish, withdraw

__all__ = ["box", "port", "province", "receiver", "telling"]


def test_contacts_of_each_agency_get_its_own_documents_once(telling: Flask, database: Database, province: Province, box: Box) -> None:
    publish(database, CLOSED)
    for _again in range(2):
        spread(telling)
        hand_over(now())
    theirs = ["ket-qua-2026-Q4-H55.1.pdf", "ket-qua-2026-Q4-H55.1.xlsx"]
    assert [(to, files) for to, _subject, files in sent(box)] == [
        ("daumoi@tinh.gov.vn", theirs),
        ("thutruong@tinh.gov.vn", theirs),
        ("vanthu@snv.gov.vn", theirs),
        ("xa@tinh.gov.vn", ["ket-qua-2026-Q4-H55.101.pdf", "ket-qua-2026-Q4-H55.101.xlsx"]),
    ]
    parts = list(box.letters[0].iter_attachments())
    assert parts[0].get_content().startswith(b"%PDF-")
    assert "Sở Nội vụ" in sent(box)[0][1]


def test_a_correction_is_one_letter_and_a_withdrawal_another(telling: Flask, database: Database, province: Province, box: Box) -> None:
    publish(database, CLOSED)
    spread(telling)
    hand_over(now())
    box.letters.clear()
    with database.transaction() as session:  # who is contact no more is told that what they got no longer stands
        letters.remove_address(session, SERVICE, province.agencies["H55.1"], "vanthu@snv.gov.vn", now())
    publish(database, CLOSED + timedelta(minutes=10), "Chấm lại câu 12")
    spread(telling)
    hand_over(now())
    told = {to: (subject, bool(files)) for to, subject, files in sent(box)}
    assert len(box.letters) == 4
    assert told["daumoi@tinh.gov.vn"][0].startswith("Đính chính")
    assert told["daumoi@tinh.gov.vn"][1]
    assert "thay bằng bản đính chính" in told["vanthu@snv.gov.vn"][0]
    assert not told["vanthu@snv.gov.vn"][1]
    box.letters.clear()
    withdraw(database, CLOSED + timedelta(minutes=20))
    spread(telling)
    hand_over(now())
    assert {to for to, _subject, _files in sent(box)} == {"daumoi@tinh.gov.vn", "thutruong@tinh.gov.vn", "xa@tinh.gov.vn"}
    body = box.letters[0].get_content()
    assert "nạp nhầm" in body


def test_a_post_that_is_away_for_a_day_delays_letters_and_loses_none(
    telling: Flask, database: Database, province: Province, box: Box
) -> None:
    settings = telling.extensions["lms.settings"]
    publish(database, CLOSED)
    spread(telling)
    telling.extensions["lms.settings"] = replace(settings, smtp_url="smtp://127.0.0.1:1?tls=none")
    begun = now()
    with time_machine.travel(begun, tick=False) as clock:
        for hour in range(0, 25, 4):
            clock.move_to(begun + timedelta(hours=hour))
            hand_over(now())
        assert box.letters == []
        telling.extensions["lms.settings"] = settings
        clock.move_to(begun + timedelta(hours=30))
        hand_over(now())
        hand_over(now())
    assert len(box.letters) == 4


def test_what_waits_of_a_revision_that_was_superseded_is_not_sent(telling: Flask, database: Database, province: Province, box: Box) -> None:
    publish(database, CLOSED)
    spread(telling)
    publish(database, CLOSED + timedelta(minutes=10), "Chấm lại")
    spread(telling)
    hand_over(now())
    assert len(box.letters) == 4
    assert all(subject.startswith("Đính chính") for _to, subject, _files in sent(box))
    with database.transaction() as session:  # a person who is forgotten is in no letter any more
        follower.forget(session, province.actors["xa"].person_id or UUID(int=0), "an-danh", now())
        assert not session.scalars(select(ReportLetter.id).where(ReportLetter.address == "xa@tinh.gov.vn")).all()
        assert follower.merge(
            session, province.actors["quantri"].person_id or UUID(int=0), province.actors["daumoi"].person_id or UUID(int=0), now()
        ) == {"letters": 2}


def test_an_address_that_is_refused_stops_nobody_and_is_sent_again_by_hand(
    telling: Flask, database: Database, province: Province, box: Box
) -> None:
    box.refused.add("daumoi@tinh.gov.vn")
    publish(database, CLOSED)
    spread(telling)
    hand_over(now())
    assert len(box.letters) == 3
    with database.reading() as session:
        failed: UUID = session.scalars(select(ReportLetter.id).where(ReportLetter.state == "failed")).one()
    box.refused.clear()
    with database.transaction() as session:
        letters.replay_letter(session, SERVICE, failed, now())
    hand_over(now())
    assert len(box.letters) == 4


def test_documents_too_large_to_send_are_fetched_instead(
    telling: Flask, database: Database, province: Province, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lms.reports.posting.MOST_ATTACHED", 1000)
    publish(database, CLOSED)
    spread(telling)
    hand_over(now())
    assert all(files == [] for _to, _subject, files in sent(box))
    assert "tải ở địa chỉ sau" in box.letters[0].get_content()


def test_mailboxes_of_an_agency_are_addresses_and_few(telling: Flask, database: Database, province: Province) -> None:
    agency = province.agencies["H55.1"]
    for wrong in ("khong-co-a-cong", "a@b", "a b@c.vn", "x@y.vn\r\nBcc: z@y.vn", "<a@b.vn>"):
        with pytest.raises(DomainError), database.transaction() as session:
            letters.add_address(session, SERVICE, agency, wrong, now())
    with pytest.raises(DomainError), database.transaction() as session:
        for number in range(20):
            letters.add_address(session, SERVICE, agency, f"a{number}@b.vn", now())


def test_a_letter_that_cannot_be_written_holds_up_none_and_goes_once_it_can(
    telling: Flask, database: Database, province: Province, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(database, CLOSED)
    spread(telling)
    real = content_of

    def broken(session: object, store: object, source: files.Source, **kind: object) -> bytes:
        if source.body.agency.code == "H55.1":
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(session, store, source, **kind)  # type: ignore[arg-type]

    monkeypatch.setattr("lms.reports.posting.content_of", broken)
    hand_over(now())
    assert [to for to, _subject, _files in sent(box)] == ["xa@tinh.gov.vn"]
    with database.reading() as session:
        assert set(session.scalars(select(ReportLetter.problem).where(ReportLetter.state == "waiting"))) == {
            "OSError: [Errno 28] No space left on device"
        }
    monkeypatch.undo()
    hand_over(now() + timedelta(hours=1))
    assert len(box.letters) == 4


def test_a_server_too_slow_for_a_batch_is_given_no_letter_twice(
    telling: Flask, database: Database, province: Province, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(database, CLOSED)
    spread(telling)
    steps = count(0, LEASE.total_seconds() / 5)
    monkeypatch.setattr("lms.mail.post.monotonic", lambda: next(steps))
    hand_over(now())
    first = len(box.letters)
    assert 0 < first < 4
    hand_over(now())  # another worker, while the first may still be at it
    assert len(box.letters) == first
    monkeypatch.undo()
    for _round in range(2):
        hand_over(now() + 3 * LEASE)
    assert len(box.letters) == 4


def test_letters_are_asked_for_later_where_no_mail_server_was_set_at_publication(
    telling: Flask, database: Database, province: Province, box: Box
) -> None:
    settings = telling.extensions["lms.settings"]
    telling.extensions["lms.settings"] = replace(settings, smtp_url=None)
    publish(database, CLOSED)
    spread(telling)
    hand_over(now())
    telling.extensions["lms.settings"] = settings
    spread(telling)
    hand_over(now())
    assert box.letters == []
    with database.reading() as session:
        report = session.scalars(select(Report.id)).one()
    for _again in range(2):
        with database.transaction() as session:
            ask_letters(session, SERVICE, report, now())
        run_due(telling)
        hand_over(now())
    assert len(box.letters) == 4
    with database.transaction() as session:  # a contact that came later gets its own, and nobody a second
        letters.add_address(session, SERVICE, province.agencies["H55.102"], "moi@tinh.gov.vn", now())
        ask_letters(session, SERVICE, report, now())
    run_due(telling)
    hand_over(now())
    assert [str(one["To"]) for one in box.letters[4:]] == ["moi@tinh.gov.vn"]
    withdraw(database, CLOSED + timedelta(minutes=20))
    with pytest.raises(Conflict), database.transaction() as session:
        ask_letters(session, SERVICE, report, now())


def test_what_was_sent_is_forgotten_after_its_time_and_what_waits_is_not(telling: Flask, database: Database, province: Province) -> None:
    publish(database, CLOSED)
    with database.transaction() as session:
        webhooks.add_webhook(session, SERVICE, "ioc", "https://ioc.example.vn/", KINDS, may_be_plain=False, at=now())
    spread(telling)
    hand_over(now())
    with database.transaction() as session:
        waiting = session.scalars(select(ReportLetter).order_by(ReportLetter.id)).first()
        assert waiting is not None
        waiting.state, waiting.ended_at = "waiting", None
        session.execute(update(WebhookDelivery).values(state="failed"))
    later = now() + timedelta(days=399)
    throw_away(later)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ReportLetter)) == 4
    throw_away(later + timedelta(days=2))
    with database.reading() as session:
        assert session.scalars(select(ReportLetter.state)).all() == ["waiting"]
        assert session.scalars(select(WebhookDelivery)).all() == []
