"""Cells and headers, whatever they look like."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.accounts.rules.groups import derived_group
from lms.accounts.rules.people import identity_number, phone_number, shown_phone
from lms.accounts.rules.roster import cells
from lms.accounts.rules.roster.agencies import AgencyIndex, KnownAgency
from lms.accounts.rules.roster.header import find_roster_header
from lms.accounts.rules.roster.lines import ReadingOptions, read_roster
from lms.kit.errors import DomainError
from lms.kit.sheets import sheet

DAYS = st.dates(date(1940, 1, 1), date(2008, 12, 31))
GROUPS = {"N1": "Lãnh đạo", "N2": "Hành chính"}
TODAY = date(2026, 11, 22)


@given(
    DAYS, st.sampled_from(["{0:%d/%m/%Y}", "{0.day}/{0.month}/{0.year}", "{0:%d-%m-%Y}", "{0:%d.%m.%Y}", "'{0:%d/%m/%Y}", "{0:%Y-%m-%d}"])
)
def test_a_birth_date_is_read_however_it_is_written(day: date, form: str) -> None:
    assert cells.birth(form.format(day)) == cells.Birth(day, day.year)


@given(DAYS)
def test_a_birth_date_is_read_as_date_moment_and_serial(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    for cell in (day, datetime(day.year, day.month, day.day, 7, 0, tzinfo=UTC), serial, float(serial)):
        assert cells.birth(cell) == cells.Birth(day, day.year)


@pytest.mark.parametrize(("cell", "year"), [(1985, 1985), ("1985", 1985), ("07/1985", 1985), (None, None)])
def test_a_year_alone_stays_a_year(cell: object, year: int | None) -> None:
    birth = cells.birth(cell)
    assert (birth and (birth.day, birth.year)) == (year and (None, year))


@pytest.mark.parametrize(("written", "year"), [("5/7/85", 1985), ("05-07-30", 1930), ("05.07.05", 2005)])
def test_two_figures_of_a_year_mean_a_working_life(written: str, year: int) -> None:
    assert cells.birth(written) == cells.Birth(date(year, 7, 5), year)


@given(st.integers(1, 12), st.integers(13, 31))
def test_month_before_day_is_never_guessed(month: int, day: int) -> None:
    with pytest.raises(DomainError):
        cells.birth(f"{month}/{day}/1985")


@given(st.text())
def test_any_text_is_a_birth_date_or_a_sentence(text: str) -> None:
    with suppress(DomainError):  # never anything else
        cells.birth(text)


@given(st.sampled_from("35789"), st.integers(0, 99_999_999))
def test_a_mobile_number_is_the_same_in_every_form(second: str, rest: int) -> None:
    national = f"0{second}{rest:08d}"
    forms = [national, national[1:], f"+84{national[1:]}", f"84{national[1:]}", f"{national[:4]} {national[4:7]} {national[7:]}"]
    assert {phone_number(form)[0] for form in forms} == {f"+84{national[1:]}"}
    assert shown_phone(f"+84{national[1:]}").replace(" ", "") == national


@given(st.integers(10_000_000_000, 99_999_999_999))
def test_an_identity_number_gets_its_lost_zero_back(number: int) -> None:
    assert identity_number(str(number)) == (f"0{number}", True)
    assert identity_number(f"0{number}") == (f"0{number}", False)


@pytest.mark.parametrize("text", ["12345678901234", "1190750001234", "abc", "019075OOO123"])
def test_other_numbers_are_refused_and_not_repeated_in_full(text: str) -> None:
    with pytest.raises(DomainError, match="12 chữ số"):
        identity_number(text)


@pytest.mark.parametrize("written", ["Nguyễn Văn An", "Giàng A Páo", "H'Hen Niê", "Tôn Nữ Thị Ninh", "Ông Nguyễn Văn An", "Y-Blô Êban"])
def test_names_of_all_peoples_are_names(written: str) -> None:
    assert cells.person_name(written) == written.removeprefix("Ông ")


COLUMNS = {"Họ và tên": "Lê Thị Bé", "Ngày sinh": "05/07/1985", "Đơn vị": "Sở Y tế", "SĐT": "0912345678"}
AGENCIES = AgencyIndex(
    [
        KnownAgency(UUID(int=1), "Sở Y tế", "so_nganh", ("H55.11",), "SYT", frozenset({UUID(int=1)})),
        KnownAgency(UUID(int=2), "Văn phòng", "so_nganh", (), None, frozenset({UUID(int=1), UUID(int=2)}), "Sở Y tế"),
        KnownAgency(UUID(int=3), "Sở Nội vụ", "so_nganh", (), None, frozenset({UUID(int=3)})),
        KnownAgency(UUID(int=4), "Văn phòng", "so_nganh", (), None, frozenset({UUID(int=3), UUID(int=4)}), "Sở Nội vụ"),
    ]
)


@pytest.mark.parametrize("order", list(permutations(COLUMNS)))
def test_columns_may_stand_in_any_order(order: tuple[str, ...]) -> None:
    reading = read_roster([sheet("DS", [order, [COLUMNS[label] for label in order]])], AGENCIES, GROUPS, ReadingOptions(TODAY), "ds.xlsx")
    (line,) = reading.lines
    assert (line.full_name, line.birth_date, AGENCIES.by_id[line.agency_id].name, line.phone) == (
        "Lê Thị Bé",
        date(1985, 7, 5),
        "Sở Y tế",
        "+84912345678",
    )


@given(st.lists(st.sampled_from(["SỞ Y TẾ", "DANH SÁCH CÁN BỘ", "(Kèm theo Công văn số 12)", "Độc lập - Tự do - Hạnh phúc"]), max_size=8))
def test_the_header_is_found_below_any_preamble(preamble: list[str]) -> None:
    header = find_roster_header(sheet("DS", [*((text,) for text in preamble), tuple(COLUMNS), tuple(COLUMNS.values())]))
    assert header is not None
    assert header.first_row == header.last_row == len(preamble) + 1


def test_an_office_is_looked_for_in_its_section_first() -> None:
    rows = [
        ("STT", "Họ và tên", "Ngày sinh", "Chức vụ"),
        ("A", "SỞ NỘI VỤ"),
        ("I", "Văn phòng"),
        (1, "Lê Thị Bé", 1985, "Chuyên viên"),
    ]
    (line,) = read_roster([sheet("DS", rows)], AGENCIES, GROUPS, ReadingOptions(TODAY), "ds.xlsx").lines
    assert line.agency_id == UUID(int=4)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("H55.11", 1),
        ("syt", 1),
        ("sở y tế", 1),
        ("Văn phòng - Sở Nội vụ", 4),
        ("Phòng Nghiệp vụ, Sở Y tế", 1),
        ("Văn phòng", None),
        ("Xã X", None),
    ],
)
def test_agencies_are_meant_by_code_short_name_and_path(text: str, found: int | None) -> None:
    named = AGENCIES.named(text)
    assert (named[0].id if len(named) == 1 else None) == (found and UUID(int=found))


@pytest.mark.parametrize(
    ("title", "agency", "block", "group"),
    [
        ("Phó Giám đốc Sở", "Sở Y tế", "so_nganh", "N1"),
        ("Phó Trưởng phòng", "Sở Y tế", "so_nganh", "N1"),
        ("Hiệu trưởng", "Trường THPT A", "truong_hoc", "N1"),
        ("Chuyên viên", "Sở Y tế", "so_nganh", "N2"),
        ("Chuyên viên", "Ban Tổ chức Tỉnh ủy", "dang_doan_the", "N3"),
        ("Giáo viên", "Trường THPT A", "truong_hoc", "N4"),
        ("Kế toán", "Trường THPT A", "truong_hoc", "N5"),
        ("Kế toán", "Sở Y tế", "so_nganh", "N2"),
        (None, "Bệnh viện A", "su_nghiep", "N4"),
    ],
)
def test_the_group_follows_from_title_and_agency_where_no_column_gives_it(title: str | None, agency: str, block: str, group: str) -> None:
    assert derived_group(title, agency, block) == group


def test_a_workbook_without_any_roster_says_what_is_needed() -> None:
    with pytest.raises(DomainError, match="Họ và tên"):
        read_roster([sheet("X", [("Tên", "Số"), ("a", 1)])], AGENCIES, GROUPS, ReadingOptions(TODAY), "x.xlsx")


def test_a_small_table_above_is_not_taken_for_the_roster() -> None:
    contact = [("Họ và tên", "Điện thoại", "Email"), ("Lê Văn Mối", "0912345678", "mol@tinh.gov.vn"), (), (), (), ()]
    header = find_roster_header(sheet("DS", [*contact, tuple(COLUMNS), tuple(COLUMNS.values())]))
    assert header is not None
    assert header.first_row == 7
