"""Statements are forwarded to a real store, another instance of this service: with files, by version, and by a worker that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.serving import make_server

import courses
import quizzes
from lms.app import create_app
from lms.config import Settings
from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs.forwarder import Forwarder
from lms.lrs.models import ForwardTarget
from lms.lrs.operations.forwarding import NewTarget, add_target
from lms.lrs.queries.forwarding import TargetState, faults_of, targets
from tests.lrs.attaching import OTHER, TEXT, attachment, part, parts_of, post, signature, statements_of
from tests.lrs.making import SECRET, Store, make_credential, new_id, statement
from tests.lrs.signing import holder, sign


class Receiver:
    """The other store, served on a real socket. `held`: a batch of which number waits until it is let go."""

    def __init__(self, app: Flask) -> None:
        database: Database = app.extensions["lms.database"]
        make_credential(database)
        self.store = Store(app.test_client())
        self.batches = 0
        self.hold_at: int | None = None
        self.holding, self.let_go = threading.Event(), threading.Event()
        self.app = app
        self.server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def _answer(self, environ: Any, start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] == "POST":
            self.batches += 1
            if self.batches == self.hold_at:
                self.holding.set()
                self.let_go.wait(30)
        return self.app(environ, start_response)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/xapi/"

    def all_ids(self) -> list[str]:
        found, more = [], self.store.get(ascending="true", limit=500).json
        found += [one["id"] for one in more["statements"]]
        while more["more"]:
            more = self.store.open("GET", more["more"].removeprefix("/xapi/")).json
            found += [one["id"] for one in more["statements"]]
        return found

    def close(self) -> None:
        self.let_go.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver(settings: Settings, sqlite_template: Path, tmp_path: Path) -> Iterator[Receiver]:
    path = tmp_path / "other.db"
    path.write_bytes(sqlite_template.read_bytes())
    elsewhere = replace(settings, database_url=f"sqlite:///{path}", data_dir=tmp_path / "other", base_url="https://other.example.vn")
    app = create_app(elsewhere, features=(courses.feature, quizzes.feature))
    app.testing = True
    served = Receiver(app)
    yield served
    served.close()
    app.extensions["lms.database"].dispose()


def aim(database: Database, receiver: Receiver, version: str = "1.0.3") -> None:
    with database.transaction() as session:
        add_target(session, SERVICE, NewTarget("ioc", receiver.endpoint, "thu", SECRET, version), now())


def send(app: Flask) -> None:
    with app.app_context():
        Forwarder().drain("ioc")


def state(database: Database) -> TargetState:
    with database.reading() as session:
        return targets(session)[0]


def wait_a_moment() -> None:
    """A statement may be sent once nothing can be stored before it any more: when its millisecond is over."""
    began = now()
    while now() < began + timedelta(milliseconds=5):
        time.sleep(0.001)


def test_files_go_along_and_signatures_hold_there(app: Flask, database: Database, store: Store, receiver: Receiver) -> None:
    plain = statement(id=new_id(), attachments=[attachment(TEXT), attachment(OTHER)])
    signer = holder("signer")
    said = statement(id=new_id())
    jws = sign(said, key=signer.key, chain=[signer.certificate])  # type: ignore[arg-type]
    signed = {**said, "attachments": [signature(jws)]}
    assert post(store, plain, part(TEXT), part(OTHER)).status_code == 200
    assert post(store, signed, part(jws, Content_Type="application/octet-stream")).status_code == 200
    without = store.stored(id=new_id())
    wait_a_moment()
    aim(database, receiver)
    send(app)
    assert (state(database).sent, state(database).faults, state(database).waiting) == (3, 0, 0)
    assert receiver.all_ids() == [plain["id"], signed["id"], without]
    got = receiver.store.get(statementId=plain["id"], attachments="true")
    assert statements_of(got)["id"] == plain["id"]
    assert {content for _headers, content in parts_of(got)[1:]} == {TEXT, OTHER}
    assert [content for _headers, content in parts_of(receiver.store.get(statementId=signed["id"], attachments="true"))[1:]] == [jws]


def test_a_large_file_passes_in_pieces(app: Flask, database: Database, store: Store, receiver: Receiver) -> None:
    content = os.urandom(3 * 1024 * 1024 + 7)
    one = statement(id=new_id(), attachments=[attachment(content)])
    assert post(store, one, part(content)).status_code == 200
    wait_a_moment()
    aim(database, receiver)
    send(app)
    assert [found for _headers, found in parts_of(receiver.store.get(statementId=one["id"], attachments="true"))[1:]] == [content]


@pytest.mark.parametrize(("version", "arrives"), [("1.0.3", False), ("2.0.0", True)])
def test_statements_of_2_0_are_set_aside_for_a_store_of_1_0_3_and_the_others_go_on(
    app: Flask, database: Database, store: Store, receiver: Receiver, version: str, arrives: bool
) -> None:
    before, after = statement(id=new_id()), statement(id=new_id())
    someone = {"objectType": "contextAgent", "agent": {"mbox": "mailto:chi@example.vn"}}
    new = statement(id=new_id(), version="2.0.0", context={"contextAgents": [someone]})
    for one in (before, new, after):
        assert store.post(one, headers={"X-Experience-API-Version": "2.0.0"} if one is new else {}).status_code == 200
        wait_a_moment()
    aim(database, receiver, version)
    send(app)
    ids = [before["id"], new["id"], after["id"]]
    assert receiver.all_ids() == (ids if arrives else [ids[0], ids[2]])
    told = state(database)
    assert (told.faults, told.waiting, told.failures) == (0 if arrives else 1, 0, 0)
    if not arrives:
        assert receiver.batches == 1  # nobody was asked about it
        with database.reading() as session:
            (fault,) = faults_of(session, "ioc")
        assert str(fault.statement_id) == new["id"]
        assert "2.0.0" in fault.reason


def test_what_it_gets_twice_it_keeps_once_and_to_the_byte(app: Flask, database: Database, store: Store, receiver: Receiver) -> None:
    ids = store.post([statement(id=new_id(), result={"duration": "PT007S"}) for _ in range(130)]).json
    wait_a_moment()
    aim(database, receiver)
    for _ in range(2):
        send(app)
        with database.transaction() as session:
            session.execute(update(ForwardTarget).values(cursor=UUID(int=0)))
    assert receiver.all_ids() == ids
    assert receiver.store.get(statementId=ids[0]).json["result"] == {"duration": "PT007S"}


def killed(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(30)


@pytest.fixture
def worker(settings: Settings) -> Callable[[], subprocess.Popen[bytes]]:
    """`lms xapi forward` in a process of its own, on the database of this test."""

    def start() -> subprocess.Popen[bytes]:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "LMS_ENV": "demo",
            "LMS_SECRET_KEY": settings.secret_key,
            "LMS_DATABASE_URL": settings.database_url,
            "LMS_DATA_DIR": str(settings.data_dir),
            "LMS_BASE_URL": settings.base_url,
        }
        return subprocess.Popen([sys.executable, "-m", "lms", "xapi", "forward"], env=environment)

    return start


def test_a_worker_killed_in_mid_window_loses_nothing_and_doubles_nothing(
    app: Flask, database: Database, store: Store, receiver: Receiver, worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    ids = [one for _ in range(5) for one in store.post([statement(id=new_id()) for _ in range(90)]).json]
    wait_a_moment()
    aim(database, receiver)
    receiver.hold_at = 3
    process = worker()
    assert receiver.holding.wait(60)
    killed(process)  # two batches are there, the third is being stored, nothing of it is written down here
    receiver.let_go.set()
    with database.reading() as session:
        cursor, lease = session.execute(select(ForwardTarget.cursor, ForwardTarget.lease_until)).one()
    assert cursor.int == 0
    assert lease is not None
    assert lease > now()
    send(app)
    assert state(database).waiting == 450  # the dead one's lease still holds
    with database.transaction() as session:
        session.execute(update(ForwardTarget).values(lease_until=now() - timedelta(seconds=1)))  # as three minutes later
    send(app)
    assert receiver.all_ids() == ids
    assert (state(database).waiting, state(database).faults) == (0, 0)
