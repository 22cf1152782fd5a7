"""Groups of staff are data; one that anything names is not deleted, and the refusal says why."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, select, update

from lms.accounts import operations
from lms.accounts.models import PositionGroup, Posting
from lms.accounts.operations.people import ensure_position_groups
from lms.agencies.models import AgencyVersion
from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.errors import Conflict
from lms.results.models import Activity, Expectation
from quizzes.models import Round
from tests.factories import make_agency, make_person
from tests.quizzes.making import fill_bank, make_round

ACTIVITY = {"key": "quarterly-test:2026-Q4", "period": "20264", "title": "Kiểm tra", "counted_on": date(2026, 10, 31)}


@pytest.fixture
def person(database: Database) -> UUID:
    with database.transaction() as session:
        ensure_position_groups(session)
        operations.add_group(session, SERVICE, "N6", name_vi="Nhóm thử", name_en="", at=now())
        return make_person(session, agency=make_agency(session, "Sở Y tế"), group="N6")


def refusal(database: Database) -> str:
    with pytest.raises(Conflict) as caught, database.transaction() as session:
        operations.delete_group(session, SERVICE, "N6", now())
    return str(caught.value)


def test_a_group_of_a_past_post_stays(person: UUID, database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(Posting).values(valid_to=date(2021, 1, 1)))
    assert "vị trí công tác" in refusal(database)


def test_a_group_of_the_ledger_stays(person: UUID, database: Database) -> None:
    with database.transaction() as session:
        version = session.execute(select(AgencyVersion.id, AgencyVersion.agency_id)).first()
        assert version is not None
        session.execute(insert(Activity).values(**ACTIVITY, registered_at=now()))
        session.execute(
            insert(Expectation).values(
                activity=ACTIVITY["key"],
                period="20264",
                person_id=person,
                agency_id=version.agency_id,
                agency_version_id=version.id,
                group_code="N6",
                recorded_at=now(),
            )
        )
        session.execute(delete(Posting))
    assert "thuộc diện" in refusal(database)


def test_a_group_a_round_is_for_stays(person: UUID, database: Database) -> None:
    with database.transaction() as session:
        session.execute(delete(Posting))
        fill_bank(session)
        make_round(session, open_it=False)
        session.execute(update(Round).values(audience={"groups": ["N6"]}))
    assert "1 kỳ kiểm tra" in refusal(database)


def test_the_last_group_in_use_stays(person: UUID, database: Database) -> None:
    with database.transaction() as session:
        session.execute(delete(Posting))
        session.execute(update(PositionGroup).where(PositionGroup.code != "N6").values(retired_at=now() - timedelta(days=1)))
    assert "cuối cùng" in refusal(database)


def test_a_group_nothing_names_goes(person: UUID, database: Database) -> None:
    with database.transaction() as session:
        session.execute(delete(Posting))
        operations.delete_group(session, SERVICE, "N6", now())
        assert session.get(PositionGroup, "N6") is None
