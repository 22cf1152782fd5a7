"""Question files through the pages: seen before they are written, reported question by question, and taken back while unused."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from lms.commands import build_cli
from lms.kit.actors import SERVICE, Role
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.kit.queue import run_due
from lms.kit.sheets import read_workbook
from quizzes.interchange import FORMATS
from quizzes.models import Item, ItemVersion, Picture
from quizzes.operations.bank import save_draft
from quizzes.queries.items import drafts_of
from quizzes.rules.bank import ItemDraft
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import AT, draft, fill_bank, make_round

SignIn = Callable[[str], FlaskClient]
PAGE = "/manage/questions/import"
EXPORT = "/manage/questions/export"

GIFT = """
// [id:CB1-1-700] [tag:TH]
::CB1-1-700::Thủ đô của Việt Nam là thành phố nào?{=Hà Nội ~Huế ~Đà Nẵng}

Trái Đất quay quanh Mặt Trời.{TRUE####Đúng như vậy.}

Chỉ là lời dẫn.

Câu này quên đóng ngoặc {=a ~b
"""


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def bank(database: Database) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        for login, role in (("tac", Role.AUTHOR), ("khac", Role.AUTHOR), ("duyet", Role.DEPARTMENT), ("hoc", None)):
            person = make_person(session, f"Người {login}", agency=agency, login=login)
            if role:
                grant(session, person, role)
        fill_bank(session, 6)


def upload(client: FlaskClient, content: bytes, name: str = "cau-hoi.gift", **options: str) -> TestResponse:
    data = {
        "file": (io.BytesIO(content), name),
        "format": "",
        "topic": "CB1.1",
        "level": "NB",
        "state": "draft",
        "new_versions": "y",
        **options,
    }
    return client.post(PAGE, data={key: value for key, value in data.items() if value is not None})


def written(*items: ItemDraft, pictures: dict[str, bytes] | None = None) -> bytes:
    return FORMATS["json"].write(items, pictures or {}).content


def states(database: Database) -> dict[str, list[str]]:
    with database.reading() as session:
        found: dict[str, list[str]] = {}
        for code, state in session.execute(
            select(Item.code, ItemVersion.state).join(ItemVersion, ItemVersion.item_id == Item.id).order_by(Item.code, ItemVersion.number)
        ):
            found.setdefault(code, []).append(state)
    return found


def test_each_question_is_reported_before_anything_is_written_and_sound_ones_become_drafts(
    app: Flask, database: Database, bank: None, sign_in: SignIn
) -> None:
    client = sign_in("tac")
    before = states(database)
    run = upload(client, GIFT.encode()).location
    page = client.get(run).text
    for text in ("Nhập 2 câu, bỏ 1 câu lỗi", "chưa đóng", "chỉ có lời dẫn", "Bị mất", "Câu mới", "CB1-1-Q001"):
        assert text.lower() in page.lower(), text
    assert states(database) == before
    client.post(f"{run}/confirm", data={"skip_faulty": "1"})
    assert run_due(app) == 1
    assert "Đã nhập xong" in client.get(run).text
    after = states(database)
    assert after.keys() - before.keys() == {"CB1-1-700", "CB1-1-Q001"}
    assert after["CB1-1-700"] == after["CB1-1-Q001"] == ["draft"]
    again = client.get(upload(client, GIFT.encode()).location).text
    assert "Mọi câu của tệp đã có" not in again  # the faulty question is still there to be mended
    assert "Nhập 1 câu" not in again


def test_an_import_is_taken_back_as_long_as_nobody_has_touched_what_it_brought(
    app: Flask, database: Database, bank: None, sign_in: SignIn
) -> None:
    client = sign_in("tac")
    before = states(database)
    run = upload(client, written(draft(700), replace(draft(1), stem="Câu dẫn khác")), "tep.json").location
    client.post(f"{run}/confirm")
    run_due(app)
    assert states(database) == before | {"CB1-1-700": ["draft"], "CB1-1-001": ["approved", "draft"]}
    client.post(f"{run}/undo", data={"sure": "1"})
    run_due(app)
    assert "Đã hoàn tác" in client.get(run).text
    assert states(database) == before
    second = upload(client, written(draft(700)), "tep.json").location
    client.post(f"{second}/confirm")
    run_due(app)
    with database.transaction() as session:
        save_draft(session, SERVICE, replace(draft(700), stem="Đã sửa"), AT, base=1)
    client.post(f"{second}/undo", data={"sure": "1"})
    run_due(app)
    assert "Không hoàn tác được nữa" in client.get(second).text
    assert states(database)["CB1-1-700"] == ["draft"]


def test_what_goes_straight_into_the_bank_retires_what_was_there_and_undoing_restores_it(
    app: Flask, database: Database, bank: None, sign_in: SignIn
) -> None:
    client = sign_in("duyet")
    changed = written(replace(draft(1), stem="Câu dẫn khác"))
    assert upload(sign_in("tac"), changed, "tep.json", state="approved").status_code == 422
    run = upload(client, changed, "tep.json", state="approved").location
    client.post(f"{run}/confirm")
    run_due(app)
    assert states(database)["CB1-1-001"] == ["retired", "approved"]
    client.post(f"{run}/undo", data={"sure": "1"})
    run_due(app)
    assert states(database)["CB1-1-001"] == ["approved"]


def test_what_is_not_complete_stays_a_draft_when_the_rest_goes_to_review(
    app: Flask, database: Database, bank: None, sign_in: SignIn
) -> None:
    client = sign_in("tac")
    content = written(draft(701), replace(draft(702), explanation="", stem="Câu chưa có giải thích"))
    run = upload(client, content, "tep.json", state="in_review").location
    assert "Chưa đủ để gửi thẩm định" in client.get(run).text
    client.post(f"{run}/confirm")
    run_due(app)
    found = states(database)
    assert (found["CB1-1-701"], found["CB1-1-702"]) == (["in_review"], ["draft"])


def test_a_code_that_is_taken_is_never_overwritten_silently(app: Flask, database: Database, bank: None, sign_in: SignIn) -> None:
    client = sign_in("tac")
    content = written(replace(draft(1), stem="Câu dẫn khác"), draft(2), replace(draft(2), stem="Trùng mã trong tệp"))
    page = client.get(upload(client, content, "tep.json", new_versions=None).location).text  # type: ignore[arg-type]
    assert "đã có với nội dung khác" in page
    assert "đã dùng ở câu thứ 2 của tệp" in page
    with database.transaction() as session:
        save_draft(session, SERVICE, replace(draft(1), stem="Bản đang soạn"), AT, base=1)
    assert "đang có bản nháp" in client.get(upload(client, content, "tep.json").location).text


def test_look_alikes_and_known_questions_are_named(app: Flask, database: Database, bank: None, sign_in: SignIn) -> None:
    client = sign_in("tac")
    content = written(replace(draft(6), code="CB1-1-900", stem=f"{draft(6).stem} Vâng"), replace(draft(3), code=""))
    page = client.get(upload(client, content, "tep.json").location).text
    assert "Giống câu CB1-1-006 trong ngân hàng" in page
    assert "Đã có trong ngân hàng với mã CB1-1-003" in page


def test_a_picture_comes_with_its_question_and_is_kept_once(app: Flask, database: Database, bank: None, sign_in: SignIn) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(stream, "PNG")
    item = draft(710)
    item = replace(item, body={**item.body, "picture": {"sha256": "hinh.png", "alt": "Ô đỏ"}})
    client = sign_in("tac")
    run = upload(client, written(item, pictures={"hinh.png": stream.getvalue()}), "tep.json").location
    client.post(f"{run}/confirm")
    run_due(app)
    with database.reading() as session:
        kept = session.scalars(select(Picture)).one()
        [stored] = drafts_of(session, ["CB1-1-710"], state="draft")  # type: ignore[arg-type]
        content = kept.content
    assert stored.body["picture"] == {"sha256": kept.sha256, "alt": "Ô đỏ", "width": 40, "height": 30}
    again = client.get(upload(client, written(stored, pictures={kept.sha256: content}), "tep.json").location).text
    assert "Mọi câu của tệp đã có trong ngân hàng" in again
    missing = client.get(upload(client, written(replace(item, code="CB1-1-711")), "tep.json").location).text
    assert "hình phải được đưa vào kho" in missing.lower()


def test_nobody_sees_anothers_import(app: Flask, bank: None, sign_in: SignIn) -> None:
    run = upload(sign_in("tac"), GIFT.encode()).location
    assert sign_in("khac").get(run).status_code == 404
    assert sign_in("duyet").get(run).status_code == 404
    assert sign_in("hoc").get(PAGE).status_code == 403


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "trống"),
        (b"\x00\x01\x02\x03 not a question", "Không"),
        (b"%PDF-1.7", "Không nhận ra dạng"),
        (b'{"format": "congvu-lms/questions", "version": 9, "items": []}', "phiên bản 9"),
        (b'{"items": [', "JSON"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_at_the_field(bank: None, sign_in: SignIn, content: bytes, says: str) -> None:
    response = upload(sign_in("tac"), content, "tep.bin")
    assert response.status_code in (413, 422)
    assert says.lower() in response.text.lower()


def test_the_template_with_its_examples_can_be_imported_as_it_is(bank: None, sign_in: SignIn) -> None:
    client = sign_in("tac")
    content = client.get(f"{PAGE}/template.xlsx").data
    page = client.get(upload(client, content, "mau.xlsx").location).text
    assert "Nhập 6 câu" in page


def test_the_whole_report_can_be_taken_along(bank: None, sign_in: SignIn, tmp_path: object) -> None:
    client = sign_in("tac")
    run = upload(client, GIFT.encode()).location
    response = client.get(f"{run}/report.xlsx")
    assert response.headers["Content-Type"].endswith("sheet")
    assert len(response.data) > 3000


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_bank_leaves_in_every_format_and_comes_back_unchanged(
    app: Flask, database: Database, bank: None, sign_in: SignIn, name: str
) -> None:
    client = sign_in("duyet")
    assert "6 câu" in client.get(EXPORT).text
    response = client.post(EXPORT, data={"format": name})
    if response.mimetype == "text/html":
        assert "Chưa tải tệp" in response.text
        response = client.post(EXPORT, data={"format": name, "losses_seen": name})
    assert response.headers["Content-Disposition"].startswith("attachment")
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "quizzes.export_items")).one()
    assert entry is not None
    page = client.get(upload(client, response.data, "tep" + FORMATS[name].suffixes[0]).location).text
    assert "Mọi câu của tệp đã có trong ngân hàng" in page


def test_an_export_carries_the_filter_of_the_list(database: Database, bank: None, sign_in: SignIn) -> None:
    client = sign_in("duyet")
    assert "2 câu" in client.get(f"{EXPORT}?kind=true_false").text
    response = client.post(EXPORT, data={"format": "json", "filter_kind": "true_false"})
    assert [item["kind"] for item in json.loads(response.data)["items"]] == ["true_false", "true_false"]
    assert client.post(EXPORT, data={"format": "json", "filter_q": "zzz"}).status_code == 422


def test_questions_in_a_form_are_not_taken_back(app: Flask, database: Database, bank: None, sign_in: SignIn) -> None:
    client = sign_in("duyet")
    run = upload(client, written(*(draft(n) for n in range(700, 706))), "tep.json", state="approved").location
    client.post(f"{run}/confirm")
    run_due(app)
    with database.transaction() as session:
        make_round(session, questions=12)
    client.post(f"{run}/undo", data={"sure": "1"})
    run_due(app)
    assert "Không hoàn tác được nữa" in client.get(run).text


def test_a_thousand_questions_take_few_statements(app: Flask, database: Database, bank: None, sign_in: SignIn) -> None:
    client = sign_in("tac")

    def statements(count: int) -> int:
        made = []
        content = written(*(replace(draft(n), code=f"CB1-1-{n:04d}") for n in range(1000, 1000 + count)))
        event.listen(database.engine, "before_cursor_execute", listener := lambda *_args: made.append(1))
        response = upload(client, content, "tep.json")
        event.remove(database.engine, "before_cursor_execute", listener)
        assert response.status_code == 303
        return len(made)

    few = statements(100)
    assert statements(400) <= few + 12


def run_command(app: Flask, *arguments: str) -> tuple[int, str]:
    with app.app_context():
        result = CliRunner().invoke(build_cli(app), ["questions", *arguments])
    return result.exit_code, result.output


def test_files_come_in_and_go_out_by_command(app: Flask, database: Database, bank: None, tmp_path: object) -> None:
    folder = tmp_path  # type: ignore[assignment]
    path = folder / "cau-hoi.gift"  # type: ignore[operator]
    path.write_text(GIFT)
    options = ("--topic", "CB1.1", "--level", "NB")
    code, output = run_command(app, "import", str(path), "--dry-run", "--json", *options)
    told = json.loads(output)
    assert (code, told["counts"]["new"], told["counts"]["refused"], told["counts"]["left_out"]) == (1, 2, 1, 1)
    assert [item["line"] for item in told["items"]] == [3, 5, 7, 9]
    code, output = run_command(app, "import", str(path), *options)
    assert (code, re.search(r"2 câu mới, 0 phiên bản mới, 0 không đổi, 1 không nhập", output) is not None) == (1, True)
    assert states(database)["CB1-1-700"] == ["draft"]
    out = folder / "ra.json"  # type: ignore[operator]
    assert run_command(app, "export", str(out), "--topic", "CB1")[0] == 0
    assert len(json.loads(out.read_text())["items"]) == 6
    assert run_command(app, "undo-import")[0] == 0
    assert "CB1-1-700" not in states(database)
    assert run_command(app, "export", str(out), "--topic", "XX9")[0] == 1


def test_reading_a_workbook_is_what_excel_would_show(bank: None, sign_in: SignIn, tmp_path: object) -> None:
    path = tmp_path / "mau.xlsx"  # type: ignore[operator]
    path.write_bytes(sign_in("tac").get(f"{PAGE}/template.xlsx").data)
    assert [sheet.name for sheet in read_workbook(path)] == ["Câu hỏi", "Hướng dẫn", "Danh mục"]
