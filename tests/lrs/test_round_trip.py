"""Through the whole store: what a valid statement says comes back to the byte, in either version, on either database."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.lrs.rules.versions import Version
from tests.lrs.generating import of_both
from tests.lrs.making import Store, new_id

Sent = tuple[dict[str, Any], Version]
# One store for all examples: statements of earlier ones lie beside each, as they do in life.
on_one_store = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def spoken(version: Version) -> dict[str, str]:
    return {"X-Experience-API-Version": version}


def without(values: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in keys}


def arrayed(event: dict[str, Any]) -> dict[str, Any]:
    """The same with each lone context activity in an array (2.4.6.2)."""
    result = dict(event)
    if "contextActivities" in event.get("context", {}):
        around = event["context"]["contextActivities"].items()
        result["context"] = {**event["context"], "contextActivities": {key: [one] if isinstance(one, dict) else one for key, one in around}}
    if event["object"].get("objectType") == "SubStatement":
        result["object"] = arrayed(event["object"])
    return result


def timeless(event: dict[str, Any]) -> dict[str, Any]:
    """The same without moments, which 2.0 gives back in UTC."""
    result = without(event, "timestamp", "stored", "authority")
    return {**result, "object": timeless(event["object"])} if event["object"].get("objectType") == "SubStatement" else result


@on_one_store
@given(of_both, st.booleans(), st.booleans())
def test_a_valid_statement_comes_back_to_the_byte(
    store: Store, sent: tuple[dict[str, Any], Version], ascii_only: bool, alone: bool
) -> None:
    values, version = sent
    values = {**values, "id": new_id()}
    text = json.dumps(values, ensure_ascii=ascii_only)
    response = store.post(text if alone else f"[{text}]", headers=spoken(version))
    assert (response.status_code, response.json) == (200, [values["id"]]), response.text
    answer = store.get(statementId=values["id"], headers=spoken(version))
    got = answer.json
    untouched = not ({"stored", "authority"} & values.keys()) and arrayed(values) == values and version is Version.V1
    assert not untouched or answer.text.endswith(text[1:])
    assert timeless(without(got, "version")) == timeless(arrayed(without(values, "version")))
    assert version is Version.V2 or got.get("timestamp") == values.get("timestamp", got["stored"])
    assert got["version"] == values.get("version", version.of_statements)
    assert store.get(limit="1", headers=spoken(version)).json["statements"] == [got]


@on_one_store
@given(of_both)
def test_sent_again_it_is_the_same_and_changed_it_is_a_conflict(store: Store, sent: Sent) -> None:
    values, version = sent
    values = {**values, "id": new_id()}
    assert store.put(values["id"], values, headers=spoken(version)).status_code == 204
    before = store.get(statementId=values["id"], headers=spoken(version))
    assert store.put(values["id"], before.json, headers=spoken(version)).status_code == 204  # as the store itself gives it
    assert store.post([values], headers=spoken(version)).json == [values["id"]]
    other = {**values, "verb": {"id": f"{values['verb']['id']}/other"}}
    assert store.post(other, headers=spoken(version)).status_code == 409
    assert store.get(statementId=values["id"], headers=spoken(version)).data == before.data
    assert UUID(before.json["id"]) == UUID(values["id"])
