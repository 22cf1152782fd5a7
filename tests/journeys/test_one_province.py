"""The main job from end to end: a province's roster comes in, people study and sit the test, every agency gets its result."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bench.answers import some_answer
from lms.commands import build_cli
from lms.kit.clock import Quarter, local_date, now
from lms.kit.unit import settings
from lms.lrs.jobs import store_outbox

PASSWORD = "mat-khau-trinh-dien"


@pytest.fixture
def province(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """A demonstration province of 150 people in 14 agencies with one past quarter."""
    with app.app_context():
        monkeypatch.setattr("lms.demo.cli._kept_password", lambda folder: PASSWORD)
        arguments = ["demo", "--people", "150", "--agencies", "14", "--quarters", "1"]
        build_cli(app).main(arguments, prog_name="lms", standalone_mode=False)
    return app


def signed_in(app: Flask, login: str) -> FlaskClient:
    client = app.test_client()
    page = client.get("/sign-in").get_data(as_text=True)
    name = re.search(r'<input[^>]*type="text"[^>]*name="(\w+)"|<input[^>]*name="(\w+)"[^>]*type="text"', page)
    assert name is not None
    response = client.post("/sign-in", data={name[1] or name[2]: login, "password": PASSWORD})
    assert response.status_code in (302, 303), response.get_data(as_text=True)
    return client


def current_quarter(app: Flask) -> str:
    with app.app_context():
        return str(Quarter.of(local_date(now(), settings().zone)))


def result_of(client: FlaskClient, quarter: str, code: str) -> dict[str, Any]:
    body = client.get(f"/reports/{quarter}/{code}.json").json
    assert body is not None
    figures: dict[str, Any] = body["figures"]
    return figures


def test_from_the_roster_to_the_agencys_result(province: Flask) -> None:
    quarter = current_quarter(province)
    learner, head, department = (signed_in(province, login) for login in ("hocvien", "thutruong", "quantri"))
    before = result_of(head, quarter, "H55.3")

    lesson = learner.get("/courses/nen-tang-chuyen-doi-so/so-hoa-la-gi")
    assert lesson.status_code == 200

    begun = learner.post(f"/rounds/{quarter}/start", headers={"Accept": "application/json"}).json
    assert begun is not None
    attempt, takeover = begun["attempt"], begun["takeover"]
    paper = learner.get(f"/attempts/{attempt}", headers={"Accept": "application/json"}).json
    assert paper is not None
    answers = [
        {"slot": question["slot"], "sequence": number, "answer": some_answer(question, Random(number))}
        for number, question in enumerate(paper["questions"], start=1)
    ]
    saved = learner.post(f"/attempts/{attempt}/answers", json={"takeover": takeover, "responses": answers})
    assert saved.status_code == 200
    assert len(saved.json["stored"]) == 20  # type: ignore[index]
    assert learner.post(f"/attempts/{attempt}/submit").status_code in (302, 303)
    assert learner.get(f"/attempts/{attempt}/result").status_code == 200

    after = result_of(head, quarter, "H55.3")
    assert after["took_part"] == before["took_part"] + 1
    assert result_of(department, quarter, "H55")["took_part"] >= after["took_part"]
    assert head.get(f"/reports/{quarter}/H55.1").status_code == 404

    with province.app_context():
        store_outbox(datetime.now(UTC))
    secret = (province.extensions["lms.settings"].data_dir / "demo-xapi-secret").read_text()
    credential = b64encode(f"demo:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {credential}", "X-Experience-API-Version": "1.0.3"}
    stored = province.test_client().get("/xapi/statements?limit=100", headers=headers).json
    assert stored is not None
    verbs = [statement["verb"]["id"].rpartition("/")[2] for statement in stored["statements"]]
    assert verbs.count("answered") == 20
    assert {"launched", "initialized", "completed"} <= set(verbs)
    assert {"passed", "failed"} & set(verbs)


def test_the_past_quarter_is_published_without_small_numbers(province: Flask) -> None:
    previous = Quarter.parse(current_quarter(province)).previous()
    body = province.test_client().get(f"/public/{previous}/.json").json
    assert body is not None
    assert len(body["don_vi"]) == 14
    assert all(line["thuoc_dien"] is None or line["thuoc_dien"] >= 5 for line in body["don_vi"])


def test_a_second_start_keeps_everything(province: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    with province.app_context():
        build_cli(province).main(["demo", "--if-empty"], prog_name="lms", standalone_mode=False)
    assert PASSWORD in capsys.readouterr().out


def test_a_demonstration_never_overwrites_a_province(province: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    with province.app_context(), pytest.raises(SystemExit) as ended:
        build_cli(province).main(["demo"], prog_name="lms", standalone_mode=False)
    assert ended.value.code == 1
    assert "đã có cơ quan" in capsys.readouterr().err
