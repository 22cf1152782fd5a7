"""One agency asks, the other decides; nobody browses the province, and nobody sees another's requests."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.accounts import operations
from lms.accounts.models import Posting, RoleGrant, TransferRequest
from lms.accounts.operations import Wish
from lms.accounts.operations.succession import AGENCY_ENDED, PostingsAndRoles
from lms.accounts.rules.transfers import Kind
from lms.agencies.models import FOREVER, AgencyEvent
from lms.kit.actors import SERVICE, Role
from lms.kit.audit import AuditEntry
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.following import AgencyTurn
from lms.kit.secrets import vault_of
from tests.factories import grant, make_agency, make_person

SignInAs = Callable[[str], FlaskClient]
TODAY = now().date()
WRITTEN = f"{TODAY:%d/%m/%Y}"


@dataclass(frozen=True)
class Province:
    health: UUID
    culture: UUID
    an: UUID
    focal: UUID


@pytest.fixture
def province(database: Database) -> Province:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh")
        health = make_agency(session, "Sở Y tế", parent=root, code="H55.1")
        culture = make_agency(session, "Sở Văn hóa", parent=root, code="H55.2")
        third = make_agency(session, "Sở Xây dựng", parent=root)
        grant(session, make_person(session, "Trần Thị Quản", agency=health, login="quantri"), Role.DEPARTMENT)
        focal = make_person(session, "Lý Văn Mối", agency=health, login="daumoi")
        grant(session, focal, Role.FOCAL_POINT, health)
        grant(session, make_person(session, "Hà Thị Nhận", agency=culture, login="nhan"), Role.FOCAL_POINT, culture)
        grant(session, make_person(session, "Vũ Văn Ba", agency=third, login="ba"), Role.FOCAL_POINT, third)
        an = make_person(
            session, "Nguyễn Thị Ánh", agency=health, login="anh", staff_code="CB00016", birth_date=date(1985, 3, 2), job_title="Bác sĩ"
        )
        grant(session, an, Role.HEAD, health)
        return Province(health, culture, an, focal)


def request_of(database: Database) -> TransferRequest:
    with database.reading() as session:
        return session.scalars(select(TransferRequest).order_by(TransferRequest.requested_at.desc())).first()  # type: ignore[return-value]


def primary_agency(database: Database, person: UUID, on: date = TODAY) -> UUID | None:
    with database.reading() as session:
        return session.scalar(
            select(Posting.agency_id).where(
                Posting.person_id == person, Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on
            )
        )


def not_ours(client: FlaskClient, province: Province, agency: UUID | str = "", on: str = WRITTEN) -> int:
    return client.post(f"/manage/people/{province.an}/not-ours", data={"agency": str(agency), "on": on}).status_code


def test_the_receiver_approves_who_is_not_ours_and_roles_stay_behind(province: Province, database: Database, sign_in: SignInAs) -> None:
    assert not_ours(sign_in("daumoi"), province, province.culture) == 303
    address = f"/manage/people/transfers/{request_of(database).id}"
    receiver = sign_in("nhan")
    assert "Chờ tôi duyệt</h2>" not in receiver.get("/manage/people/transfers").text
    assert "Nguyễn Thị Ánh" in receiver.get("/manage/people/transfers").text
    assert receiver.get(f"/manage/people/{province.an}").status_code == 404
    assert sign_in("daumoi").post(f"{address}/approve").status_code == 404
    assert receiver.post(f"{address}/approve").status_code == 303
    assert primary_agency(database, province.an) == province.culture
    with database.reading() as session:
        posts = session.execute(
            select(Posting.valid_from, Posting.valid_to, Posting.job_title)
            .where(Posting.person_id == province.an)
            .order_by(Posting.valid_from)
        ).all()
        assert posts == [(date(2020, 1, 1), TODAY, "Bác sĩ"), (TODAY, FOREVER, "Bác sĩ")]
        assert session.scalars(select(RoleGrant.valid_to).where(RoleGrant.person_id == province.an)).one() == TODAY
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.at)).all()
        assert {"accounts.request_transfer", "accounts.transfer", "accounts.revoke_role", "accounts.transfer_approved"} <= set(actions)
    assert receiver.get(f"/manage/people/{province.an}").status_code == 200


def test_someone_elses_request_does_not_exist(province: Province, database: Database, sign_in: SignInAs) -> None:
    not_ours(sign_in("daumoi"), province, province.culture)
    address = f"/manage/people/transfers/{request_of(database).id}"
    stranger = sign_in("ba")
    assert "Nguyễn Thị Ánh" not in stranger.get("/manage/people/transfers").text
    assert stranger.get(address).status_code == 404
    for action in ("approve", "refuse", "withdraw"):
        assert stranger.post(f"{address}/{action}", data={"reason": "không"}).status_code == 404
    assert stranger.post(f"/manage/people/{province.an}/not-ours", data={"on": WRITTEN}).status_code == 404


def test_with_no_receiver_the_department_decides_where_to(province: Province, database: Database, sign_in: SignInAs) -> None:
    not_ours(sign_in("daumoi"), province)
    address = f"/manage/people/transfers/{request_of(database).id}"
    assert sign_in("nhan").get(address).status_code == 404
    assert sign_in("daumoi").post(f"{address}/approve").status_code == 404
    assert sign_in("quantri").post(f"{address}/approve", data={"agency": "không có"}).status_code == 422
    assert sign_in("quantri").post(f"{address}/approve", data={"agency": str(province.culture)}).status_code == 303
    assert primary_agency(database, province.an) == province.culture


def test_the_department_may_let_a_person_go_altogether(province: Province, database: Database, sign_in: SignInAs) -> None:
    not_ours(sign_in("daumoi"), province)
    address, department = f"/manage/people/transfers/{request_of(database).id}/approve", sign_in("quantri")
    assert department.post(address).status_code == 422, "nobody loses their post because nothing was chosen"
    assert department.post(address, data={"leaves": "y", "agency": str(province.culture)}).status_code == 422
    assert primary_agency(database, province.an) == province.health
    assert department.post(address, data={"leaves": "y"}).status_code == 303
    assert primary_agency(database, province.an) is None
    assert "Nguyễn Thị Ánh" in sign_in("quantri").get("/manage/people?only=no_posting").text
    assert "Nguyễn Thị Ánh" not in sign_in("quantri").get("/manage/people").text


@pytest.mark.parametrize(
    "terms",
    [
        {"staff_code": "cb00016"},
        {"identity_number": "019185000123"},
        {"full_name": "nguyen thi anh", "birth_date": "02/03/1985"},
    ],
)
def test_who_came_to_us_is_found_by_what_names_one_person_and_claimed(
    province: Province, database: Database, sign_in: SignInAs, terms: dict[str, str]
) -> None:
    with database.transaction() as session:
        operations.edit_person(session, SERVICE, province.an, {"identity_number": "019185000123"}, now())
        assert vault_of(session)
    client = sign_in("nhan")
    page = client.post("/manage/people/claim", data=terms)
    assert page.status_code == 200
    assert "Nguyễn Thị Ánh" in page.text
    whole = {**terms, "person": str(province.an), "agency": str(province.culture), "on": WRITTEN}
    assert client.post("/manage/people/claim", data=whole).status_code == 303
    address = f"/manage/people/transfers/{request_of(database).id}"
    assert client.post(f"{address}/approve").status_code == 404
    assert sign_in("daumoi").post(f"{address}/approve").status_code == 303
    assert primary_agency(database, province.an) == province.culture


@pytest.mark.parametrize("terms", [{"full_name": "Nguyễn Thị Ánh"}, {"staff_code": "CB0001"}, {"birth_date": "02/03/1985"}, {}])
def test_nobody_is_found_by_less(province: Province, sign_in: SignInAs, terms: dict[str, str]) -> None:
    page = sign_in("nhan").post("/manage/people/claim", data=terms)
    assert page.status_code == 422
    assert "Sở Y tế" not in page.text


def test_nobody_can_be_claimed_who_was_not_found(province: Province, database: Database, sign_in: SignInAs) -> None:
    data = {"staff_code": "CB00099", "person": str(province.an), "agency": str(province.culture), "on": WRITTEN}
    assert sign_in("nhan").post("/manage/people/claim", data=data).status_code == 422
    data |= {"staff_code": "CB00016", "agency": str(province.health)}
    assert sign_in("nhan").post("/manage/people/claim", data=data).status_code == 422
    assert request_of(database) is None


def test_who_looks_up_too_many_is_stopped_and_each_look_is_on_record(province: Province, database: Database, sign_in: SignInAs) -> None:
    client = sign_in("nhan")
    for number in range(60):
        client.post("/manage/people/claim", data={"staff_code": f"CB1{number:04}"})
    page = client.post("/manage/people/claim", data={"staff_code": "CB00016"})
    assert page.status_code == 422
    assert "Nguyễn Thị Ánh" not in page.text
    with database.reading() as session:
        assert len(session.scalars(select(AuditEntry.id).where(AuditEntry.action == "accounts.look_up_to_claim")).all()) == 60


def test_a_request_overtaken_by_events_is_closed_with_a_sentence(province: Province, database: Database, sign_in: SignInAs) -> None:
    not_ours(sign_in("daumoi"), province, province.culture)
    with database.transaction() as session:
        third = make_agency(session, "Sở Tài chính")
        operations.move_person(session, SERVICE, province.an, agency_id=third, on=TODAY - timedelta(days=3), at=now())
    address = f"/manage/people/transfers/{request_of(database).id}"
    assert "đã chuyển vị trí" in sign_in("nhan").get(address).text
    assert sign_in("nhan").post(f"{address}/approve").status_code == 303
    assert primary_agency(database, province.an) == third
    assert request_of(database).state == "closed"
    assert "gửi lại" in sign_in("nhan").get(address).text


def test_the_worker_closes_what_has_been_overtaken(province: Province, database: Database) -> None:
    with database.transaction() as session:
        wish = Wish(province.an, Kind.NOT_OURS, province.culture, TODAY)
        operations.request_transfer(session, SERVICE, wish, today=TODAY, at=now())
        assert operations.close_stale_requests(session, SERVICE, today=TODAY, at=now()) == 0
        operations.transfer_posts(session, SERVICE, province.an, province.culture, on=TODAY, at=now())
        assert operations.close_stale_requests(session, SERVICE, today=TODAY, at=now()) == 1
    assert request_of(database).state == "closed"


def test_one_request_at_a_time_which_the_asker_may_withdraw(province: Province, database: Database, sign_in: SignInAs) -> None:
    client = sign_in("daumoi")
    assert not_ours(client, province, province.culture) == 303
    assert not_ours(client, province) == 422
    address = f"/manage/people/transfers/{request_of(database).id}"
    assert sign_in("nhan").post(f"{address}/withdraw").status_code == 404
    assert client.post(f"{address}/withdraw").status_code == 303
    assert request_of(database).state == "withdrawn"
    assert not_ours(client, province) == 303


def test_a_refusal_needs_a_reason_which_the_asker_reads(province: Province, database: Database, sign_in: SignInAs) -> None:
    not_ours(sign_in("daumoi"), province, province.culture)
    address = f"/manage/people/transfers/{request_of(database).id}"
    assert sign_in("nhan").post(f"{address}/refuse").status_code == 422
    assert sign_in("nhan").post(f"{address}/refuse", data={"reason": "Chưa có quyết định"}).status_code == 303
    assert "Chưa có quyết định" in sign_in("daumoi").get(address).text
    assert sign_in("nhan").post(f"{address}/approve").status_code in (409, 422)
    assert primary_agency(database, province.an) == province.health


@pytest.mark.parametrize("on", ["01/01/2020", "31/12/2019", f"{TODAY + timedelta(days=400):%d/%m/%Y}", "31/02/2026", "hôm qua", ""])
def test_a_day_on_which_nobody_can_have_moved_is_refused(province: Province, database: Database, sign_in: SignInAs, on: str) -> None:
    assert not_ours(sign_in("daumoi"), province, province.culture, on) == 422
    assert request_of(database) is None


def test_the_managing_page_says_how_many_wait(province: Province, sign_in: SignInAs) -> None:
    not_ours(sign_in("daumoi"), province, province.culture)
    entry = re.compile(r"Chuyển người giữa các cơ quan</a>(.*?)</li>", re.DOTALL)
    waiting = entry.search(sign_in("nhan").get("/manage/").text)
    assert waiting is not None
    assert re.search(r"\b1\b", re.sub(r"<[^>]+>", " ", waiting[1]))


def test_nobody_is_not_ours(province: Province, sign_in: SignInAs) -> None:
    assert sign_in("daumoi").get(f"/manage/people/{uuid4()}/not-ours").status_code == 404


def test_requests_of_an_agency_that_ends_are_closed_with_a_sentence(database: Database, province: Province) -> None:
    ends = TODAY + timedelta(days=30)
    with database.transaction() as session:
        wishes = [Wish(province.an, Kind.NOT_OURS, province.culture, TODAY), Wish(province.focal, Kind.NOT_OURS, province.culture, ends)]
        early, late = [operations.request_transfer(session, SERVICE, wish, today=TODAY, at=now()) for wish in wishes]
        merger = AgencyEvent(kind="merge", effective_on=ends, recorded_at=now())
        session.add(merger)
        session.flush()
        turn = AgencyTurn(merger.id, ends, {province.culture: province.health}, frozenset())
        assert any("đề nghị chuyển công tác" in line.text for line in PostingsAndRoles().foresee(session, turn))
        PostingsAndRoles().follow(session, SERVICE, turn, now())
        states = {one.id: (one.state, one.reason) for one in session.scalars(select(TransferRequest))}
    assert states[early][0] == "pending"  # may still be granted: the agency exists on its day
    assert states[late] == ("closed", AGENCY_ENDED)
