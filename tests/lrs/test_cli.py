"""`lms xapi credentials …`"""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.lrs.cli import xapi
from tests.lrs.making import Store


def run(app: Flask, *arguments: str) -> Result:
    with app.app_context():
        return CliRunner().invoke(xapi, ["credentials", *arguments])


def test_an_added_credential_opens_the_store(app: Flask) -> None:
    made = json.loads(run(app, "add", "Cổng dữ liệu", "--scope", "statements/read", "--json").stdout)
    assert len(made["secret"]) >= 43  # 256 bits
    assert Store(app.test_client(), made["key"], made["secret"]).get().status_code == 200


def test_the_key_may_be_chosen(app: Flask) -> None:
    secret = json.loads(run(app, "add", "Cổng", "--key", "cong-du-lieu", "--json").stdout)["secret"]
    assert Store(app.test_client(), "cong-du-lieu", secret).get().status_code == 200


@pytest.mark.parametrize("key", ["x", "có dấu", "a b c", "a:b"])
def test_a_key_that_cannot_be_is_refused(app: Flask, key: str) -> None:
    assert run(app, "add", "Demo", "--key", key).exit_code != 0
    assert json.loads(run(app, "list", "--json").stdout) == []


def test_a_taken_key_is_refused(app: Flask) -> None:
    assert run(app, "add", "Một", "--key", "cong").exit_code == 0
    assert run(app, "add", "Hai", "--key", "cong").exit_code != 0


def test_a_revoked_one_is_listed_as_such_and_cannot_be_revoked_again(app: Flask, database: Database) -> None:
    run(app, "add", "Cổng", "--key", "cong")
    assert run(app, "revoke", "cong").exit_code == 0
    assert run(app, "revoke", "cong").exit_code != 0
    assert run(app, "revoke", "khong-co").exit_code != 0
    listed = json.loads(run(app, "list", "--json").stdout)[0]
    assert listed["revoked_at"]
    assert "secret" not in json.dumps(listed)
    assert "revoked" in run(app, "list").stdout
    with database.reading() as session:
        assert list(session.scalars(select(AuditEntry.action))) == ["lrs.add_credential", "lrs.revoke_credential"]
