"""A store's statements go to a file, one a line, and come from one."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result
from flask import Flask

from lms.kit.clock import now
from lms.lrs.cli import xapi
from tests.lrs.making import Store, new_id, statement, voiding


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "statements.ndjson"


def run(app: Flask, *arguments: str) -> Result:
    with app.app_context(), time_machine.travel(now() + timedelta(seconds=5), tick=False):
        return CliRunner().invoke(xapi, list(arguments))


def counts(result: Result) -> dict[str, object]:
    assert result.exit_code in (0, 1), result.output
    return dict(json.loads(result.stdout.splitlines()[-1]))


def lines(file: Path) -> list[str]:
    return [json.loads(line)["id"] for line in file.read_text().splitlines()]


def test_everything_goes_out_in_order_as_it_is_kept(app: Flask, store: Store, file: Path) -> None:
    ids = store.post([statement(id=new_id()) for _ in range(7)]).json
    void = store.post(voiding(ids[2], id=new_id())).json
    broken = json.dumps(statement(id=new_id()), indent=1)
    store.post(broken)
    assert counts(run(app, "export", str(file))) == {"statements": 9, "contents": 0, "documents": 0, "resumed": False}
    assert lines(file) == [*ids, *void, json.loads(broken)["id"]]
    assert file.read_bytes().splitlines()[0] == store.get(statementId=ids[0]).data


def test_an_export_that_was_broken_off_is_gone_on_with(app: Flask, store: Store, file: Path) -> None:
    ids = store.post([statement(id=new_id()) for _ in range(6)]).json
    run(app, "export", str(file))
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert counts(run(app, "export", str(file)))["resumed"] is True
    assert file.read_bytes() == whole
    file.write_bytes(whole[:40])  # not even one line
    run(app, "export", str(file))
    assert file.read_bytes() == whole
    more = store.stored()
    assert counts(run(app, "export", str(file)))["statements"] == 1
    assert lines(file) == [*ids, more]


def test_a_file_of_something_else_is_left_alone(app: Flask, store: Store, file: Path) -> None:
    file.write_text('{"id": "khác"}\n')
    assert run(app, "export", str(file)).exit_code != 0
    assert file.read_text() == '{"id": "khác"}\n'


def test_an_export_is_taken_in_by_another_store_and_again_without_effect(app: Flask, store: Store, file: Path) -> None:
    said = [statement(id=new_id(), authority={"mbox": "mailto:kho@khac.vn"}) for _ in range(4)]
    file.write_text("".join(json.dumps(one) + "\n" for one in said))
    for _ in range(2):
        assert counts(run(app, "import", str(file))) == {"read": 4, "refused": 0, "without_content": 0, "documents": 0}
        assert store.ids(ascending="true") == [one["id"] for one in said]
    assert store.get(statementId=said[0]["id"]).json["authority"]["mbox"] == "mailto:kho@khac.vn"


def test_a_source_may_answer_for_all_of_it(app: Flask, store: Store, file: Path) -> None:
    one = statement(id=new_id())
    file.write_text(json.dumps(one) + "\n")
    assert run(app, "import", str(file)).exit_code == 1
    assert store.ids() == []
    assert run(app, "import", str(file), "--source", "Kho cũ").exit_code == 0
    assert store.get(statementId=one["id"]).json["authority"]["name"] == "Kho cũ"


def test_lines_that_are_refused_are_named_and_the_others_stored(app: Flask, store: Store, file: Path) -> None:
    taken = new_id()
    store.post(statement(id=taken))
    good = [statement(id=new_id(), version="1.0.0"), statement(id=new_id(), version="2.0.0")]
    bad = ["{", "[]", '"x"', json.dumps(statement()), json.dumps({**statement(id=new_id()), "actor": 3})]
    other = json.dumps(statement(id=taken, verb={"id": "http://example.vn/other"}))
    text = [json.dumps(good[0]), *bad, "", other, json.dumps(good[1])]
    file.write_bytes("\n".join(text).encode() + b"\n\xff\n")
    assert counts(run(app, "import", str(file), "--source", "x", "--dry-run"))["refused"] == 6
    assert store.ids() == [taken]
    result = run(app, "import", str(file), "--source", "x")
    assert result.exit_code == 1
    assert counts(result) == {"read": 10, "refused": 7, "without_content": 0, "documents": 0}
    assert {line.split(":")[0] for line in result.stderr.splitlines() if line.startswith("Dòng")} == {
        f"Dòng {number}" for number in (2, 3, 4, 5, 6, 8, 10)
    }
    assert set(store.ids()) == {taken, *(one["id"] for one in good)}
