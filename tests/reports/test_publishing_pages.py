"""The department keeps receivers and sees what was delivered; an agency keeps its mailboxes; the same from a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.reports.models import ReportLetter, WebhookDelivery, WebhookTarget
from lms.reports.operations import webhooks as operations
from lms.reports.posting import hand_over
from lms.reports.queries.deliveries import addresses_of
from lms.reports.webhooks_cli import webhooks
from tests.mail.test_letters import Box, box, port
from tests.reports.making import CLOSED, Province
from tests.reports.telling import KINDS, province, spread, telling
from tests.reports.test_public_files import publish

__all__ = ["box", "port", "province", "telling"]
SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def department(telling: Flask, province: Province, sign_in: SignIn) -> FlaskClient:
    telling.config["WTF_CSRF_ENABLED"] = False
    return sign_in("quantri")


def test_a_receiver_is_added_and_its_secret_shown_once(department: FlaskClient, database: Database) -> None:
    added = department.post("/manage/publishing/", data={"name": "ioc", "url": "https://ioc.example.vn/nhan", "events": KINDS})
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", added.text)
    assert secret is not None
    assert added.headers["Cache-Control"] == "no-store"
    page = department.get("/manage/publishing/").text
    assert "https://ioc.example.vn/nhan" in page
    assert "whsec_" not in page
    assert "whsec_" in department.post("/manage/publishing/receivers/ioc/rotate").text
    wrong_ones: list[dict[str, object]] = [{"url": "khong-phai"}, {"name": "Có dấu"}, {"events": []}]
    for wrong in wrong_ones:
        data = {"name": "ioc2", "url": "https://ioc.example.vn/", "events": KINDS, **wrong}
        assert department.post("/manage/publishing/", data=data).status_code == 422
    assert department.post("/manage/publishing/receivers/ioc/pause").status_code == 303
    assert "Tạm dừng từ" in department.get("/manage/publishing/").text
    assert department.post("/manage/publishing/receivers/ioc/resume").status_code == 303
    assert department.post("/manage/publishing/receivers/ioc/remove").status_code == 303
    with database.reading() as session:
        assert session.scalars(select(WebhookTarget)).all() == []


def test_what_was_delivered_is_seen_and_sent_again_by_a_button(
    telling: Flask, department: FlaskClient, database: Database, province: Province, box: Box
) -> None:
    box.refused.add("daumoi@tinh.gov.vn")
    with database.transaction() as session:
        before = CLOSED - timedelta(days=1)
        operations.add_webhook(session, SERVICE, "ioc", "https://ioc.example.vn/", KINDS, may_be_plain=False, at=before)
    publish(database, CLOSED)
    spread(telling)
    hand_over(now())
    page = department.get("/manage/publishing/2026-Q4/").text
    assert "550 no such user" in page
    assert "vanthu@snv.gov.vn" in page
    with database.reading() as session:
        letter = session.scalars(select(ReportLetter.id).where(ReportLetter.state == "failed")).one()
        delivery = session.scalars(select(WebhookDelivery.id)).one()
    assert department.post("/manage/publishing/2026-Q4/replay", data={"letter": letter}).status_code == 303
    assert department.post("/manage/publishing/2026-Q4/replay", data={"delivery": delivery}).status_code == 303
    assert department.post("/manage/publishing/2026-Q4/replay", data={"delivery": "x"}).status_code == 404
    with database.reading() as session:
        assert session.get_one(ReportLetter, letter).state == "waiting"
        assert session.get_one(WebhookDelivery, delivery).replays == 1
    assert 'href="/manage/reports/2026-Q4/"' in page
    assert 'href="/manage/publishing/2026-Q4/"' in department.get("/manage/reports/2026-Q4/").text
    assert department.post("/manage/publishing/2026-Q4/letters").status_code == 303
    since = department.post("/manage/publishing/receivers/ioc/replay", data={"since": "01/11/2026"})
    assert since.status_code == 303
    with database.reading() as session:
        assert session.get_one(WebhookDelivery, delivery).replays == 2


def test_an_agency_keeps_its_own_mailboxes_and_no_others(telling: Flask, province: Province, database: Database, sign_in: SignIn) -> None:
    telling.config["WTF_CSRF_ENABLED"] = False
    client = sign_in("daumoi")
    assert 'href="/manage/publishing/agencies/H55.1"' in client.get("/manage/publishing/agencies/").text
    assert "vanthu@snv.gov.vn" in client.get("/manage/publishing/agencies/H55.1").text
    assert client.post("/manage/publishing/agencies/H55.1", data={"address": "web@snv.gov.vn"}).status_code == 303
    assert client.post("/manage/publishing/agencies/H55.1", data={"address": "không phải"}).status_code == 422
    assert client.post("/manage/publishing/agencies/H55.1", data={"remove": "vanthu@snv.gov.vn"}).status_code == 303
    with database.reading() as session:
        assert addresses_of(session, province.agencies["H55.1"]) == ["thutruong@tinh.gov.vn", "web@snv.gov.vn"]
    assert client.get("/manage/publishing/agencies/H55.101").status_code == 404
    assert client.post("/manage/publishing/agencies/H55.101", data={"address": "a@b.vn"}).status_code == 404
    assert client.get("/manage/publishing/").status_code == 403


def test_receivers_are_kept_from_a_terminal(telling: Flask, province: Province, database: Database) -> None:
    run = CliRunner()

    def said(*arguments: str) -> str:
        result = run.invoke(webhooks, list(arguments), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    assert said("add", "ioc", "https://ioc.example.vn/").startswith("whsec_")
    assert said("rotate", "ioc").startswith("whsec_")
    said("pause", "ioc")
    assert "paused" in said("list")
    said("resume", "ioc")
    publish(database, CLOSED)
    spread(telling)
    assert "1 to be sent again" in said("replay", "ioc", "--since", "2026-11-01")
    [row] = said("deliveries", "ioc").strip().splitlines()
    assert "report.published" in row
    assert "1 to be sent again" in said("replay", "ioc", "--delivery", row.split("\t")[0])
    assert run.invoke(webhooks, ["replay", "ioc"]).exit_code == 2
    said("remove", "ioc")
    assert said("list") == ""
