"""Posts and leaves of a person through the pages, and how rounds read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.accounts import operations
from lms.accounts.models import Leave, Posting, RoleGrant
from lms.accounts.rules.leaves import Away
from lms.agencies.models import FOREVER
from lms.kit.actors import SERVICE, Role
from lms.kit.audit import AuditEntry
from lms.kit.clock import now
from lms.kit.db import Database
from quizzes.queries.audience import roster
from tests.factories import grant, make_agency, make_person

SignInAs = Callable[[str], FlaskClient]
TODAY = now().date()


def text(day: date) -> str:
    return f"{day:%d/%m/%Y}"


@dataclass(frozen=True)
class Province:
    health: UUID
    clinic: UUID
    other: UUID
    an: UUID
    post: UUID


@pytest.fixture
def province(database: Database) -> Province:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh")
        health = make_agency(session, "Sở Y tế", parent=root)
        clinic = make_agency(session, "Trung tâm Y tế", parent=health)
        other = make_agency(session, "Sở Văn hóa", parent=root)
        grant(session, make_person(session, "Trần Thị Quản", agency=health, login="quantri"), Role.DEPARTMENT)
        grant(session, make_person(session, "Lý Văn Mối", agency=health, login="daumoi"), Role.FOCAL_POINT, health)
        grant(session, make_person(session, "Hà Thị Nhận", agency=other, login="nhan"), Role.FOCAL_POINT, other)
        an = make_person(session, "Nguyễn Thị Ánh", agency=health, login="anh")
        post = session.scalars(select(Posting.id).where(Posting.person_id == an)).one()
        return Province(health, clinic, other, an, post)


def posts(database: Database, person: UUID) -> list[tuple[Any, ...]]:
    with database.reading() as session:
        rows = session.execute(
            select(Posting.agency_id, Posting.is_primary, Posting.nature, Posting.valid_from, Posting.valid_to)
            .where(Posting.person_id == person)
            .order_by(Posting.valid_from, Posting.is_primary.desc())
        )
        return [tuple(row) for row in rows]


POST = {"group": "N2", "it_duty": "none"}


def test_a_second_post_is_held_beside_the_primary_one(province: Province, database: Database, sign_in: SignInAs) -> None:
    client, address = sign_in("daumoi"), f"/manage/people/{province.an}/postings/new"
    assert "kiêm nhiệm" in client.get(address).text
    data = {**POST, "agency": str(province.clinic), "since": text(TODAY), "job_title": "Trưởng phòng", "decision": "12/QĐ-SYT"}
    assert client.post(address, data=data).status_code == 303
    assert posts(database, province.an) == [
        (province.health, True, "regular", date(2020, 1, 1), FOREVER),
        (province.clinic, False, "concurrent", TODAY, FOREVER),
    ]
    page = client.get(f"/manage/people/{province.an}").text
    assert "12/QĐ-SYT" in page
    assert client.post(address, data=data).status_code == 422
    assert client.post(address, data={**data, "agency": str(province.other)}).status_code == 422


def test_a_person_lent_is_counted_at_the_host_and_then_at_home_again(province: Province, database: Database, sign_in: SignInAs) -> None:
    until = TODAY + timedelta(days=30)
    data = {**POST, "agency": str(province.clinic), "since": text(TODAY), "until": text(until), "counted": "host"}
    assert sign_in("daumoi").post(f"/manage/people/{province.an}/secondment", data=data).status_code == 303
    with database.reading() as session:
        for day, agency in ((TODAY, province.clinic), (until, province.clinic), (until + timedelta(days=1), province.health)):
            (row,) = [row for row in roster(session, day) if row.person_id == province.an]
            assert row.agency_id == agency


def test_a_leave_excludes_on_its_days_alone(province: Province, database: Database, sign_in: SignInAs) -> None:
    first, last = TODAY - timedelta(days=10), TODAY + timedelta(days=10)
    client = sign_in("daumoi")
    data = {"reason": "maternity", "since": text(first), "until": text(last), "decision": "7/QĐ"}
    assert client.post(f"/manage/people/{province.an}/leave", data=data).status_code == 303

    def excluded(day: date) -> str | None:
        with database.reading() as session:
            (row,) = [row for row in roster(session, day) if row.person_id == province.an]
            return row.absence

    assert [excluded(day) for day in (first - timedelta(days=1), first, last, last + timedelta(days=1))] == [
        None,
        "maternity",
        "maternity",
        None,
    ]
    assert "Nguyễn Thị Ánh" in client.get("/manage/people?only=absent").text
    assert client.post(f"/manage/people/{province.an}/leave", data=data | {"reason": "sick"}).status_code == 422
    with database.reading() as session:
        leave = session.scalars(select(Leave.id)).one()
    ended = data | {"until": text(TODAY - timedelta(days=1))}
    assert client.post(f"/manage/people/{province.an}/leave/{leave}", data=ended).status_code == 303
    assert excluded(TODAY) is None
    assert client.post(f"/manage/people/{province.an}/leave/{leave}/remove").status_code == 303
    assert excluded(first) is None


def test_what_a_roster_says_of_the_whole_post_excludes_where_no_leave_is_known(database: Database, province: Province) -> None:
    with database.transaction() as session:
        ill = make_person(session, "Lò Văn Ốm", agency=province.health, absence="sick")
        operations.record_leave(session, SERVICE, ill, Away(None, "study", TODAY, TODAY + timedelta(days=1)), at=now())
    with database.reading() as session:
        for day, reason in ((TODAY, "study"), (TODAY + timedelta(days=1), "sick")):
            assert [row.absence for row in roster(session, day) if row.person_id == ill] == [reason]


def test_another_post_becomes_the_primary_one_and_the_old_one_may_end(province: Province, database: Database, sign_in: SignInAs) -> None:
    client, base = sign_in("daumoi"), f"/manage/people/{province.an}"
    with database.transaction() as session:
        grant(session, province.an, Role.HEAD, province.health)
    client.post(f"{base}/postings/new", data={**POST, "agency": str(province.clinic), "since": text(TODAY - timedelta(days=9))})
    assert client.post(f"{base}/postings/{province.post}/end", data={"on": text(TODAY)}).status_code == 422
    with database.reading() as session:
        second = session.scalars(select(Posting.id).where(Posting.agency_id == province.clinic)).one()
    assert client.post(f"{base}/postings/{second}/primary", data={"on": text(TODAY)}).status_code == 303
    with database.reading() as session:
        (row,) = [row for row in roster(session, TODAY) if row.person_id == province.an]
        assert row.agency_id == province.clinic
        (aside,) = session.scalars(
            select(Posting.id).where(Posting.agency_id == province.health, Posting.person_id == province.an, ~Posting.is_primary)
        )
    assert client.post(f"{base}/postings/{aside}/end", data={"on": text(TODAY + timedelta(days=1))}).status_code == 303
    with database.reading() as session:
        role = session.scalars(select(RoleGrant.valid_to).where(RoleGrant.person_id == province.an)).one()
    assert role == FOREVER, "the agency the role is over has the person’s present one below it"


def test_late_papers_correct_a_past_post_and_the_audit_tells_both(province: Province, database: Database, sign_in: SignInAs) -> None:
    client, address = sign_in("daumoi"), f"/manage/people/{province.an}/postings/{province.post}"
    assert "01/01/2020" in client.get(address).text
    data = {**POST, "since": "05/02/2021", "until": "", "nature": "regular", "absence": "", "job_title": "Chuyên viên", "decision": "3/QĐ"}
    assert client.post(address, data=data).status_code == 303
    assert posts(database, province.an) == [(province.health, True, "regular", date(2021, 2, 5), FOREVER)]
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "accounts.correct_post")).one()
    assert entry.details["before"][0]["valid_from"] == "2020-01-01"
    assert entry.details["after"][0]["valid_from"] == "2021-02-05"


def test_a_correction_cannot_make_two_primary_posts(province: Province, database: Database, sign_in: SignInAs) -> None:
    with database.transaction() as session:
        operations.transfer_posts(session, SERVICE, province.an, province.clinic, on=date(2024, 1, 1), at=now())
    address = f"/manage/people/{province.an}/postings/{province.post}"
    data = {**POST, "since": "01/01/2020", "until": "01/01/2024", "nature": "regular", "absence": ""}
    page = sign_in("daumoi").post(address, data=data)
    assert page.status_code == 422
    assert "đã có một vị trí chính khác" in page.text
    assert sign_in("daumoi").post(address, data=data | {"until": "30/06/2023"}).status_code == 303
    with database.reading() as session:
        assert [row for row in roster(session, date(2023, 9, 1)) if row.person_id == province.an] == []


def test_posts_are_changed_by_those_who_count_the_person_alone(province: Province, database: Database, sign_in: SignInAs) -> None:
    base, stranger = f"/manage/people/{province.an}", sign_in("nhan")
    with database.transaction() as session:  # on loan there: seen, not changed
        session.add(
            Posting(person_id=province.an, agency_id=province.other, group_code="N2", is_primary=False, valid_from=date(2021, 1, 1))
        )
    assert stranger.get(base).status_code == 200
    for path in ("postings/new", "secondment", "leave", f"postings/{province.post}", f"postings/{province.post}/end", "edit", "not-ours"):
        assert stranger.get(f"{base}/{path}").status_code == 404, path
        assert stranger.post(f"{base}/{path}").status_code == 404, path


def test_who_holds_no_post_is_given_one_by_the_province(province: Province, database: Database, sign_in: SignInAs) -> None:
    with database.transaction() as session:
        operations.transfer_posts(session, SERVICE, province.an, None, on=TODAY - timedelta(days=5), at=now())
    data = {**POST, "agency": str(province.other), "since": text(TODAY)}
    assert sign_in("daumoi").post(f"/manage/people/{province.an}/postings/new", data=data).status_code == 404
    assert sign_in("quantri").post(f"/manage/people/{province.an}/postings/new", data=data).status_code == 303
    assert posts(database, province.an)[-1] == (province.other, True, "regular", TODAY, FOREVER)
