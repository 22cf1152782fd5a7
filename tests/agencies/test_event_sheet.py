"""The sheet of events: what its rows mean, what is refused at which row, and that what is written out reads back the same."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.agencies.rules.event_rows import event_rows
from lms.agencies.rules.event_sheet import EVENT_COLUMNS, event_from
from lms.agencies.rules.events import (
    Abolition,
    Amendment,
    Change,
    Code,
    Consolidation,
    Details,
    Division,
    Establishment,
    Event,
    Founding,
    Merger,
    Part,
    Recoding,
)
from lms.agencies.rules.kinds import Decision, EventKind
from lms.agencies.rules.plan import Plan, StoredHistory
from lms.agencies.rules.planner import plan_import
from lms.agencies.rules.prepare import prepared
from lms.agencies.rules.refs import parse_ref, ref_text
from lms.agencies.rules.replay import Replay, Tree, replay
from lms.agencies.rules.sheet import COLUMNS, read_lines
from lms.kit.ids import uuid7
from lms.kit.sheets import Cell, Sheet, sheet

DAY = date(2025, 7, 1)
AGENCY_HEADER = [labels[0] for labels in COLUMNS.values()]
EVENT_HEADER = [labels[0] for labels in EVENT_COLUMNS.values()]


def agencies(*lines: dict[str, Cell]) -> Sheet:
    return sheet("Đơn vị", [AGENCY_HEADER, *([line.get(field) for field in COLUMNS] for line in lines)])


def events(*rows: dict[str, Cell]) -> Sheet:
    return sheet("Sự kiện", [EVENT_HEADER, *([row.get(field) for field in EVENT_COLUMNS] for row in rows)])


def plan(*pages: Sheet, stored: StoredHistory | None = None) -> Plan:
    return plan_import(read_lines(pages, "tep.xlsx"), stored or StoredHistory(), DAY)


def province() -> Sheet:
    return agencies(
        {"code": "H55", "name": "UBND tỉnh", "valid_from": "01/01/2021"},
        {"code": "H55.1", "name": "Sở Y tế", "parent_code": "H55", "valid_from": "01/01/2021"},
        {"code": "H55.2", "name": "Sở Nội vụ", "parent_code": "H55", "valid_from": "01/01/2021"},
        {"code": "H55.1.1", "name": "Phòng Tổ chức", "parent_code": "H55.1", "valid_from": "01/01/2021"},
    )


def complaints(result: Plan) -> list[tuple[int, str, str]]:
    return [(finding.row, finding.label, finding.message % finding.values) for finding in result.findings if finding.blocking]


def named(tree: Tree, day: date) -> dict[str, str | None]:
    """Name → name of the parent, of all that exist on a day."""
    there = {agency: version for agency in tree.versions if (version := tree.on(agency, day))}
    return {version.name: there[version.parent].name if version.parent else None for version in there.values()}


def test_each_kind_of_event_is_understood() -> None:
    result = plan(
        province(),
        events(
            {"on": "01/02/2025", "event": "Đổi tên", "before": "H55.1", "name": "Sở Y tế và Dân số"},
            {"on": "01/03/2025", "event": "Thành lập", "after": "H55.3", "name": "Sở Tư pháp", "parent_code": "H55"},
            {"on": "01/04/2025", "event": "Chuyển chủ quản", "before": "H55.1.1", "parent_code": "H55.3"},
            {"number": "4", "on": "01/05/2025", "event": "Hợp nhất", "after": "H55.4", "name": "Sở Mới", "parent_code": "H55"}
            | {"before": "H55.2"},
            {"number": "4", "before": "H55.3"},
            {"number": "5", "on": "01/06/2025", "event": "Chia tách", "before": "H55.4", "after": "H55.5", "name": "Sở A", "share": "40%"},
            {"number": "5", "after": "H55.1", "share": 0.6},
            {"number": "6", "on": "01/07/2025", "event": "Giải thể", "before": "H55.5"},
            {"on": "01/08/2025", "event": "Đổi mã", "before": "H55.1", "after": "H55.9"},
            {"on": "01/08/2025", "event": "Thêm mã", "before": "H55.1", "after": "05443"},
            {"number": "7", "on": "01/09/2025", "event": "Sáp nhập", "before": "H55.1.1", "after": "H55.9"},
        ),
    )
    assert complaints(result) == []
    assert named(result.tree, date(2025, 2, 1))["Sở Y tế và Dân số"] == "UBND tỉnh"
    assert named(result.tree, date(2025, 4, 1))["Phòng Tổ chức"] == "Sở Tư pháp"
    assert named(result.tree, date(2025, 5, 1)) == {
        "UBND tỉnh": None,
        "Sở Y tế và Dân số": "UBND tỉnh",
        "Sở Mới": "UBND tỉnh",
        "Phòng Tổ chức": "Sở Mới",
    }
    assert sorted(named(result.tree, date(2025, 9, 1))) == ["Sở Y tế và Dân số", "UBND tỉnh"]
    assert result.checked().counts["events"] == 9


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [{"on": "31/12/2020", "event": "Đổi tên", "before": "H55.1", "name": "X"}],
            (2, "Mã đơn vị trước", "Không có đơn vị nào mang mã H55.1 vào ngày 31/12/2020; sự kiện không được có trước đơn vị"),
        ),
        (
            [{"on": DAY, "event": "Sáp nhập", "before": "H55.1", "after": "H55.1"}],
            (2, "Mã đơn vị sau", "Không thể sáp nhập, chia tách một đơn vị vào chính nó"),
        ),
        (
            [{"on": DAY, "event": "Sáp nhập", "before": "H55.1", "after": "H55.77"}],
            (
                2,
                "Mã đơn vị sau",
                "Đơn vị tiếp nhận mã H55.77 không tồn tại vào ngày 01/07/2025; nếu là đơn vị mới, loại sự kiện là Hợp nhất",
            ),
        ),
        (
            [{"on": DAY, "event": "Chuyển chủ quản", "before": "H55.1", "parent_code": "H55.1.1"}],
            (2, "Mã đơn vị chủ quản", "Vòng lặp: từ ngày 01/07/2025 đơn vị này nằm dưới chính nó, qua H55.1.1 → H55.1"),
        ),
        (
            [{"on": DAY, "event": "Giải thể", "before": "H55.1"}],
            (
                2,
                "Mã đơn vị trước",
                "Còn đơn vị trực thuộc: H55.1.1. Chuyển hoặc giải thể các đơn vị này trong cùng ngày hoặc trước đó",
            ),
        ),
        (
            [{"on": DAY, "event": "Thành lập", "after": "H55.1", "name": "Sở khác", "parent_code": "H55"}],
            (2, "Mã đơn vị sau", "Mã H55.1 từ ngày 01/07/2025 đã thuộc H55.1"),
        ),
        (
            [
                {"on": DAY, "event": "Giải thể", "before": "H55.2"},
                {"on": "02/07/2025", "event": "Đổi tên", "before": "H55.2", "name": "X"},
            ],
            (3, "Mã đơn vị trước", "Không có đơn vị nào mang mã H55.2 vào ngày 02/07/2025; sự kiện không được có trước đơn vị"),
        ),
        (
            [
                {"number": "1", "on": DAY, "event": "Chia tách", "before": "H55.1", "after": "H55.2", "share": 0.7},
                {"number": "1", "after": "H55.8", "name": "Sở B", "share": 0.7},
            ],
            (2, "Tỷ lệ", "Tỷ lệ của các phần cộng lại không được quá 1, và mỗi phần là một đơn vị khác nhau"),
        ),
        ([{"on": DAY, "event": "Đổi tên", "before": "H55.1"}], (2, "Tên đơn vị sau", "Chưa có tên mới")),
        ([{"on": DAY, "event": "Nổ tung", "before": "H55.1"}], (2, "Loại sự kiện", "Không có “Nổ tung”; chọn một trong: ")),
        ([{"on": DAY, "event": "Giải thể", "before": "5443"}], (2, "Mã đơn vị trước", "Mã đơn vị hành chính phải đủ 2, 3 hoặc 5 chữ số")),
        ([{"on": DAY, "event": "Giải thể", "before": "H55.2", "share": "170%"}], (2, "Tỷ lệ", "Tỷ lệ phải từ 0 đến 1")),
        (
            [
                {"number": "1", "on": DAY, "event": "Hợp nhất", "before": "H55.1", "after": "H55.7", "name": "Sở C", "parent_code": "H55"},
                {"number": "1", "on": "02/07/2025", "before": "H55.2"},
            ],
            (3, "Ngày hiệu lực", "Ngày hiệu lực khác dòng 2 của cùng sự kiện"),
        ),
        (
            [
                {"number": "1", "on": DAY, "event": "Đổi tên", "before": "H55.1", "name": "X"},
                {"number": "1", "before": "H55.2", "name": "Y"},
            ],
            (3, "Số sự kiện", "Sự kiện loại này chỉ có một dòng; dòng 2 đã nêu sự kiện này"),
        ),
        (
            [
                {"number": "1", "on": DAY, "event": "Sáp nhập", "before": "H55.1.1", "after": "H55.2"},
                {"number": "1", "before": "H55.1", "after": "H55"},
            ],
            (3, "Mã đơn vị sau", "Sự kiện loại này chỉ có một đơn vị sau; dòng 2 nêu mã khác"),
        ),
        (
            [
                {"number": "1", "on": DAY, "event": "Chia tách", "before": "H55.1.1", "after": "H55.2"},
                {"number": "1", "before": "H55.1", "after": "H55"},
            ],
            (3, "Mã đơn vị trước", "Chia tách chỉ có một đơn vị trước; dòng 2 nêu mã khác"),
        ),
    ],
    ids=[
        "before-it-exists",
        "into-itself",
        "unknown-heir",
        "cycle",
        "children-left",
        "code-taken",
        "ended",
        "shares",
        "no-name",
        "unknown-event",
        "lost-zero",
        "bad-share",
        "disagreement",
        "two-rows",
        "two-heirs",
        "two-divided",
    ],
)
def test_each_trouble_is_told_at_its_row(rows: list[dict[str, Cell]], expected: tuple[int, str, str]) -> None:
    base = plan(province())
    stored = StoredHistory([Event(step.event, step.change.on, 0, step.change.details) for step in base.steps])
    found = complaints(plan(events(*rows), stored=stored))
    assert any((row, label) == expected[:2] and message.startswith(expected[2]) for row, label, message in found), found
    assert plan(events(*rows), stored=stored).checked().faulty_rows > 0


def test_a_name_that_does_not_fit_its_code_is_remarked() -> None:
    result = plan(province(), events({"on": DAY, "event": "Giải thể", "before": "H55.2", "before_name": "Sở Y tế"}))
    (remark,) = result.findings
    assert (remark.blocking, remark.message % remark.values) == (False, "Mã H55.2 là của Sở Nội vụ; kiểm tra lại mã hoặc tên")


def test_decomposed_text_is_understood_and_stored_composed() -> None:
    row: dict[str, Cell] = {"on": DAY, "event": "Đổi tên", "before": "H55.1", "name": "Sở Y tế và Dân số"}
    spelled = {field: unicodedata.normalize("NFD", value) if isinstance(value, str) else value for field, value in row.items()}
    result = plan(province(), events(spelled))
    assert "Sở Y tế và Dân số" in named(result.tree, DAY)


def test_a_file_of_another_province_is_refused_unless_it_is_said_to_be_meant() -> None:
    base = plan(province())
    stored = StoredHistory([Event(step.event, step.change.on, 0, step.change.details) for step in base.steps])
    foreign = agencies({"code": "H49", "name": "UBND tỉnh Quảng Ninh"}, {"code": "H49.1", "name": "Sở Y tế", "parent_code": "H49"})
    (told,) = [one for one in complaints(plan(foreign, stored=stored)) if one[0] == 2]
    assert "Đơn vị này sẽ đứng ngang với đơn vị cao nhất đang có (H55)" in told[2]
    allowed = plan_import(read_lines([foreign], "tep.xlsx"), stored, DAY, new_root=True)
    assert (complaints(allowed), allowed.checked().counts["added"]) == ([], 2)


def test_an_event_stored_with_other_contents_is_not_recorded_twice() -> None:
    rows: dict[str, Cell] = {"on": DAY, "event": "Hợp nhất", "number": "1", "after": "H55.7", "name": "Sở C", "parent_code": "H55"}
    base = plan(province(), events({**rows, "before": "H55.1"}, {"number": "1", "before": "H55.2"}))
    stored = StoredHistory([Event(step.event, step.change.on, place, step.change.details) for place, step in enumerate(base.steps)])
    again = plan(events({**rows, "before": "H55.2"}, {"number": "1", "before": "H55.1"}), stored=stored)
    assert (complaints(again), again.known_events, again.steps) == ([], 1, [])
    other = plan(events({**rows, "name": "Sở khác", "before": "H55.1"}, {"number": "1", "before": "H55.2"}), stored=stored)
    assert [message for _, _, message in complaints(other)] == [
        "Đơn vị này đã được ghi là bắt đầu trong ngày 01/07/2025, theo một sự kiện có nội dung khác"
    ]


def test_words_for_events_are_understood_without_marks_and_case() -> None:
    assert [event_from(text) for text in ("SÁP NHẬP", "nhap vao", "Kết thúc hoạt động", "split", "x")] == [
        EventKind.MERGE,
        EventKind.MERGE,
        EventKind.ABOLISH,
        EventKind.SPLIT,
        None,
    ]


@given(st.text(max_size=30))
def test_what_a_reference_says_is_read_back(text: str) -> None:
    ref = parse_ref(text)
    if ref is not None and (isinstance(ref, UUID) or ref.code):
        assert parse_ref(ref_text(ref)) == ref


# Any history that can be is written out and read back the same.


@st.composite
def histories(draw: st.DrawFn) -> StoredHistory:
    under_way, day = Replay(), date(2024, 1, 1)
    kept: list[Event] = []
    decisions: dict[UUID, Decision] = {}
    numbers = iter(range(1, 10_000))

    def founding(living: list[UUID], *, root: bool = False) -> Founding:
        codes = [Code("local" if draw(st.booleans()) else "qd20", f"H55.{next(numbers)}")] if draw(st.integers(0, 9)) else []
        parent = None if root or not living else draw(st.sampled_from(living))
        name = f"=Đơn vị {next(numbers)}"
        return Founding(agency=uuid7(), name=name, kind="department", block="so_nganh", level="tinh", parent=parent, codes=tuple(codes))

    for _ in range(draw(st.integers(1, 14))):
        day += timedelta(days=draw(st.integers(0, 2)))
        living = [agency for agency in under_way.lives if under_way.exists(agency)]
        new = founding(living, root=not living)
        details: Details = Establishment(**{name: getattr(new, name) for name in new.__struct_fields__})
        if living:
            one, two = draw(st.sampled_from(living)), draw(st.sampled_from(living))
            number = next(numbers)
            details = draw(
                st.sampled_from(
                    [
                        details,
                        Amendment(agency=one, name=f"Tên {number}", short_name=None),
                        Amendment(agency=one, parent=two),
                        Recoding(agency=one, code=f"H55.{number}"),
                        Recoding(agency=one, scheme="dvhc", code=f"{number:05}", beside=True),
                        Merger(agencies=(one,), into=two),
                        Consolidation(agencies=(one,), founding=new),
                        Division(agency=one, parts=(Part(agency=new.agency, founding=new, share=1 / 3),), survives=draw(st.booleans())),
                        Abolition(agency=one),
                    ]
                )
            )
        decision = Decision(f"QĐ {len(kept)}/QĐ-UBND", day, "ghi chú") if draw(st.booleans()) else Decision()
        event = Event(uuid7(), day, len(kept), prepared(Change(day, details, decision)).details)
        if not replay([*kept, event]).faults:
            kept.append(event)
            decisions[event.id] = decision
            under_way = Replay()
            replayed: dict[date, list[Event]] = {}
            for one_event in kept:
                replayed.setdefault(one_event.on, []).append(one_event)
            for when, own in sorted(replayed.items()):
                under_way.run_day(when, own)
    return StoredHistory(kept, decisions)


@settings(max_examples=120, deadline=None)
@given(histories())
def test_what_is_written_out_reads_back_the_same(history: StoredHistory) -> None:
    written = sheet("Sự kiện", [EVENT_HEADER, *event_rows(history)])  # type: ignore[list-item]
    anew = plan(written)
    before = replay(history.events)
    assert complaints(anew) == []
    assert {agency: spans for agency, spans in anew.tree.codes.items() if spans} == before.codes
    bare = [
        {agency: [(one.valid_from, one.valid_to, one.name, one.parent) for one in own] for agency, own in tree.versions.items()}
        for tree in (anew.tree, before)
    ]
    assert bare[0] == bare[1]
    known = plan(written, stored=history)
    assert complaints(known) == []
    assert known.steps == []
