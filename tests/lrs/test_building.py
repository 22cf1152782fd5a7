"""What tincan does to statements, and why nothing of others passes through it."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
import tincan.remote_lrs

from lms.lrs.building import RemoteLRS, Statement

SAID = {
    "id": "8f87ccde-bb56-4c2e-ab83-44982ef22df0",
    "actor": {"mbox": "mailto:an@example.vn"},
    "verb": {"id": "http://example.vn/v"},
    "object": {"id": "http://example.vn/o"},
}


def again(**changes: Any) -> dict[str, Any]:
    """A statement read and written by tincan."""
    read: dict[str, Any] = json.loads(Statement.from_json(json.dumps({**SAID, **changes})).to_json())
    return read


def test_one_module_of_ours_alone_imports_it() -> None:
    root = Path(__file__).parents[2]
    files = [path for package in ("lms", "courses", "quizzes") for path in (root / package).rglob("*.py")]
    users = [path.name for path in files if re.search(r"^\s*(from|import) tincan\b", path.read_text(), re.MULTILINE)]
    assert users == ["building.py"]


@pytest.mark.parametrize(("sent", "written"), [("PT007S", "PT07S"), ("PT100S", "PT01M40S"), ("P1Y", "P365DT00H00M00S")])
def test_it_rewrites_durations(sent: str, written: str) -> None:
    assert again(result={"duration": sent})["result"]["duration"] == written


def test_it_rewrites_numbers() -> None:
    text = Statement.from_json(json.dumps({**SAID, "result": {"score": {"raw": 10}}})).to_json()
    assert '"raw": 10.0' in text


def test_it_cuts_and_rewrites_moments() -> None:
    assert again(timestamp="2026-11-22T09:21:07.123456789Z")["timestamp"] == "2026-11-22T09:21:07.123456+00:00"


def test_it_drops_nulls_in_extensions() -> None:
    assert again(context={"extensions": {"http://e.vn/x": None, "http://e.vn/y": 1}})["context"]["extensions"] == {"http://e.vn/y": 1}


def test_it_refuses_identifiers_of_version_7() -> None:
    with pytest.raises(ValueError, match="UUID"):
        again(id="019aa000-1111-7222-8333-444444444444")


def test_it_refuses_an_authority_that_is_a_group() -> None:
    pair = [{"mbox": "mailto:a@e.vn"}, {"account": {"homePage": "http://e.vn", "name": "app"}}]
    with pytest.raises(AttributeError, match="member"):
        again(authority={"objectType": "Group", "member": pair})


def test_it_refuses_what_version_2_added() -> None:
    someone = {"objectType": "contextAgent", "agent": {"mbox": "mailto:a@e.vn"}}
    with pytest.raises(AttributeError, match="contextAgents"):
        again(context={"contextAgents": [someone]})
    with pytest.raises(Exception, match="Unsupported Version"):
        RemoteLRS(version="2.0.0", endpoint="http://127.0.0.1/xapi/")


def test_its_client_waits_without_end_and_knows_no_attachments() -> None:
    assert "timeout" not in inspect.getsource(tincan.remote_lrs)
    assert "attachments" not in inspect.signature(Statement().to_json).parameters
    assert "attachments=true" not in inspect.getsource(tincan.remote_lrs)
