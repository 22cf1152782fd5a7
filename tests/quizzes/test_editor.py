"""Writing questions of every kind through plain forms: what is written comes back, is previewed, remarked on and kept."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import given as made
from hypothesis import settings as speed
from hypothesis import strategies as st
from PIL import Image
from werkzeug.datastructures import MultiDict

from lms.kit.actors import Role
from lms.kit.db import Database
from quizzes.forms.editor import FORMS
from quizzes.kinds import KINDS
from quizzes.queries.items import draft_of
from quizzes.queries.media import Size
from quizzes.rules.bank import ItemDraft, ItemState
from quizzes.rules.remarks import remarks
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import AT, fill_bank
from tests.quizzes.test_kinds import items

PICTURE = "0" * 64
SIZES = {PICTURE: Size(120, 100)}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def author(database: Database, sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    with database.transaction() as session:
        person = make_person(session, "Trần Thị Soạn", agency=make_agency(session, "Sở KHCN"), login="soan")
        grant(session, person, Role.AUTHOR)
        fill_bank(session)
    return sign_in("soan")


PAPER: dict[str, str] = {
    "topic": "CB1.1",
    "level": "TH",
    "purpose": "both",
    "stem": "Văn bản điện tử ký số có giá trị khi nào?",
    "explanation": "Theo Luật Giao dịch điện tử.",
    "legal_basis": "Luật số 20/2023/QH15, Điều 23",
    "valid_from": "01/07/2024",
    "valid_to": "01/07/2030",
    "competency": "2.3",
    "framework": "DigComp 3.0",
    "tags": "Ký số, văn bản",
}
OF_KIND: dict[str, dict[str, str]] = {
    "single_choice": {
        **{f"options-{n}-text": f"Khi có điều kiện {n}" for n in range(4)},
        **{f"options-{n}-why": f"Lý do {n}" for n in range(4)},
        "options-2-right": "y",
    },
    "multiple_choice": {
        **{f"options-{n}-text": f"Khi có điều kiện {n}" for n in range(4)},
        **{f"options-{n}-why": f"Lý do {n}" for n in range(4)},
        "options-1-right": "y",
        "options-2-right": "y",
        "scoring": "penalty",
    },
    "true_false": {"right": "true"},
    "statement_group": {
        "statements-0-text": "Cần thử phục hồi.",
        "statements-0-right": "true",
        "statements-0-why": "Chưa thử là chưa có.",
        "statements-1-text": "Bản sao cùng phòng là đủ.",
        "statements-1-right": "false",
        "statements-1-why": "Cháy là mất cả hai.",
        "scoring": "partial",
    },
    "matching": {
        "options-0-text": "443",
        "options-1-text": "22",
        "options-2-text": "25",
        "premises-0-text": "HTTPS",
        "premises-0-match": "a",
        "premises-1-text": "SSH",
        "premises-1-match": "b",
    },
    "ordering": {"steps-0-text": "Ngắt mạng", "steps-1-text": "Báo cáo", "steps-2-text": "Khôi phục"},
    "numeric": {"right": "12,5", "tolerance": "0,5", "tolerance_kind": "tolerance", "unit": "GB"},
    "short_answer": {"accepted": "Luật An ninh mạng\nLuật ANM", "diacritics": "ignored"},
    "cloze": {
        "text": "Trong {{1}} giờ, báo cho {{2}} theo {{3}}.",
        "gaps-0-name": "1",
        "gaps-0-gap_kind": "number",
        "gaps-0-right": "24",
        "gaps-1-name": "2",
        "gaps-1-gap_kind": "list",
        "gaps-1-right": "đơn vị chuyên trách",
        "gaps-1-options": "báo chí\nđơn vị chuyên trách",
        "gaps-2-name": "3",
        "gaps-2-gap_kind": "text",
        "gaps-2-right": "Nghị định\nNĐ",
    },
    "hotspot": {
        "spots-0-text": "Nút Ký",
        "spots-0-shape": "rect",
        "spots-0-coords": "10, 10, 50, 20",
        "spots-0-right": "y",
        "spots-0-why": "Đúng nút",
        "spots-1-text": "Nút Gửi",
        "spots-1-shape": "circle",
        "spots-1-coords": "90 60 12",
        "spots-1-why": "Nút khác",
        "alt": "Màn hình ký số có hai nút",
    },
    "essay": {
        "rubric-0-text": "Nêu đúng căn cứ",
        "rubric-0-points": "4",
        "rubric-1-text": "Đề xuất khả thi",
        "rubric-1-points": "6",
        "guidance": "Ý một.\nÝ hai.",
        "markers": "2",
    },
}
KEYS: dict[str, list[str]] = {
    "single_choice": ["c"],
    "multiple_choice": ["b", "c"],
    "true_false": ["true"],
    "statement_group": ["a=true", "b=false"],
    "matching": ["a=a", "b=b"],
    "ordering": ["a=1", "b=2", "c=3"],
    "numeric": ["12.5"],
    "short_answer": ["Luật An ninh mạng", "Luật ANM"],
    "cloze": ["1=24", "2=b", "3=Nghị định", "3=NĐ"],
    "hotspot": ["a"],
    "essay": [],
}


def picture_file() -> tuple[io.BytesIO, str]:
    out = io.BytesIO()
    Image.new("RGB", (120, 100), "#0b4f9e").save(out, "PNG")
    return io.BytesIO(out.getvalue()), "hinh.png"


def filled(kind: str, **changes: Any) -> dict[str, Any]:
    return {**PAPER, **OF_KIND[kind], **({"picture_file": picture_file()} if kind == "hotspot" else {}), **changes}


def sent(client: FlaskClient, address: str, values: dict[str, Any]) -> Any:
    return client.post(address, data=values, content_type="multipart/form-data")


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send again of a page as it came."""
    form = page[page.index('id="editor"') : page.index("</form>", page.index('id="editor"'))]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]*)"', tag)
        if name and not (kind and kind[1] in ("checkbox", "radio") and " checked" not in tag) and not (kind and kind[1] == "file"):
            found[name[1]] = unescape(value[1]) if value else ""
    for name, content in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = unescape(content).lstrip("\r\n")
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option selected value="([^"]*)"', options) or re.search(r'value="([^"]*)"', options)
        found[name] = unescape(chosen[1]) if chosen else ""
    found.pop("csrf_token", None)
    return found


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_a_question_of_each_kind_is_written_kept_as_a_draft_and_opened_again(author: FlaskClient, database: Database, kind: str) -> None:
    assert author.get(f"/manage/questions/new/{kind}").status_code == 200
    response = sent(author, f"/manage/questions/new/{kind}", filled(kind))
    assert response.status_code == 303, unescape(response.text)
    code = response.location.split("/")[3]
    with database.reading() as session:
        draft, number = draft_of(session, code)
    assert draft.problems() == []
    assert draft.key == KEYS[kind]
    assert (draft.competency, draft.framework, draft.tags) == ("2.3", "DigComp 3.0", ("ký số", "văn bản"))
    page = author.get(f"/manage/questions/{code}/edit").text
    again = sent(author, f"/manage/questions/{code}/edit", fields_of(page))
    assert again.status_code == 303, unescape(again.text)
    with database.reading() as session:
        assert draft_of(session, code) == (draft, number), "saved again as it was shown, nothing has changed"


@made(items())
@speed(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_a_form_shows_of_any_item_is_what_it_writes(app_of_forms: Any, item: tuple[str, dict[str, Any], list[str]]) -> None:
    kind, body, key = item
    whys = {one: f"Vì {one}" for one in KINDS[kind].to_be_explained(body)}
    before = ItemDraft("C-1", "CB1.1", kind, "NB", "Câu dẫn", body, list(key), "Vì sao", whys, purpose="both")
    with app_of_forms.test_request_context(method="POST"):
        topics = [("CB1.1", "CB1.1")]
        shown = FORMS[kind](None, data=FORMS[kind].values_of(before), topics=topics)
        form = FORMS[kind](_as_sent(shown), topics=topics)
        after = form.draft("C-1", SIZES)
        assert form.validate(), form.errors
    assert _order_free(after) == _order_free(before)


def _as_sent(form: Any) -> MultiDict[str, str]:
    found: MultiDict[str, str] = MultiDict()

    def collect(fields: Any) -> None:
        for field in fields:
            if field.type == "FieldList":
                collect(field)
            elif field.type == "FormField":
                collect(field.form)
            elif field.type == "BooleanField":
                if field.data:
                    found.add(field.name, "y")
            elif field.data is not None and field.type != "FileField":
                found.add(field.name, str(field.data))

    collect(form)
    return found


def _order_free(draft: ItemDraft) -> Any:
    """Steps are stored in the order of their ids; a scoring that is the usual one, one marker and kept diacritics go without saying."""
    body = {
        name: value
        for name, value in draft.body.items()
        if (name, value) not in (("scoring", "all"), ("markers", 1), ("diacritics", "kept"))
    }
    for name in ("tolerance",):
        if name in body:
            body[name] = float(body[name])
    if "steps" in body:
        body["steps"] = sorted(body["steps"], key=lambda one: one["id"])
    key = [str(float(draft.key[0]))] if draft.kind == "numeric" else sorted(draft.key)
    if draft.kind == "short_answer":
        body.pop("diacritics", None) if body.get("diacritics") == "kept" else None
    return draft.kind, body, key, draft.whys, draft.stem


@pytest.fixture(scope="module")
def app_of_forms() -> Any:
    from flask import Flask  # noqa: PLC0415 - only here
    from flask_babel import Babel  # noqa: PLC0415

    app = Flask("forms")
    app.config.update(SECRET_KEY="x", WTF_CSRF_ENABLED=False, BABEL_DEFAULT_LOCALE="vi")
    Babel(app)
    return app


def test_rows_come_and_go_and_change_places_by_buttons(author: FlaskClient) -> None:
    address = "/manage/questions/new/single_choice"
    page = sent(author, address, filled("single_choice", act="add-options"))
    assert page.status_code == 200
    assert "options-4-text" in page.text
    assert fields_of(page.text)["options-3-text"] == "Khi có điều kiện 3"
    values = fields_of(sent(author, address, filled("single_choice", act="up-options-2")).text)
    assert [values[f"options-{n}-text"][-1] for n in range(4)] == list("0213")
    assert "options-1-right" in values
    values = fields_of(sent(author, address, {**filled("single_choice"), "options-4-text": "Khi khác", "act": "drop-options-0"}).text)
    assert [values[f"options-{n}-text"] for n in range(4)] == ["Khi có điều kiện 1", "Khi có điều kiện 2", "Khi có điều kiện 3", "Khi khác"]
    many = {f"options-{n}-text": str(n) for n in range(12)}
    assert "options-12-text" not in sent(author, address, {**PAPER, **many, "act": "add-options"}).text
    assert sent(author, address, filled("single_choice", act="drop-options-99999")).status_code == 200


def test_the_preview_shows_the_question_as_papers_do_and_the_key_only_when_asked(author: FlaskClient) -> None:
    page = sent(author, "/manage/questions/preview/single_choice", filled("single_choice")).text
    assert 'name="answer"' in page
    assert "<html" not in page
    assert "Lý do 2" not in page
    assert "Đáp án đúng" not in page
    page = sent(author, "/manage/questions/preview/single_choice", filled("single_choice", show_key="1")).text
    assert "Đáp án đúng" in page
    assert "Lý do 2" in page
    page = sent(author, "/manage/questions/preview/essay", filled("essay")).text
    assert "Ý một." not in page
    page = sent(author, "/manage/questions/preview/essay", filled("essay", show_key="1")).text
    assert "Ý một." in page
    whole = sent(
        author, "/manage/questions/new/single_choice", filled("single_choice", act="preview", stem="<script>alert(1)</script>")
    ).text
    assert "<script>alert" not in whole
    assert "&lt;script&gt;alert" in whole


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_an_empty_or_hostile_form_is_previewed_and_refused_in_words(author: FlaskClient, kind: str) -> None:
    assert sent(author, f"/manage/questions/preview/{kind}", {}).status_code == 200
    refused = sent(author, f"/manage/questions/new/{kind}", {})
    assert refused.status_code == 422
    assert "Chưa nhập câu dẫn" in refused.text
    hostile = dict.fromkeys((*OF_KIND[kind], "level", "topic", "purpose", "scoring", "picture", "base"), "\x00<b>9999999999=" * 3)
    hostile |= {f"{name}-id": "x y=<" for name in ("options-0", "steps-0", "spots-0", "rubric-0", "premises-0", "statements-0", "units-0")}
    assert sent(author, f"/manage/questions/preview/{kind}", hostile).status_code == 200
    assert sent(author, f"/manage/questions/new/{kind}", {**hostile, "act": "save"}).status_code == 422


def test_a_picture_stays_whichever_button_was_pressed_and_what_is_none_is_refused(author: FlaskClient, database: Database) -> None:
    address = "/manage/questions/new/true_false"
    page = sent(author, address, filled("true_false", act="preview", picture_file=picture_file(), alt="Màu xanh")).text
    values = fields_of(page)
    assert re.fullmatch("[0-9a-f]{64}", values["picture"])
    assert f'src="/media/{values["picture"]}"' in page
    code = sent(author, address, values).location.split("/")[3]
    with database.reading() as session:
        draft, _number = draft_of(session, code)
    assert draft.body["picture"] == {"sha256": values["picture"], "alt": "Màu xanh", "width": 120, "height": 100}
    edit = f"/manage/questions/{code}/edit"
    assert sent(author, edit, {**fields_of(author.get(edit).text), "alt": ""}).status_code == 422
    assert sent(author, edit, {**fields_of(author.get(edit).text), "drop_picture": "y", "alt": ""}).status_code == 303
    with database.reading() as session:
        assert "picture" not in draft_of(session, code)[0].body
    refused = sent(author, address, filled("true_false", picture_file=(io.BytesIO(b"<svg onload=alert(1)>"), "x.png")))
    assert refused.status_code == 422
    assert "Không đọc được hình" in refused.text
    strange = sent(author, address, filled("true_false", picture="f" * 64))
    assert strange.status_code == 303, "a picture there is not is none"


def test_handing_in_asks_for_all_reasons_and_sends_it_to_review(author: FlaskClient, database: Database) -> None:
    address = "/manage/questions/new/single_choice"
    refused = sent(author, address, filled("single_choice", act="submit", **{"options-1-why": ""}))
    assert refused.status_code == 422
    assert "thiếu lý do" in unescape(refused.text)
    response = sent(author, address, filled("single_choice", act="submit"))
    assert response.status_code == 303
    with database.reading() as session:
        item = response.location.split("/")[3]
        assert draft_of(session, item)[0].stem == PAPER["stem"]
    assert ItemState.IN_REVIEW


def test_a_draft_that_went_on_meanwhile_is_not_written_over(author: FlaskClient) -> None:
    code = sent(author, "/manage/questions/new/true_false", filled("true_false")).location.split("/")[3]
    values = fields_of(author.get(f"/manage/questions/{code}/edit").text)
    refused = sent(author, f"/manage/questions/{code}/edit", {**values, "base": "7"})
    assert refused.status_code == 422
    assert PAPER["stem"] in unescape(refused.text)
    assert author.get("/manage/questions/new/poem").status_code == 404
    assert author.get("/manage/questions/NO-1/edit").status_code == 404


def said(**changes: Any) -> list[str]:
    options = [{"id": one, "text": f"Phương án {one} vừa phải"} for one in "abcd"]
    values = {"code": "C", "topic": "CB1.1", "kind": "single_choice", "level": "NB", "stem": "Khi nào?", "explanation": "Vì", "key": ["a"]}
    return [str(one) for one in remarks(ItemDraft(**{**values, "body": {"options": options}, **changes}))]


def with_option(text: str) -> dict[str, Any]:
    return {"options": [{"id": "a", "text": text}, *({"id": one, "text": f"Phương án {one} vừa phải"} for one in "bcd")]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stem": "Việc nào không được làm?"}, "nên in đậm"),
        ({"stem": "Phát biểu nào sai?"}, "nên in đậm"),
        ({"body": with_option("Tất cả các đáp án trên")}, "tránh"),
        ({"body": with_option("Cả A và B đều đúng")}, "tránh"),
        ({"body": with_option("Đáp án này dài hơn hẳn mọi phương án còn lại của câu")}, "dài nhất"),
        ({"body": with_option("phương án  B, vừa phải")}, "gần như giống nhau"),
        ({"body": {"options": [{"id": "a", "text": "Có"}, {"id": "b", "text": "Chưa"}]}}, "Chỉ có 2 phương án"),
        ({"stem": "x" * 700}, "dài 700"),
        ({"body": {"picture": {"alt": "IMG_2034"}}, "kind": "true_false"}, "tên tệp"),
    ],
)
def test_what_an_experienced_author_would_say(changes: dict[str, Any], words: str) -> None:
    assert any(words in one for one in said(**changes)), said(**changes)


@pytest.mark.parametrize("stem", ["Khi nào?", "Việc nào **không** được làm?", "Văn bản này có giá trị hay không?", "Có được ký số không?"])
def test_what_is_well_written_is_left_in_peace(stem: str) -> None:
    assert said(stem=stem) == []


@made(st.text(max_size=80), st.text(max_size=80))
def test_remarks_never_fail(stem: str, text: str) -> None:
    said(stem=stem, body=with_option(text))
