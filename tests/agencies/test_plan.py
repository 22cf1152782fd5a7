"""What an agency sheet would change, as a table of small sheets."""

from __future__ import annotations

from datetime import date

import pytest

from lms.agencies.rules.events import Establishment
from lms.agencies.rules.kinds import AgencyKind, block_from, kind_from, kind_of_name, level_from
from lms.agencies.rules.plan import Plan, StoredHistory
from lms.agencies.rules.planner import plan_import
from lms.agencies.rules.sheet import read_lines
from lms.kit.errors import DomainError
from lms.kit.sheets import Cell, sheet

HEADER = ("Mã đơn vị", "Tên đơn vị", "Tên viết tắt", "Loại", "Khối", "Cấp", "Mã đơn vị chủ quản", "Ngày hiệu lực", "Văn bản căn cứ")
DAY = date(2025, 7, 1)


def line(code: str | None, name: str | None, parent: str | None = None, **other: Cell) -> tuple[Cell, ...]:
    keys = ("short", "kind", "block", "level")
    return (code, name, *(other.get(key) for key in keys), parent, other.get("on"), other.get("basis"))


def plan(*lines: tuple[Cell, ...]) -> Plan:
    return plan_import(read_lines([sheet("Cây", [HEADER, *lines])], "cay.xlsx"), StoredHistory(), DAY)


def established(result: Plan) -> list[Establishment]:
    return [step.change.details for step in result.steps if isinstance(step.change.details, Establishment)]


def complaints(result: Plan) -> list[tuple[int, str, str]]:
    return [(finding.row, finding.label, finding.message % finding.values) for finding in result.findings]


def test_a_good_sheet_is_all_new() -> None:
    result = plan(line("H55", "UBND tỉnh"), line("H55.1", "Sở Y tế", "H55", short="SYT"), line("H55.1.1", "Phòng Tổ chức", "H55.1"))
    assert complaints(result) == []
    assert result.checked().counts == {"added": 3, "changed": 0, "ended": 0, "unchanged": 0, "events": 0, "known_events": 0}
    assert [(one.kind, one.block, one.level, one.parent and result.new[one.parent]) for one in established(result)] == [
        ("province", "so_nganh", "tinh", None),
        ("department", "so_nganh", "tinh", "H55"),
        ("division", "so_nganh", "tinh", "H55.1"),
    ]
    assert {step.change.on for step in result.steps} == {DAY}


def test_parents_may_stand_below_their_children() -> None:
    assert complaints(plan(line("H55.1", "Sở Y tế", "H55"), line("H55", "UBND tỉnh"))) == []


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([line(None, "Sở Y tế")], [(2, "Mã đơn vị", "Chưa có mã đơn vị")]),
        ([line("H55", None)], [(2, "Tên đơn vị", "Chưa có tên đơn vị")]),
        ([line("55-H", "Tỉnh")], [(2, "Mã đơn vị", "Mã không đúng dạng; ví dụ đúng: H55, H55.242")]),
        (
            [line("H55", "Tỉnh"), line("H55", "Tỉnh khác")],
            [(2, "Mã đơn vị", "Mã đơn vị trùng dòng 3"), (3, "Mã đơn vị", "Mã đơn vị trùng dòng 2")],
        ),
        ([line("H55", "Tỉnh", "H55")], [(2, "Mã đơn vị chủ quản", "Đơn vị không thể là chủ quản của chính mình")]),
        (
            [line("H55", "Tỉnh", "H99")],
            [(2, "Mã đơn vị chủ quản", "Không tìm thấy đơn vị chủ quản có mã H99, cả trong tệp lẫn trong hệ thống vào ngày 01/07/2025")],
        ),
        (
            [line("H55", "Tỉnh", on="31/02/2025")],
            [(2, "Ngày hiệu lực", "Ngày hiệu lực không đọc được hoặc không có thật; viết ngày/tháng/năm, ví dụ 01/07/2025")],
        ),
        (
            [line("H55", "Tỉnh", on="01/07/2025"), line("H55.1", "Sở", "H55", on="30/06/2025")],
            [(3, "Mã đơn vị chủ quản", "Đơn vị chủ quản H55 không tồn tại vào ngày 30/06/2025")],
        ),
        (
            [line("H55.1", "A", "H55.2"), line("H55.2", "B", "H55.1")],
            [
                (2, "Mã đơn vị chủ quản", "Vòng lặp: từ ngày 01/07/2025 đơn vị này nằm dưới chính nó, qua H55.2 → H55.1"),
                (3, "Mã đơn vị chủ quản", "Vòng lặp: từ ngày 01/07/2025 đơn vị này nằm dưới chính nó, qua H55.1 → H55.2"),
            ],
        ),
    ],
    ids=["no-code", "no-name", "bad-code", "duplicate", "own-parent", "unknown-parent", "no-such-day", "parent-too-late", "cycle"],
)
def test_each_trouble_is_told_at_its_row(lines: list[tuple[Cell, ...]], expected: list[tuple[int, str, str]]) -> None:
    result = plan(*lines)
    assert complaints(result) == expected
    assert result.checked().faulty_rows == len({row for row, _, _ in expected})


def test_unknown_words_are_answered_with_the_known_ones() -> None:
    ((_, label, message),) = complaints(plan(line("H55", "Tỉnh", kind="Tập đoàn")))
    assert label == "Loại"
    assert message.startswith("Không có “Tập đoàn”; chọn một trong: Cơ quan cấp tỉnh chủ quản, Sở, ban, ngành")


def test_the_child_of_a_faulty_line_is_not_blamed_too() -> None:
    result = plan(line("H55", None), line("H55.1", "Sở Y tế", "H55"))
    assert [row for row, _, _ in complaints(result)] == [2]


def test_totals_and_signatures_below_the_list_are_passed_over() -> None:
    result = plan(line("H55", "Tỉnh"), line(None, "Tổng cộng"), line("NGƯỜI LẬP BIỂU", None))
    assert (complaints(result), len(result.steps)) == ([], 1)


def test_hidden_sheets_and_sheets_of_other_things_are_left_alone() -> None:
    pages = [sheet("Hướng dẫn", [("Cách điền tệp",)]), sheet("Cây", [HEADER, line("H55", "Tỉnh")])]
    assert len(plan_import(read_lines(pages, "cay.xlsx"), StoredHistory(), DAY).steps) == 1


def test_a_file_without_the_header_is_refused_as_a_whole() -> None:
    with pytest.raises(DomainError) as caught:
        read_lines([sheet("Trang", [("Họ tên", "Ngày sinh")])], "can-bo.xlsx")
    assert "thiếu cột: Mã đơn vị, Tên đơn vị" in str(caught.value)


def test_the_plan_is_the_same_whenever_it_is_made() -> None:
    lines = [line("H55", "Tỉnh"), line("H55.1", "Sở", "H55")]
    assert plan(*lines).checked().fingerprint == plan(*lines).checked().fingerprint
    assert plan(*lines).checked().fingerprint != plan(lines[0], line("H55.1", "Sở khác", "H55")).checked().fingerprint


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("UBND tỉnh Thái Nguyên", AgencyKind.PROVINCE),
        ("Ủy ban nhân dân xã Đông Ngũ", AgencyKind.COMMUNE),
        ("SỞ NỘI VỤ", AgencyKind.DEPARTMENT),
        ("Phường Bắc Kạn", AgencyKind.COMMUNE),
        ("Phòng Văn hóa - Xã hội", AgencyKind.DIVISION),
        ("Trường THCS Phúc Lộc", AgencyKind.SCHOOL),
        ("Tỉnh ủy", AgencyKind.PARTY),
        ("Công ty cổ phần", AgencyKind.OTHER),
    ],
)
def test_a_name_tells_the_kind(name: str, kind: AgencyKind) -> None:
    assert kind_of_name(name) is kind


def test_words_of_the_columns_are_understood_without_marks_and_case() -> None:
    assert [kind_from(text) for text in ("Sở, ban, ngành", "SO BAN NGANH", "department", "x")] == [
        AgencyKind.DEPARTMENT,
        AgencyKind.DEPARTMENT,
        AgencyKind.DEPARTMENT,
        None,
    ]
    assert [block_from(text) for text in ("Khối xã, phường", "xa phuong", "Khối ĐVSN")] == ["xa_phuong", "xa_phuong", "su_nghiep"]
    assert [level_from(text) for text in ("Cấp tỉnh", "xã")] == ["tinh", "xa"]
