"""What is kept of attachments, for how long, and when several write or forget at one moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from lms.kit.db import Database
from lms.lrs.contents import PIECE, Spool
from lms.lrs.models import Content, ContentPiece, Statement, StatementContent
from lms.lrs.operations.attachments import drop_contents
from tests.lrs.attaching import OTHER, TEXT, attachment, part, parts_of, post, statements_of
from tests.lrs.making import Store, new_id, statement


def counts(database: Database) -> tuple[int, int, int]:
    """Contents, pieces, and statements with contents."""
    with database.reading() as session:
        contents, pieces, brought = (
            session.execute(select(func.count()).select_from(model)).scalar_one() for model in (Content, ContentPiece, StatementContent)
        )
    return contents, pieces, brought


def positions(database: Database, ids: list[str]) -> list[UUID]:
    with database.reading() as session:
        return [session.scalars(select(Statement.position).where(Statement.id == UUID(one))).one() for one in ids]


class TestDropping:
    @pytest.fixture
    def ids(self, store: Store) -> list[str]:
        batch = [statement(attachments=[attachment(), attachment(OTHER)]), statement(attachments=[attachment()]), statement()]
        return list(post(store, batch, part(), part(OTHER)).json)

    def test_a_content_goes_with_the_last_statement_that_brought_it(self, database: Database, ids: list[str]) -> None:
        first, second, third = positions(database, ids)
        with database.transaction() as session:
            assert drop_contents(session, [first, third]) == 1
        assert counts(database) == (1, 1, 1)
        with database.transaction() as session:
            assert drop_contents(session, [second]) == 1
            assert drop_contents(session, [second]) == 0
        assert counts(database) == (0, 0, 0)

    def test_the_statement_still_says_what_it_had(self, store: Store, database: Database, ids: list[str]) -> None:
        with database.transaction() as session:
            drop_contents(session, positions(database, ids))
        response = store.get(statementId=ids[0], attachments="true")
        assert statements_of(response)["attachments"] == [attachment(), attachment(OTHER)]
        assert len(parts_of(response)) == 1

    def test_a_dropped_content_may_come_again(self, store: Store, database: Database, ids: list[str]) -> None:
        with database.transaction() as session:
            drop_contents(session, positions(database, ids))
        post(store, statement(attachments=[attachment()]), part())
        assert counts(database) == (1, 1, 1)

    def test_one_dropped_while_it_is_read_breaks_the_answer_off(self, app: Flask, store: Store, database: Database, ids: list[str]) -> None:
        response = app.test_client().get(f"/xapi/statements?attachments=true&statementId={ids[1]}", headers=store.headers, buffered=False)
        with database.transaction() as session:
            drop_contents(session, positions(database, ids))
        with pytest.raises(OSError, match="dropped"):
            response.get_data()


def test_many_who_bring_the_same_content_at_one_moment_all_succeed(app: Flask, store: Store, database: Database) -> None:
    writers = 6
    together = Barrier(writers)

    def write(_number: int) -> int:
        mine = Store(app.test_client())
        together.wait()
        return post(mine, statement(id=new_id(), attachments=[attachment(), attachment(OTHER)]), part(OTHER), part()).status_code

    with ThreadPoolExecutor(writers) as pool:
        assert set(pool.map(write, range(writers))) == {200}
    assert counts(database) == (2, 2, 2 * writers)


def test_one_who_forgets_and_one_who_brings_the_same_again_never_leave_a_statement_without_its_content(
    app: Flask, store: Store, database: Database
) -> None:
    for _turn in range(5):
        first = post(store, statement(attachments=[attachment()]), part()).json
        place = positions(database, first)
        together = Barrier(2)

        def forget(together: Barrier = together, place: list[UUID] = place) -> None:
            together.wait()
            with database.transaction() as session:
                drop_contents(session, place)

        def bring(together: Barrier = together) -> str:
            mine = Store(app.test_client())
            together.wait()
            return str(post(mine, statement(attachments=[attachment()]), part()).json[0])

        with ThreadPoolExecutor(2) as pool:
            forgetting, bringing = pool.submit(forget), pool.submit(bring)
            forgetting.result()
            stored = bringing.result()
        assert parts_of(store.get(statementId=stored, attachments="true"))[1][1] == TEXT


@given(st.lists(st.binary(max_size=40), max_size=6, unique=True), st.integers(1, 50))
def test_a_spool_gives_back_what_it_took(contents: list[bytes], size: int) -> None:
    with Spool() as spool:
        for number, content in enumerate(contents):
            for _twice in range(2):
                spool.add(b"%d" % number, (content[at : at + size] for at in range(0, len(content), size)))
        assert [b"".join(spool.pieces(b"%d" % number)) for number in range(len(contents))] == contents
        assert [spool.length(b"%d" % number) for number in range(len(contents))] == [len(content) for content in contents]
        assert len(spool.held) == len(contents)


def test_a_spool_gives_pieces_of_one_size() -> None:
    with Spool() as spool:
        spool.add(b"a", [b"x"])
        spool.add(b"b", [b"y" * 1000] * 1000)
        assert [len(piece) for piece in spool.pieces(b"b")] == [PIECE, PIECE, PIECE, 1_000_000 - 3 * PIECE]
