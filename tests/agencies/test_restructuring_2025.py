"""The restructuring of 2025 as it is shipped: Bắc Kạn into Thái Nguyên, no more districts, 92 communes and wards."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

import lms.agencies
from lms.accounts.queries.lineage import people_lineage
from lms.agencies import queries
from lms.agencies.files import read_files
from lms.agencies.operations import apply_import, check_import
from lms.agencies.queries.believed import codes_on
from lms.agencies.queries.lineage import successors_on
from lms.agencies.rules.kinds import CodeScheme
from lms.kit.actors import EVERYWHERE, SERVICE
from lms.kit.db import Database
from lms.kit.sheets import Sheet
from tests.agencies.conftest import assert_closure_true
from tests.factories import make_people

DATA = Path(lms.agencies.__file__).parent / "data" / "thai-nguyen-2025"
EVE, DAY = date(2025, 6, 30), date(2025, 7, 1)
BEFORE, LATER = datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 8, 1, tzinfo=UTC)

# Who became part of whom (Nghị quyết 1683/NQ-UBTVQH15), by the codes of the administrative divisions.
LINEAGE = {
    ("05443", "phường Trưng Vương"): ("phường Phan Đình Phùng",),
    ("05437", "phường Túc Duyên"): ("phường Phan Đình Phùng",),
    ("05761", "thị trấn Hùng Sơn"): ("xã Đại Phúc",),
    ("05863", "xã Phúc Tân"): ("xã Đại Phúc",),
    ("05530", "xã Bình Sơn"): ("xã Tân Cương",),
    ("01837", "phường Sông Cầu"): ("phường Bắc Kạn",),
    ("01984", "xã Đôn Phong"): ("xã Phong Quang",),
    ("02041", "xã Bằng Phúc"): ("xã Đồng Phúc",),
    ("02086", "thị trấn Đồng Tâm"): ("xã Chợ Mới",),
    ("05914", "xã Đồng Liên"): ("phường Gia Sàng",),
    ("05461", "phường Gia Sàng"): ("phường Gia Sàng", "phường Phan Đình Phùng"),
    ("05467", "phường Cam Giá"): ("phường Gia Sàng", "phường Tích Lương"),
    ("05932", "xã Thượng Đình"): ("xã Phú Bình", "xã Điềm Thụy"),
    ("05719", "xã Sảng Mộc"): ("xã Sảng Mộc",),
    ("01957", "xã Thượng Quan"): ("xã Thượng Quan",),
}


@cache
def sheets(name: str) -> list[Sheet]:
    return read_files(DATA / name)


def load(session: Session, name: str, at: datetime) -> dict[str, int]:
    plan = check_import(session, sheets(name), name, DAY)
    assert [finding.message % finding.values for finding in plan.findings] == []
    return apply_import(session, SERVICE, plan, at)


@pytest.fixture
def before(database: Database) -> Database:
    """The tree before, as it was known on 01/06/2025."""
    with database.transaction() as session:
        load(session, "don-vi.csv", BEFORE)
    return database


@pytest.fixture
def after(before: Database) -> Iterator[Session]:
    with before.transaction() as session:
        load(session, "su-kien.csv", LATER)
    with before.reading() as session:
        yield session


def kinds(session: Session, day: date, known: datetime | None = None) -> Counter[str]:
    return Counter(version.kind for version in queries.versions_on(session, day, known=known).values())


def by_code(session: Session, code: str, day: date, scheme: str = CodeScheme.DVHC) -> UUID:
    found = queries.agency_by_code(session, code, day, scheme)
    assert found is not None
    return found


def test_on_the_eve_there_are_two_provinces_with_districts_and_a_day_later_one_with_92_communes(after: Session) -> None:
    assert kinds(after, EVE) == {"province": 2, "department": 24, "district": 17, "commune": 280}
    assert kinds(after, DAY) == {"province": 1, "department": 14, "commune": 92}
    province = by_code(after, "H55", DAY, CodeScheme.QD20)
    communes = [version for version in queries.versions_on(after, DAY).values() if version.kind == "commune"]
    assert {version.parent_id for version in communes} == {province}
    assert Counter(version.name.split()[4] for version in communes) == {"xã": 77, "phường": 15}
    assert queries.subtree_ids(after, province, DAY) == set(queries.versions_on(after, DAY))
    assert_closure_true(after)


def test_the_code_of_thai_nguyen_lives_on_and_that_of_bac_kan_is_closed(after: Session) -> None:
    thai_nguyen = by_code(after, "H55", EVE, CodeScheme.QD20)
    assert by_code(after, "H55", DAY, CodeScheme.QD20) == by_code(after, "19", DAY) == thai_nguyen
    bac_kan = by_code(after, "06", EVE)
    assert queries.agency_by_code(after, "06", DAY, CodeScheme.DVHC) is None
    assert [heir.id for heir in successors_on(after, bac_kan, DAY, since=EVE)] == [thai_nguyen]


def test_old_communes_lead_to_the_new_ones(after: Session) -> None:
    for (code, name), heirs in LINEAGE.items():
        agency = by_code(after, code, EVE)
        assert queries.agency_names(after, [agency], EVE)[agency] == f"Ủy ban nhân dân {name}"
        found = successors_on(after, agency, DAY, since=EVE)
        assert sorted(heir.name for heir in found) == sorted(f"Ủy ban nhân dân {heir}" for heir in heirs)


def test_no_commune_of_the_day_before_is_without_a_heir(after: Session) -> None:
    communes = [version for version in queries.versions_on(after, EVE).values() if version.kind == "commune"]
    ways = [successors_on(after, version.agency_id, DAY, since=EVE) for version in communes[::20]]
    assert all(ways)


def test_information_and_communications_lives_on_in_science_and_technology(after: Session) -> None:
    for code in ("BK.STTTT", "TN.STTTT"):
        old = by_code(after, code, date(2024, 12, 31), CodeScheme.LOCAL)
        (heir,) = successors_on(after, old, DAY, since=date(2024, 12, 31))
        assert heir.name == "Sở Khoa học và Công nghệ tỉnh Thái Nguyên"
        assert queries.agency_by_code(after, code, date(2025, 3, 1), CodeScheme.LOCAL) is None


def test_what_was_known_before_the_events_were_loaded_is_unchanged(after: Session) -> None:
    june = datetime(2025, 6, 15, tzinfo=UTC)
    assert kinds(after, DAY, june) == {"province": 2, "department": 36, "district": 17, "commune": 280}
    ward = by_code(after, "05443", EVE)
    assert queries.versions_on(after, DAY, [ward], known=june)[ward].name == "Ủy ban nhân dân phường Trưng Vương"
    assert ward not in queries.versions_on(after, DAY, [ward])


def test_a_new_commune_takes_over_the_code_of_one_of_those_it_came_from(after: Session) -> None:
    codes = {agency: {code.code for code in own if code.scheme == CodeScheme.DVHC} for agency, own in codes_on(after, DAY).items()}
    new = by_code(after, "05443", DAY)
    assert (codes[new], by_code(after, "05443", EVE) == new) == ({"05443"}, False)


def test_people_of_an_old_commune_are_found_in_the_new_one_in_their_share(before: Database) -> None:
    with before.transaction() as session:
        old = {code: by_code(session, code, EVE) for code in ("05443", "05437", "05461")}
        for code, people in (("05443", 3), ("05437", 2), ("05461", 4)):
            make_people(session, old[code], [{"full_name": f"Nguyễn Văn {code} {number}"} for number in range(people)])
        load(session, "su-kien.csv", LATER)
    with before.reading() as session:
        heir = by_code(session, "05443", DAY)
        whole = people_lineage(session, old["05443"], EVE, DAY, EVERYWHERE)
        assert (whole.people, whole.left, [(one.agency_id, one.people, one.share) for one in whole.heirs]) == (3, 0, [(heir, 3, 1.0)])
        split = people_lineage(session, old["05461"], EVE, DAY, EVERYWHERE)
        assert (split.people, split.left, sum(one.people for one in split.heirs)) == (4, 0, 4)
        assert {one.name for one in split.heirs} <= {"Ủy ban nhân dân phường Phan Đình Phùng", "Ủy ban nhân dân phường Gia Sàng"}


def test_loading_it_again_changes_nothing(after: Session) -> None:
    plan = check_import(after, [*sheets("don-vi.csv"), *sheets("su-kien.csv")], "thai-nguyen-2025", DAY, new_root=True)
    assert (plan.findings, plan.changes, plan.known_events) == ([], [], 135)


def test_the_whole_folder_loads_at_once_as_well(database: Database) -> None:
    with database.transaction() as session:
        load(session, "", LATER)
        assert kinds(session, DAY) == {"province": 1, "department": 14, "commune": 92}
        assert kinds(session, EVE)["district"] == 17


def test_every_event_names_its_source_and_what_is_not_verified_says_so() -> None:
    with (DATA / "su-kien.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    first = {row["Số sự kiện"]: row for row in reversed(rows)}
    sources = (DATA / "SOURCES.md").read_text(encoding="utf-8")
    for row in first.values():
        named = [part.split("]")[0] for part in row["Ghi chú"].split("[")[1:]]
        assert named, row
        assert all(f"| {source} |" in sources for source in named)
        assert row["Số quyết định"] or "Chưa kiểm chứng" in row["Ghi chú"]
