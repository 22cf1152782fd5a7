"""A statement under another name: nothing else of its text changes."""

from __future__ import annotations

import json

from lms.lrs.rules.forgetting import account, identities, renamed

BASE = "https://hoc.example.vn"
KNOWN = identities(BASE, ["p-1"], ["An.NV@Tinh.gov.vn"])
NEW = account(BASE, "da-xoa-1")
THEM = {"objectType": "Agent", "name": "An", "account": {"homePage": BASE, "name": "p-1"}}
BY_MAIL = {"mbox": "mailto:An.NV@TINH.gov.vn", "name": "Nguyễn Văn An"}
OTHER = {"mbox": "mailto:binh@example.vn"}


def event(**changes: object) -> dict[str, object]:
    return {"actor": OTHER, "verb": {"id": "http://example.vn/v"}, "object": {"id": "http://example.vn/o"}, **changes}


def after(values: dict[str, object]) -> dict[str, object]:
    return json.loads(renamed(json.dumps(values), KNOWN, NEW))


def test_everywhere_an_agent_may_stand_it_is_renamed() -> None:
    group = {"objectType": "Group", "member": [OTHER, THEM]}
    assert after(event(actor=THEM))["actor"] == NEW
    assert after(event(actor=BY_MAIL))["actor"] == NEW
    assert after(event(object=THEM))["object"] == NEW
    assert after(event(actor=group))["actor"] == {"objectType": "Group", "member": [OTHER, NEW]}
    assert after(event(context={"instructor": THEM, "team": group}))["context"] == {
        "instructor": NEW,
        "team": {"objectType": "Group", "member": [OTHER, NEW]},
    }
    partakers = {
        "contextAgents": [{"objectType": "contextAgent", "agent": OTHER}, {"objectType": "contextAgent", "agent": THEM}],
        "contextGroups": [{"objectType": "contextGroup", "group": group, "relevantTypes": ["urn:x"]}],
    }
    assert after(event(context=partakers))["context"] == {
        "contextAgents": [{"objectType": "contextAgent", "agent": OTHER}, {"objectType": "contextAgent", "agent": NEW}],
        "contextGroups": [
            {"objectType": "contextGroup", "group": {"objectType": "Group", "member": [OTHER, NEW]}, "relevantTypes": ["urn:x"]}
        ],
    }
    inner = {"objectType": "SubStatement", **event(actor=THEM, context={"instructor": BY_MAIL})}
    assert after(event(object=inner))["object"] == {"objectType": "SubStatement", **event(actor=NEW, context={"instructor": NEW})}


def test_the_rest_stays_to_the_digit() -> None:
    rest = '"verb":{"id":"v:v"},"object":{"id":"o:o"},"result":{"score":{"raw":1.50}}}'
    text = f'{{"actor":{json.dumps(THEM)},{rest}'
    assert renamed(text, KNOWN, NEW).endswith(rest)


def test_a_statement_about_others_stays_as_it_is() -> None:
    text = json.dumps(event(), indent=3)
    assert renamed(text, KNOWN, NEW) is text
