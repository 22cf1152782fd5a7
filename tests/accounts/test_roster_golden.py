"""Two hostile rosters, row by row, and what importing them does to the database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from lms.accounts import operations
from lms.accounts.models import Person, Posting
from lms.accounts.operations import RosterCheck, RosterOptions
from lms.accounts.rules.roster.plan import Outcome, Step
from lms.agencies.models import FOREVER, AgencyCode
from lms.kit.actors import SERVICE
from lms.kit.db import Database
from lms.kit.sheets import Sheet, read_workbook, sheet
from tests.factories import make_agency

FOLDER = Path(__file__).parents[1] / "golden" / "rosters"
NAMES = ("so-khcn", "hai-xa")
DAY = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def running(app: Flask) -> object:
    with app.app_context():
        yield


@pytest.fixture
def province(database: Database) -> dict[str, UUID]:
    """Code → agency of the few agencies the golden rosters speak of."""
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh Thái Nguyên", code="H55")
        department = make_agency(session, "Sở Khoa học và Công nghệ", parent=root, code="H55.10")
        make_agency(session, "Chi cục Tiêu chuẩn Đo lường Chất lượng", parent=department, code="H55.10.1")
        make_agency(session, "Trung tâm Công nghệ thông tin và Truyền thông", parent=department, code="H55.10.2", block="su_nghiep")
        make_agency(session, "Xã Đông Ngũ", parent=root, code="H55.201", level="xa", block="xa_phuong")
        make_agency(session, "Xã Phúc Lộc", parent=root, code="H55.202", level="xa", block="xa_phuong")
        return dict(session.execute(select(AgencyCode.code, AgencyCode.agency_id)).all())


@cache
def sheets_of(name: str) -> list[Sheet]:
    return read_workbook(FOLDER / f"{name}.xlsx")


def expected_of(name: str) -> dict[tuple[str, int], dict[str, Any]]:
    golden = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return {(sheet, row): entry for sheet, rows in golden["sheets"].items() for row, entry in rows.items()}


def checking(session: Session, sheets: list[Sheet], day: date = DAY, **chosen: Any) -> RosterCheck:
    return operations.check_roster(session, iter(sheets), "ds.xlsx", RosterOptions(day, **chosen))


def steps_of(session: Session, check: RosterCheck) -> list[Step]:
    return [step for plan in check.file.plans(session) for step in plan.steps]


def what_became(session: Session, check: RosterCheck, sheets: list[Sheet]) -> dict[tuple[str, int], dict[str, Any]]:
    """Per row of the file the same facts as the golden file gives."""
    found: dict[tuple[str, int], dict[str, Any]] = {(page.name, row.number): {} for page in sheets for row in page.rows if row.filled}
    for step in steps_of(session, check):
        line = step.line
        facts = {
            "is": step.outcome.value,
            "name": line.full_name,
            "code": line.staff_code,
            "agency": check.file.agencies.by_id[line.agency_id].codes[0],
            "birth": line.birth_date or line.birth_year,
            "sex": line.sex,
            "group": line.group_code or line.derived_group,
            "title": line.job_title,
            "it_duty": line.it_duty,
            "qualification": line.qualification,
            "it_qualification": line.it_qualification,
            "it_major": line.it_major,
            "phone": line.phone,
            "identity": line.identity_number,
            "email": line.email,
        }
        found[line.sheet, line.row] = {key: value for key, value in facts.items() if value is not None}
    for finding in check.findings:
        entry = found[finding.sheet, finding.row]
        entry.setdefault("errors" if finding.blocking else "remarks", []).append(finding.message % finding.values)
        if finding.blocking:
            entry["is"] = "refused"
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_row_becomes_what_the_golden_file_says(database: Database, province: dict[str, UUID], name: str) -> None:
    sheets = sheets_of(name)
    with database.reading() as session:
        found = what_became(session, checking(session, sheets), sheets)
    expected = expected_of(name)
    assert set(found) == set(expected)
    for place, golden in expected.items():
        became = found[place]
        for kind in ("errors", "remarks"):
            sentences, parts = became.pop(kind, []), golden.pop(kind, [])
            assert len(sentences) == len(parts), (place, sentences)
            for sentence, part in zip(sentences, parts, strict=True):
                assert part in sentence, place
        if golden["is"] in ("new", "refused"):
            assert became == golden, place
        else:
            assert became == {}, place


@pytest.mark.parametrize("name", NAMES)
def test_the_same_file_again_changes_nothing(database: Database, province: dict[str, UUID], name: str) -> None:
    sheets = sheets_of(name)
    with database.transaction() as session:
        first = checking(session, sheets)
        operations.apply_roster(session, SERVICE, first, AT)
    for day in (DAY, date(2027, 1, 4)):
        with database.transaction() as session:
            again = checking(session, sheets, day)
            counts = operations.apply_roster(session, SERVICE, again, AT)
        assert counts == {"new": 0, "changed": 0, "moved": 0, "unchanged": first.counts[Outcome.NEW]}
        assert again.checked().rows == 0
    with database.reading() as session:
        people = session.scalar(select(func.count()).select_from(Person))
        posts = session.scalar(select(func.count()).select_from(Posting))
    assert people == posts == first.counts[Outcome.NEW]


def test_checking_writes_nothing_and_costs_a_fixed_number_of_statements(database: Database, province: dict[str, UUID]) -> None:
    counts = []
    for name in NAMES:
        sheets = sheets_of(name)
        statements: list[str] = []

        def note(*arguments: Any, statements: list[str] = statements) -> None:
            if not arguments[2].startswith("BEGIN"):
                statements.append(arguments[2])

        for engine in database.engines:
            event.listen(engine, "before_cursor_execute", note)
        with database.reading() as session:
            checking(session, sheets)
        for engine in database.engines:
            event.remove(engine, "before_cursor_execute", note)
        counts.append(len(statements))
        assert not any(statement.startswith(("INSERT", "UPDATE", "DELETE")) for statement in statements)
    assert max(counts) <= 7


def people(*rows: tuple[Any, ...]) -> list[Sheet]:
    """A small clean roster."""
    return [sheet("DS", [("Mã cán bộ", "Họ và tên", "Ngày sinh", "Đơn vị công tác", "Chức vụ", "Điện thoại", "Số CCCD"), *rows])]


def importing(session: Session, sheets: list[Sheet], day: date = DAY, **chosen: Any) -> list[Step]:
    """Import and return what was planned."""
    check = checking(session, sheets, day, **chosen)
    steps = steps_of(session, check)
    operations.apply_roster(session, SERVICE, check, AT)
    return steps


AN = ("CB1", "Nguyễn Văn An", "05/07/1985", "Xã Đông Ngũ", "Chuyên viên", "0912345678", "019085000123")


def test_a_move_closes_one_post_and_opens_another(database: Database, province: dict[str, UUID]) -> None:
    later = date(2027, 1, 4)
    with database.transaction() as session:
        importing(session, people(AN))
        moved = importing(session, people((*AN[:3], "Xã Phúc Lộc", "Phó Chủ tịch UBND xã", *AN[5:])), later)
        assert [step.outcome for step in moved] == [Outcome.MOVED]
        posts = session.execute(
            select(Posting.agency_id, Posting.group_code, Posting.valid_from, Posting.valid_to).order_by(Posting.valid_from)
        ).all()
    assert posts == [(province["H55.201"], "N2", DAY, later), (province["H55.202"], "N1", later, FOREVER)]


def test_what_a_row_does_not_say_stays(database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        importing(session, people(AN))
        again = importing(session, people((*AN[:5], None, None)))
        assert [step.outcome for step in again] == [Outcome.UNCHANGED]
        changed = importing(session, people((*AN[:5], "0912345679", None)))
        assert [(step.outcome, dict(step.person)) for step in changed] == [(Outcome.CHANGED, {"phone": "+84912345679"})]


def test_people_are_recognised_by_number_where_the_code_is_new(database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        importing(session, people((None, *AN[1:])))
        named = importing(session, people(AN))
        assert [step.outcome for step in named] == [Outcome.CHANGED]
        assert session.scalars(select(Person.staff_code)).all() == ["CB1"]
        assert session.scalars(select(Person.search_text)).all() == ["nguyen van an cb1 c0000001"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("CB1", "Trần Thị Bình", "01/01/1990", *AN[3:6], None), "trong hồ sơ, CB1 là Nguyễn Văn An"),
        (("CB2", *AN[1:]), "số CCCD này thuộc Nguyễn Văn An, mã CB1"),
        ((None, *AN[1:5], None, "019085000999"), None),
        (("CB1", *AN[1:5], None, "019085000999"), "số CCCD khác với hồ sơ của CB1"),
        (("CB7", *AN[1:6], None), None),
    ],
)
def test_a_row_that_may_mean_somebody_else_is_refused(
    database: Database, province: dict[str, UUID], row: tuple[Any, ...], message: str | None
) -> None:
    """Two people may share name, birth date and agency; where an identifier proves it, the second is entered."""
    with database.transaction() as session:
        importing(session, people(AN))
        check = checking(session, people(row))
        outcomes = [step.outcome for step in steps_of(session, check)]
    if message is None:
        assert outcomes == [Outcome.NEW]
    else:
        assert outcomes == []
        assert message in check.findings[-1].message % check.findings[-1].values


def test_a_possible_duplicate_names_the_one_it_may_be(database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        importing(session, people((None, *AN[1:6], None)))
        check = checking(session, people((None, *AN[1:])))
    assert [finding.message % finding.values for finding in check.findings] == [
        "có thể trùng với Nguyễn Văn An (C0000001): cùng họ tên, ngày sinh, đơn vị; "
        "chọn “cùng một người” hay “người khác”, hoặc ghi mã cán bộ"
    ]
