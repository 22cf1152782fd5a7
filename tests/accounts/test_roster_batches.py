"""A roster applied in batches, gone on with after a crash, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from lms.accounts.models import Account, Person, Posting, RoleGrant, RosterBatch
from lms.accounts.operations import roster_file
from lms.kit.actors import Role
from lms.kit.audit import AuditEntry
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.imports.models import ImportRun
from lms.kit.imports.rules import UNDO_WINDOW
from lms.kit.jobs import Job, JobRun
from lms.kit.queue import run_due
from tests.factories import LONG_AGO, grant, make_agency, make_person

SignInAs = Callable[[str], FlaskClient]
HEADER = "Mã cán bộ;Họ và tên;Ngày sinh;Đơn vị công tác;Chức vụ;Số CCCD;Điện thoại\n"
ADDRESS = "/manage/imports/roster"


@pytest.fixture
def province(database: Database, monkeypatch: pytest.MonkeyPatch) -> dict[str, UUID]:
    monkeypatch.setattr(roster_file, "CHUNK", 2)
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh Thái Nguyên", code="H55")
        first = make_agency(session, "Xã Đông Ngũ", parent=root, code="H55.201", level="xa", block="xa_phuong")
        second = make_agency(session, "Xã Phúc Lộc", parent=root, code="H55.202", level="xa", block="xa_phuong")
        grant(session, make_person(session, "Trần Thị Quản", agency=root, login="quantri"), Role.DEPARTMENT)
        return {"root": root, "first": first, "second": second}


def rows(count: int, agency: str = "Xã Đông Ngũ", title: str = "Chuyên viên") -> list[str]:
    return [
        f"CB{number:03};Nguyễn Văn {'ABCDEGHIKLMNO'[number]}n;0{number + 1}/07/1985;{agency};{title};;091234567{number}"
        for number in range(count)
    ]


def upload(client: FlaskClient, lines: list[str], **fields: str) -> str:
    content = (HEADER + "\n".join(lines) + "\n").encode()
    response = client.post(ADDRESS, data={"file": (BytesIO(content), "ds.csv"), "as_of": "01/10/2026", "mode": "add", **fields})
    assert response.status_code == 303, response.text
    return str(response.location)


def imported(app: Flask, client: FlaskClient, lines: list[str], **fields: str) -> str:
    run = upload(client, lines, **fields)
    client.post(f"{run}/confirm", data={})
    run_due(app)
    assert "Đã nhập xong" in client.get(run).text
    return run


def state(database: Database) -> dict[str, Any]:
    """Everything an import may touch, without ids made on the way."""
    with database.reading() as session:
        people = session.execute(
            select(Person.staff_code, Person.full_name, Person.birth_date, Person.identity_fingerprint, Person.search_text).order_by(
                Person.staff_code
            )
        ).all()
        posts = session.execute(
            select(Person.staff_code, Posting.agency_id, Posting.job_title, Posting.group_code, Posting.valid_from, Posting.valid_to)
            .join(Posting, Posting.person_id == Person.id)
            .order_by(Person.staff_code, Posting.valid_from)
        ).all()
        roles = session.execute(select(RoleGrant.person_id, RoleGrant.agency_id, RoleGrant.valid_to).order_by(RoleGrant.person_id)).all()
        phones = {row.staff_code: row.phone_sealed is not None for row in session.execute(select(Person.staff_code, Person.phone_sealed))}
        return {"people": people, "posts": posts, "roles": roles, "phones": phones}


def finished(database: Database) -> ImportRun:
    with database.reading() as session:
        run = session.scalars(select(ImportRun).order_by(ImportRun.id.desc()).limit(1)).one()
        session.expunge(run)
        return run


def test_each_batch_is_stored_by_itself_with_one_entry_in_the_audit(
    app: Flask, database: Database, province: dict[str, UUID], sign_in: SignInAs
) -> None:
    imported(app, sign_in("quantri"), rows(5))
    with database.reading() as session:
        counts = [batch.counts for batch in session.scalars(select(RosterBatch).order_by(RosterBatch.ordinal))]
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "accounts.import_roster_batch")).all()
        progress = session.execute(select(Job.progress_done, Job.progress_total)).one()
    assert counts == [{"new": 2}, {"new": 2}, {"new": 1}]
    assert [len(entry.details["people"]["new"]) for entry in entries] == [2, 2, 1]
    assert tuple(progress) == (5, 5)
    assert finished(database).result == {"new": 5, "changed": 0, "moved": 0, "unchanged": 0}


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_worker_killed_between_batches_leaves_what_its_successor_goes_on_from(
    app: Flask, database: Database, province: dict[str, UUID], sign_in: SignInAs, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """The first file enters five people; the second changes two, moves one, enters two and lets one go."""
    client = sign_in("quantri")
    imported(app, client, rows(5))
    second = [
        *rows(2, title="Phó Chủ tịch UBND xã"),
        *rows(3, "Xã Phúc Lộc")[2:],
        *rows(4)[3:],
        "CB900;Lê Thị Bé;;Xã Đông Ngũ;Kế toán;;",
        ";Lê Văn Ba;01/01/1990;Xã Đông Ngũ;Kế toán;;",
    ]
    run = upload(client, second, mode="replace", agency="H55")
    client.post(f"{run}/confirm", data={"acknowledged": "2"})
    progress, reports = JobRun.progress, []

    def die(self: JobRun, done: int, total: int) -> None:
        progress(self, done, total)
        reports.append(done)
        if len(reports) == after:
            raise KeyboardInterrupt

    monkeypatch.setattr(JobRun, "progress", die)
    with pytest.raises(KeyboardInterrupt):
        run_due(app)
    assert "Đang nhập" in client.get(run).text
    with database.transaction() as session:
        session.execute(update(Job).values(lease_until=LONG_AGO))
    assert run_due(app) == 1
    assert "Đã nhập xong" in client.get(run).text
    assert finished(database).result == {"new": 2, "changed": 2, "moved": 1, "unchanged": 1, "left": 2}
    with database.reading() as session:
        held = dict(
            session.execute(
                select(Person.staff_code, Posting.agency_id)
                .join(Posting, Posting.person_id == Person.id)
                .where(Posting.valid_to > date(2026, 10, 2))
            ).all()
        )
    assert held == {
        "CB000": province["first"], "CB001": province["first"], "CB002": province["second"], "CB003": province["first"],
        "CB900": province["first"], "C0000001": province["first"],
    }  # fmt: skip


def test_taking_back_leaves_everything_as_it_was(app: Flask, database: Database, province: dict[str, UUID], sign_in: SignInAs) -> None:
    client = sign_in("quantri")
    imported(app, client, rows(4))
    with database.transaction() as session:
        moving = session.scalars(select(Person.id).where(Person.staff_code == "CB002")).one()
        grant(session, moving, Role.FOCAL_POINT, province["first"])
    before = state(database)
    changed = [
        "CB000;Nguyễn Văn Ân;01/07/1985;Xã Đông Ngũ;Phó Chủ tịch UBND xã;001085000123;0987654321",
        *rows(3, "Xã Phúc Lộc")[2:],
        "CB900;Lê Thị Bé;;Xã Đông Ngũ;Kế toán;;",
    ]
    run = upload(client, changed, mode="replace", agency="H55.201")
    client.post(f"{run}/confirm", data={"acknowledged": "2"})
    run_due(app)
    assert state(database) != before
    assert "Trả lại như trước" in client.get(run).text
    assert client.get(f"{run}/changes.xlsx").status_code == 200
    client.post(f"{run}/undo", data={})
    assert finished(database).state == "done"
    client.post(f"{run}/undo", data={"sure": "1"})
    assert "Đang hoàn tác" in client.get(run).text
    run_due(app)
    assert "Đã hoàn tác" in client.get(run).text
    assert state(database) == before
    assert finished(database).undo_result == {"removed": 1, "restored": 4, "kept": 0}
    with database.reading() as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("%undo%"))).all()
    assert {"imports.ask_undo", "imports.undo", "accounts.undo_roster_batch"} == set(actions)


def test_what_was_changed_since_stays_and_is_named(app: Flask, database: Database, province: dict[str, UUID], sign_in: SignInAs) -> None:
    client = sign_in("quantri")
    imported(app, client, rows(2))
    run = imported(app, client, [row.replace("09123", "09888").replace("Văn", "Hữu") for row in rows(2)])
    with database.transaction() as session:
        session.execute(update(Person).where(Person.staff_code == "CB000").values(full_name="Nguyễn Quốc An"))
    client.post(f"{run}/undo", data={"sure": "1"})
    run_due(app)
    page = client.get(run).text
    assert "Nguyễn Quốc An (CB000)" in page
    names = {row.staff_code: row.full_name for row in state(database)["people"]}
    assert (names["CB000"], names["CB001"]) == ("Nguyễn Quốc An", "Nguyễn Văn Bn")


def test_people_who_have_begun_keep_an_import_from_being_taken_back(
    app: Flask, database: Database, province: dict[str, UUID], sign_in: SignInAs
) -> None:
    client = sign_in("quantri")
    run = imported(app, client, rows(3))
    with database.transaction() as session:
        started = session.scalars(select(Person.id).where(Person.staff_code == "CB001")).one()
        session.execute(update(Account).where(Account.person_id == started).values(activated_at=datetime(2026, 10, 2, tzinfo=UTC)))
    client.post(f"{run}/undo", data={"sure": "1"})
    run_due(app)
    assert "Nguyễn Văn Bn (CB001)" in client.get(run).text
    assert finished(database).state == "done"
    assert len(state(database)["people"]) == 4


def test_only_the_last_import_of_a_day_can_be_taken_back(
    app: Flask, database: Database, province: dict[str, UUID], sign_in: SignInAs
) -> None:
    client = sign_in("quantri")
    first = imported(app, client, rows(1))
    second = imported(app, client, rows(2))
    assert "Chỉ hoàn tác được lần nhập cuối cùng" in client.get(first).text
    client.post(f"{first}/undo", data={"sure": "1"})
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(ImportRun).where(ImportRun.state == "undoing")) == 0
        session.execute(update(ImportRun).values(finished_at=now() - UNDO_WINDOW - timedelta(hours=1)))
    assert "Đã quá 24 giờ" in client.get(second).text


def test_replacing_names_who_leaves_and_asks_for_the_number(
    app: Flask, database: Database, province: dict[str, UUID], sign_in: SignInAs
) -> None:
    client = sign_in("quantri")
    imported(app, client, rows(6))
    run = upload(client, rows(4), mode="replace", agency="Xã Đông Ngũ")
    page = client.get(run).text
    assert "Nhiều người rời danh sách" in page
    assert "Nguyễn Văn Dn" not in page
    assert "Nguyễn Văn Gn" in page
    client.post(f"{run}/confirm", data={})
    assert finished(database).state == "checked"
    client.post(f"{run}/confirm", data={"acknowledged": "2"})
    run_due(app)
    assert finished(database).result == {"new": 0, "changed": 0, "moved": 0, "unchanged": 4, "left": 2}


def test_replacing_takes_no_faulty_rows(app: Flask, database: Database, province: dict[str, UUID], sign_in: SignInAs) -> None:
    client = sign_in("quantri")
    run = upload(client, [*rows(2), "CB900;Lê Thị Bé;31/02/1980;Xã Đông Ngũ;;;"], mode="replace", agency="H55.201")
    client.post(f"{run}/confirm", data={"skip_faulty": "1"})
    assert finished(database).state == "checked"


def test_an_unknown_agency_to_replace_is_said(province: dict[str, UUID], sign_in: SignInAs) -> None:
    data = {"file": (BytesIO(HEADER.encode()), "ds.csv"), "as_of": "01/10/2026", "mode": "replace", "agency": "H99"}
    response = sign_in("quantri").post(ADDRESS, data=data)
    assert (response.status_code, "Không có cơ quan nào mang mã" in response.text) == (422, True)


@pytest.mark.parametrize("day", ["01/01/2031", "01/01/1970"])
def test_a_day_far_away_is_refused(province: dict[str, UUID], sign_in: SignInAs, day: str) -> None:
    data = {"file": (BytesIO(HEADER.encode()), "ds.csv"), "as_of": day, "mode": "add"}
    assert "nằm ngoài khoảng" in sign_in("quantri").post(ADDRESS, data=data).text


ALIKE = ";Nguyễn Văn An;01/07/1985;Xã Đông Ngũ;Phó Chủ tịch UBND xã;001085000123;"


@pytest.mark.parametrize(("same", "people"), [(True, 2), (False, 3)])
def test_a_human_decides_about_people_alike(
    app: Flask, database: Database, province: dict[str, UUID], sign_in: SignInAs, same: bool, people: int
) -> None:
    client = sign_in("quantri")
    imported(app, client, [";Nguyễn Văn An;01/07/1985;Xã Đông Ngũ;Chuyên viên;;"])
    run = upload(client, [ALIKE])
    page = client.get(run).text
    assert "1 dòng chưa rõ là ai" in page
    client.post(f"{run}/confirm", data={})
    assert finished(database).state == "checked"
    choices = client.get(f"{run}/people").text
    assert "001******123" in choices
    assert "001085000123" not in choices
    with database.reading() as session:
        stored = session.scalars(select(Person.id).where(Person.full_name == "Nguyễn Văn An")).one()
    client.post(f"{run}/people", data={"row-0": str(stored) if same else f"new:{stored}"})
    assert "chưa rõ là ai" not in client.get(run).text
    client.post(f"{run}/confirm", data={})
    run_due(app)
    assert len(state(database)["people"]) == people
    assert finished(database).result == {"new": 0 if same else 1, "changed": 1 if same else 0, "moved": 0, "unchanged": 0}


def test_two_people_with_one_number_are_both_named(province: dict[str, UUID], sign_in: SignInAs) -> None:
    client = sign_in("quantri")
    page = client.get(upload(client, ["CB1;Nguyễn Văn An;;Xã Đông Ngũ;;001085000123;", "CB2;Lê Thị Bé;;Xã Đông Ngũ;;001085000123;"])).text
    assert "ố CCCD trùng với dòng 3" in page
    assert "ố CCCD trùng với dòng 2" in page


def test_columns_can_be_put_right_and_are_remembered(app: Flask, database: Database, province: dict[str, UUID], sign_in: SignInAs) -> None:
    client = sign_in("quantri")
    content = "Quý danh;Ra đời;Chỗ làm;Dân tộc\nNguyễn Văn An;01/07/1985;Xã Đông Ngũ;Tày\n".encode()

    def send() -> str:
        data = {"file": (BytesIO(content), "ds.csv"), "as_of": "01/10/2026", "mode": "add"}
        return str(client.post(ADDRESS, data=data).location)

    run = send()
    page = client.get(client.get(run).location).text
    assert "Tệp có: Quý danh, Ra đời, Chỗ làm, Dân tộc. Cần:" in page
    assert "Nguyễn Văn An" in page
    assert "Tày" not in page
    twice = {"column-0": "full_name", "column-1": "full_name", "column-2": "agency"}
    assert client.post(f"{run}/columns", data=twice).status_code == 422
    client.post(f"{run}/columns", data={"column-0": "full_name", "column-1": "birth", "column-2": "agency"})
    assert "Nhập 1 dòng" in client.get(run).text
    assert "Nhập 1 dòng" in client.get(send()).text


def test_names_in_capitals_are_written_with_initials_on_request(province: dict[str, UUID], sign_in: SignInAs) -> None:
    client = sign_in("quantri")
    line = ["CB1;NGUYỄN THỊ ÁNH;;Xã Đông Ngũ;;;"]
    assert "sẽ ghi là" not in client.get(upload(client, line)).text
    assert "sẽ ghi là “Nguyễn Thị Ánh”" in client.get(upload(client, line, capitalise="y")).text


def test_a_file_of_another_province_is_refused_with_what_it_says(database: Database, province: dict[str, UUID], sign_in: SignInAs) -> None:
    content = (HEADER + "CB1;Nguyễn Văn An;;UBND huyện Quỳnh Lưu;;;\nCB2;Lê Thị Bé;;UBND huyện Yên Thành;;;\n").encode()
    response = sign_in("quantri").post(ADDRESS, data={"file": (BytesIO(content), "ds.csv"), "as_of": "01/10/2026", "mode": "add"})
    assert response.status_code == 422
    assert "tệp của tỉnh khác" in response.text
    assert "UBND huyện Quỳnh Lưu" in response.text
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ImportRun)) == 0
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("imports.%"))).all() == ["imports.refuse_file"]
