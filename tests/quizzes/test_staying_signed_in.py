"""A sitting outlasts the idle limit of a shared machine: thinking is not going away."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from flask import Flask
from sqlalchemy import select

from lms.accounts.models import Account, SignIn
from lms.accounts.rules.passwords import hash_password
from lms.kit.db import Database
from tests.quizzes.making import AT, QUARTER, fill_bank, make_learners, make_round

PASSWORD = "ruộng bậc thang"


def test_who_thinks_longer_than_the_idle_limit_can_still_save_and_hand_in(app: Flask, database: Database) -> None:
    with time_machine.travel(AT, tick=False) as clock:
        with database.transaction() as session:
            make_learners(session, "an")
            session.scalars(select(Account).where(Account.login_name == "an")).one().password_hash = hash_password(PASSWORD)
            fill_bank(session)
            make_round(session)
        client = app.test_client()
        client.post("/sign-in", data={"login": "an", "password": PASSWORD})
        attempt = client.post(f"/rounds/{QUARTER}/start").location
        with database.reading() as session:
            held = session.scalars(select(SignIn.idle_until)).one()
        assert held is not None
        assert held > AT + timedelta(minutes=18)
        clock.move_to(held - timedelta(seconds=1))
        assert client.get(attempt).status_code in (200, 302)
        clock.move_to(held + timedelta(minutes=19))
        assert client.get("/account").location.startswith("/sign-in")
