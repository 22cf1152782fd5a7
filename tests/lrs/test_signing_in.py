"""Who signs in is told of, once, before what they do next."""

from __future__ import annotations

from flask import Flask

from lms.accounts.operations.sign_in import Arrival, begin_sign_in
from lms.accounts.rules.policy import Span
from lms.kit.actors import Actor
from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs.jobs import store_outbox
from lms.lrs.vocabulary import LOGGED_IN, SIGN_IN_METHOD
from tests.factories import make_agency, make_person
from tests.lrs.making import Store


def test_signing_in_becomes_one_statement(app: Flask, database: Database, store: Store) -> None:
    at = now()
    with database.transaction() as session:
        person = make_person(session, agency=make_agency(session, "Sở Nội vụ"), login="an")
        begin_sign_in(session, Actor(person, "An", "an"), Arrival("password"), Span(at, at, at), at)
    with app.app_context():
        store_outbox(at)
        store_outbox(at)
    (one,) = store.get(verb=LOGGED_IN.iri).json["statements"]
    assert one["actor"]["account"]["name"] == str(person)
    assert one["context"]["extensions"] == {SIGN_IN_METHOD: "password"}
    assert "registration" not in one["context"]
