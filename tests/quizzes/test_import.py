"""Question files: the bundled ones are sound, changed text makes a version, a faulty file leaves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from lms.kit.actors import SERVICE
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from quizzes.cli import questions_group
from quizzes.cli.questions import BUNDLED
from quizzes.interchange.yaml_file import parse
from quizzes.kinds import KINDS
from quizzes.models import Item, ItemVersion
from quizzes.operations.bank import Imported, import_items
from tests.quizzes.making import AT, EVERY_KIND, draft

GOOD = """
topic: CB1.1
items:
  - code: CB1-1-001
    kind: single_choice
    level: NB
    lesson: 01-so-hoa-la-gi
    stem: "Câu  dẫn"
    options:
      - {id: a, text: "Một", why: "Vì một"}
      - {id: b, text: "Hai", why: "Vì hai"}
    key: [b]
    explanation: "Giải thích"
    legal_basis: "Luật số 148/2025/QH15"
    valid_from: 2026-07-01
    valid_to:
  - {code: CB1-1-002, kind: true_false, level: VD, stem: "Đúng không?", key: false, explanation: "Không"}
"""


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    with app.app_context():
        result = CliRunner().invoke(questions_group, ["import", *arguments])
    return result.exit_code, result.output


def versions(database: Database) -> list[tuple[str, int, str]]:
    with database.reading() as session:
        rows = session.execute(
            select(Item.code, ItemVersion.number, ItemVersion.state)
            .join(ItemVersion, ItemVersion.item_id == Item.id)
            .order_by(Item.code, ItemVersion.number)
        )
        return [(row.code, row.number, row.state) for row in rows]


def test_a_file_becomes_items() -> None:
    first, second = parse(GOOD.encode()).items
    assert (first.stem, first.key, first.whys, first.lesson) == ("Câu dẫn", ["b"], {"a": "Vì một", "b": "Vì hai"}, "so-hoa-la-gi")
    assert (first.course, str(first.valid_from), first.valid_to) == ("CB1", "2026-07-01", None)
    assert (second.kind, second.key, second.body) == ("true_false", ["false"], {})


def test_every_kind_can_be_written_in_a_file() -> None:
    parsed = parse(EVERY_KIND.encode())
    assert parsed.faults == ()
    keys = {item.code: item.key for item in parsed.items}
    assert keys == {
        "K-1": ["a=false", "b=true"],
        "K-2": ["p1=a", "p2=b"],
        "K-3": ["y=1", "x=2", "z=3"],
        "K-4": ["12.5"],
        "K-5": ["Luật An ninh mạng"],
        "K-6": ["1=24", "2=a"],
    }
    assert all(KINDS[item.kind].mark(item.body, item.key, item.key) == 1 for item in parsed.items)


@pytest.mark.parametrize(
    ("old", "new", "item", "words"),
    [
        ("right: true", 'right: "yes"', "K-1", "right: true"),
        ("scoring: partial", "scoring: half", "K-1", "cách tính điểm"),
        ("key: {p1: a, p2: b}", "key: [a, b]", "K-2", "từng phần"),
        ("key: [y, x, z]", "key: [y, x]", "K-3", "đủ các bước"),
        ("tolerance: 0.5", "tolerance: [1]", "K-4", "phải là chữ hoặc số"),
        ("diacritics: ignored", "scoring: all", "K-5", "không có trường"),
        ("{id: 1, kind: number}", "{id: 1, kind: list}", "K-6", "phải là danh sách"),
        ("key: {1: 24, 2: a}", "key: {1: 24}", "K-6", "đáp án của nó"),
    ],
)
def test_what_is_written_wrong_of_any_kind_is_told(old: str, new: str, item: str, words: str) -> None:
    assert old in EVERY_KIND
    parsed = parse(EVERY_KIND.replace(old, new, 1).encode())
    assert not parsed.items
    assert any(fault.item == item and words in str(fault.problem) for fault in parsed.faults), parsed.faults


def test_the_bundled_questions_are_sound_and_enough_for_a_round() -> None:
    parsed = [parse(path.read_bytes()) for path in sorted(BUNDLED.rglob("questions.yaml"))]
    assert [fault for one in parsed for fault in one.faults] == []
    assert sum(len(one.items) for one in parsed) >= 60


@pytest.mark.parametrize(
    ("old", "new", "item", "words"),
    [
        ("key: [b]", "key: [c]", "CB1-1-001", "không có trong các phương án"),
        ("key: [b]", "key: b", "CB1-1-001", "danh sách mã phương án"),
        ("key: false", 'key: "false"', "CB1-1-002", "true hoặc false"),
        ("kind: single_choice", "kind: oral", "CB1-1-001", "không có loại câu hỏi"),
        ("level: NB", "level: XX", "CB1-1-001", "NB, TH hoặc VD"),
        ('explanation: "Giải thích"', 'explanation: ""', "CB1-1-001", "explanation"),
        ('why: "Vì một"', 'why: ""', "CB1-1-001", "why"),
        ("valid_from: 2026-07-01", 'valid_from: "hôm nay"', "CB1-1-001", "2026-07-01"),
        ("CB1-1-002", "CB1-1-001", "CB1-1-001", "bị lặp"),
        ("CB1-1-002", "Câu hai", "Câu hai", "chữ không dấu"),
        ("    level: NB", "    levle: NB", "CB1-1-001", "levle"),
        ("topic: CB1.1", "", None, "topic"),
        ("items:", "items: {", None, "YAML"),
    ],
)
def test_a_fault_names_its_item_and_leaves_nothing_of_the_file(old: str, new: str, item: str | None, words: str) -> None:
    parsed = parse(GOOD.replace(old, new, 1).encode())
    assert parsed.items == ()
    assert any(fault.item == item and words in str(fault.problem) for fault in parsed.faults), parsed.faults


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"[" * 5000,
        b"topic: x\nitems: 5",
        b"topic: x\nitems: [1, null, {}]",
        b"a: &a [x,x]\nb: &b [*a,*a]\ntopic: *b\nitems: []",
        b"topic: !!python/object/apply:os.system [id]\nitems: []",
        b"topic: t\nitems: [{code: a, kind: true_false, level: NB, stem: 5, key: true, explanation: [x]}]",
        b'topic: t\nitems: [{code: a, kind: true_false, level: NB, stem: "a\\0b", key: true, explanation: x}]',
    ],
)
def test_hostile_files_are_refused_with_a_sentence(content: bytes) -> None:
    parsed = parse(content)
    assert parsed.items == ()
    assert parsed.faults
    assert all(str(fault.problem) for fault in parsed.faults)


@given(st.text(max_size=300))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    parse(text.encode("utf-8", "surrogatepass"))


def test_importing_twice_changes_nothing_and_a_new_text_makes_a_version(database: Database) -> None:
    with database.transaction() as session:
        assert import_items(session, SERVICE, [draft(1), draft(2)], "f", AT) == Imported(created=2)
    with database.transaction() as session:
        assert import_items(session, SERVICE, [draft(1), draft(2)], "f", AT) == Imported(unchanged=2)
    with database.transaction() as session:
        assert import_items(session, SERVICE, [draft(1, stem="Khác"), draft(2)], "f", AT) == Imported(changed=1, unchanged=1)
    assert versions(database) == [("CB1-1-001", 1, "retired"), ("CB1-1-001", 2, "approved"), ("CB1-1-002", 1, "approved")]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 2


def test_the_command_keeps_good_files_and_refuses_faulty_ones_whole(app: Flask, database: Database, tmp_path: Path) -> None:
    for name, content in (("good", GOOD), ("bad", GOOD.replace("CB1-1-", "CB1-2-").replace("key: [b]", "key: []"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "questions.yaml").write_text(content)
    exit_code, output = run(app, str(tmp_path))
    assert exit_code == 1
    assert "CB1-2-001: câu một lựa chọn cần đúng một đáp án" in output
    assert [code for code, _, _ in versions(database)] == ["CB1-1-001", "CB1-1-002"]
    assert run(app, str(tmp_path / "good")) == (0, f"{tmp_path}/good/questions.yaml: thêm 0, phiên bản mới 0, không đổi 2 câu.\n")


def test_the_command_brings_in_the_bundled_questions_by_itself(app: Flask, database: Database) -> None:
    exit_code, output = run(app)
    assert exit_code == 0, output
    assert len(versions(database)) >= 60


def test_the_command_leaves_what_the_bank_has_where_only_new_questions_are_wanted(app: Flask, database: Database, tmp_path: Path) -> None:
    path = tmp_path / "questions.yaml"
    path.write_text(GOOD)
    run(app, str(path))
    path.write_text(GOOD.replace("Giải thích", "Giải thích khác").replace("CB1-1-002", "CB1-1-003"))
    assert run(app, str(path), "--no-new-versions") == (0, f"{path}: thêm 1, phiên bản mới 0, không đổi 1 câu.\n")
    assert versions(database) == [(f"CB1-1-00{number}", 1, "approved") for number in (1, 2, 3)]


def test_a_folder_without_questions_is_an_error(app: Flask, tmp_path: Path) -> None:
    exit_code, output = run(app, str(tmp_path))
    assert exit_code == 1
    assert "không có tệp questions.yaml" in output
