"""Valid parts of statements, and every place where each may stand. A requirement on a part holds in all of its places."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from lms.lrs.rules.faults import StatementFault
from lms.lrs.rules.reading import Received, read_one
from lms.lrs.rules.versions import Version
from tests.lrs.making import AN, BINH, COURSE, VERB, statement

UUID_TEXT = "8f87ccde-bb56-4c2e-ab83-44982ef22df0"
ACCOUNT = {"homePage": "https://hoc.example.vn", "name": "cb-001"}
IDENTIFIERS: dict[str, dict[str, Any]] = {
    "mbox": {"mbox": "mailto:an@example.vn"},
    "mbox_sha1sum": {"mbox_sha1sum": "cd9b00a5611f94eaa7b1661edab976068e364975"},
    "openid": {"openid": "https://an.example.vn/"},
    "account": {"account": ACCOUNT},
}
GROUP = {"objectType": "Group", "member": [AN, BINH]}
REF = {"objectType": "StatementRef", "id": UUID_TEXT}
ACTIVITY = {"objectType": "Activity", "id": COURSE}
ATTACHMENT = {
    "usageType": "https://example.vn/kind",
    "display": {"vi": "Ảnh"},
    "description": {"vi": "Ảnh chụp"},
    "contentType": "text/plain; charset=ascii",
    "length": 27,
    "sha2": "495395e777cd98da653df9615d09c0fd6bb2f8d4788394cd53c56a3bfdcd848a",
    "fileUrl": "https://example.vn/a.txt",
}
NOT_OBJECTS = [None, "chữ", 7, True, ["x"]]
NOT_STRINGS = [None, 7, False, {"vi": "x"}, ["x"]]
NOT_IRIS = ["", "chữ", "example.vn/x", "//example.vn", "ab=c://should.fail.com", "https://example.vn/a b", *NOT_STRINGS]
NOT_UUIDS = ["", "x", UUID_TEXT + "8", UUID_TEXT[:-1], "M" + UUID_TEXT[1:], UUID_TEXT.replace("-", ""), f"{{{UUID_TEXT}}}", *NOT_STRINGS]
NOT_LANGUAGES = ["", "a12345", "something", "en_US", "en-", "-en", "en-US-x", "a-DE", "en-a-bb-a-cc", "12", "vi ", "de-1996-1996"]
NOT_LANGUAGES += ["a12345678", "de-419-DE", "zh-z-aaa-z-bbb-c-ccc", "en--US", "en-123456789", "đi", "vi\u0000", "*", "en;q=1"]

Builder = Callable[[Any], dict[str, Any]]


def within(**parts: Any) -> dict[str, Any]:
    """A statement whose object is a SubStatement with these parts."""
    return statement(object={"objectType": "SubStatement", "actor": BINH, "verb": {"id": VERB}, "object": ACTIVITY, **parts})


def everywhere(build: Callable[..., dict[str, Any]], key: str) -> dict[str, tuple[str, Builder]]:
    """A property of a statement, and the same of a SubStatement: by name its path and who builds the whole around it."""
    return {
        key: (f"statement.{key}", lambda given: statement(**{key: build(given)})),
        f"sub {key}": (f"statement.object.{key}", lambda given: within(**{key: build(given)})),
    }


def in_context(key: str, wrap: Callable[[Any], Any] = lambda given: given, below: str = "") -> dict[str, tuple[str, Builder]]:
    return {
        f"{name} {key}{below}": (f"{path}.{key}{below}", build)
        for name, (path, build) in everywhere(lambda given: {key: wrap(given)}, "context").items()
    }


def context_agent(given: Any) -> list[dict[str, Any]]:
    return [{"objectType": "contextAgent", "agent": given}]


def context_group(given: Any) -> list[dict[str, Any]]:
    return [{"objectType": "contextGroup", "group": given}]


def same(given: Any) -> Any:
    return given


# Where an Agent alone or a Group may stand (those of version 2.0 apart).
AGENT_PLACES = {
    **everywhere(same, "actor"),
    **everywhere(same, "object"),
    **in_context("instructor"),
    "authority": ("statement.authority", lambda given: statement(authority=given)),
    "member": ("statement.actor.member[0]", lambda given: statement(actor={"objectType": "Group", "member": [given]})),
    "sub member": ("statement.object.actor.member[0]", lambda given: within(actor={"objectType": "Group", "member": [given]})),
}
GROUP_PLACES = {
    **everywhere(same, "actor"),
    **everywhere(same, "object"),
    **in_context("instructor"),
    **in_context("team"),
}
V2_AGENT_PLACES = in_context("contextAgents", context_agent, "[0].agent")
V2_GROUP_PLACES = in_context("contextGroups", context_group, "[0].group")
ACTIVITY_PLACES = {
    **everywhere(same, "object"),
    **{
        name: place
        for kind in ("parent", "grouping", "category", "other")
        for name, place in in_context("contextActivities", lambda given, kind=kind: {kind: [given]}, f".{kind}[0]").items()
    },
    **in_context("contextActivities", lambda given: {"parent": given}, ".parent"),
}
DEFINITION_PLACES = {
    name: (f"{path}.definition", lambda given, build=build: build({"id": COURSE, "definition": given}))
    for name, (path, build) in ACTIVITY_PLACES.items()
}
RESULT_PLACES = everywhere(same, "result")
CONTEXT_PLACES = everywhere(same, "context")
EXTENSION_PLACES = {
    **{
        f"{name} extensions": (f"{path}.extensions", lambda given, b=b: b({"extensions": given}))
        for name, (path, b) in RESULT_PLACES.items()
    },
    **{
        f"{name} extensions": (f"{path}.extensions", lambda given, b=b: b({"extensions": given}))
        for name, (path, b) in CONTEXT_PLACES.items()
    },
    **{
        f"{name} extensions": (f"{path}.extensions", lambda given, b=b: b({"extensions": given}))
        for name, (path, b) in DEFINITION_PLACES.items()
    },
}
LANGUAGE_MAP_PLACES = {
    **{
        f"{name} {key}": (f"{path}.{key}", lambda given, b=b, key=key: b({key: given}))
        for key in ("name", "description")
        for name, (path, b) in DEFINITION_PLACES.items()
    },
    **{
        f"{name} display": (f"{path}.display", lambda given, b=b: b({"id": VERB, "display": given}))
        for name, (path, b) in everywhere(same, "verb").items()
    },
    **{
        f"{name} {key}": (f"{path}[0].{key}", lambda given, b=b, key=key: b([{**ATTACHMENT, key: given}]))
        for key in ("display", "description")
        for name, (path, b) in everywhere(same, "attachments").items()
    },
    "choice description": (
        "statement.object.definition.choices[0].description",
        lambda given: statement(
            object={"id": COURSE, "definition": {"interactionType": "choice", "choices": [{"id": "a", "description": given}]}}
        ),
    ),
}


def places(several: Mapping[str, tuple[str, Builder]]) -> Any:
    """Run a test in each of these places: `path` and `build`."""
    return pytest.mark.parametrize(("path", "build"), several.values(), ids=[name.replace(" ", "-") for name in several])


both_versions = pytest.mark.parametrize("version", list(Version), ids=["1.0.3", "2.0"])


def writings(values: Any) -> tuple[bytes, bytes]:
    """With white space and escapes, as by hand; without, as programs write JSON. What may be read in a shorter way must be read alike."""
    return json.dumps(values, indent=1).encode(), json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def accepted(values: Any, version: Version = Version.V1) -> Received:
    spaced, compact = writings(values)
    received = read_one(spaced, version)
    assert read_one(compact, version).values == received.values
    return received


def refused(values: Any, path: str, version: Version = Version.V1) -> None:
    """It is refused at this place or, where what stands there is no object, within it."""
    for text in writings(values):
        with pytest.raises(StatementFault) as caught:
            read_one(text, version)
        field = str(caught.value.field)
        assert field == path or field.startswith((f"{path}.", f"{path}["))
        assert str(caught.value).startswith(field)
