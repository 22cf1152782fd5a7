from sqlalchemy import text

from lms.kit.db import Database


def test_both_databases_answer(database: Database) -> None:
    with database.reading() as session:
        assert session.scalar(text("SELECT 1")) == 1
