"""Accounts made before passwords had an age get the dates their rules count from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from lms.accounts.models import Account
from lms.kit.clock import now
from lms.kit.db import Database
from lms.maintenance import schema
from tests.factories import make_agency, make_person

ACTIVATED = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


def test_a_password_is_as_old_as_the_activation_and_nobody_is_too_late_at_once(database: Database) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        for login, password in (("cu", "ruộng bậc thang"), ("chua", None)):
            make_person(session, "Lê Thị Cũ", agency=agency, login=login, password=password)
        session.execute(update(Account).values(activated_at=ACTIVATED, password_set_at=None, last_sign_in_at=None))
    schema.downgrade(database, "0006")
    schema.upgrade(database)
    with database.reading() as session:
        rows = {row.login_name: row for row in session.scalars(select(Account))}
    assert rows["cu"].password_set_at == ACTIVATED
    assert rows["cu"].last_sign_in_at is not None
    assert now() - rows["cu"].last_sign_in_at < timedelta(minutes=5)
    assert (rows["chua"].password_set_at, rows["chua"].last_sign_in_at) == (None, None)
