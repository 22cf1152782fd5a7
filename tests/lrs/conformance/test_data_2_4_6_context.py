"""Data 2.4.6 and IEEE 9274.1.1 4.2.2.5: the context, with agents and groups of version 2.0."""

from __future__ import annotations

from typing import Any

import pytest

from lms.lrs.rules.versions import Version
from tests.lrs.conformance.parts import (
    ACTIVITY,
    CONTEXT_PLACES,
    GROUP,
    NOT_IRIS,
    NOT_LANGUAGES,
    NOT_OBJECTS,
    NOT_STRINGS,
    NOT_UUIDS,
    REF,
    UUID_TEXT,
    Builder,
    accepted,
    both_versions,
    places,
    refused,
    within,
)
from tests.lrs.making import AN, BINH, COURSE, statement

WHOLE: dict[str, Any] = {
    "registration": UUID_TEXT,
    "instructor": GROUP,
    "team": GROUP,
    "contextActivities": {"parent": ACTIVITY, "grouping": [ACTIVITY], "category": [], "other": [ACTIVITY, {"id": "urn:x"}]},
    "revision": "2.1",
    "platform": "LMS",
    "language": "vi-VN",
    "statement": REF,
    "extensions": {"urn:x": None},
}
PARTAKERS = {"contextAgents": ("contextAgent", "agent", BINH), "contextGroups": ("contextGroup", "group", GROUP)}
each_list = pytest.mark.parametrize(
    ("key", "kind", "who", "whoever"), [(key, *rest) for key, rest in PARTAKERS.items()], ids=list(PARTAKERS)
)


@both_versions
@places(CONTEXT_PLACES)
def test_a_context_has_known_properties_of_their_types(version: Version, path: str, build: Builder) -> None:
    accepted(build({}), version)
    accepted(build(WHOLE), version)
    for value in NOT_OBJECTS[1:]:
        refused(build(value), path, version)
    for key in ("Registration", "contextactivities", "contextActivity", "contextagents", "instructors"):
        refused(build({key: {}}), f"{path}.{key}", version)
    for value in NOT_STRINGS:
        for key in ("revision", "platform", "language"):
            refused(build({key: value}), f"{path}.{key}", version)
    for value in NOT_OBJECTS:
        for key in ("instructor", "team", "contextActivities", "statement", "extensions"):
            refused(build({key: value}), f"{path}.{key}", version)


@both_versions
@places(CONTEXT_PLACES)
def test_registration_is_a_uuid_and_language_a_tag(version: Version, path: str, build: Builder) -> None:
    for value in NOT_UUIDS:
        refused(build({"registration": value}), f"{path}.registration", version)
    for value in NOT_LANGUAGES:
        refused(build({"language": value}), f"{path}.language", version)


@both_versions
@places(CONTEXT_PLACES)
def test_a_team_is_a_group(version: Version, path: str, build: Builder) -> None:
    refused(build({"team": AN}), f"{path}.team", version)
    refused(build({"team": BINH}), f"{path}.team", version)


@both_versions
@places(CONTEXT_PLACES)
def test_context_activities_are_of_four_kinds(version: Version, path: str, build: Builder) -> None:
    accepted(build({"contextActivities": {}}), version)
    for key in ("Parent", "parents", "next", "objectType"):
        refused(build({"contextActivities": {key: ACTIVITY}}), f"{path}.contextActivities.{key}", version)
    for value in ("x", 7, None, True, [None], ["x"], [[ACTIVITY]]):
        refused(build({"contextActivities": {"parent": value}}), f"{path}.contextActivities.parent", version)


@both_versions
@pytest.mark.parametrize("key", ["revision", "platform"])
@pytest.mark.parametrize("target", [AN, GROUP, REF, within()["object"]], ids=["agent", "group", "reference", "sub"])
def test_revision_and_platform_go_with_activities_alone(version: Version, key: str, target: dict[str, Any]) -> None:
    refused(statement(object=target, context={key: "2"}), f"statement.context.{key}", version)
    if target["objectType"] != "SubStatement":
        refused(within(object=target, context={key: "2"}), f"statement.object.context.{key}", version)
    accepted(within(object={"id": COURSE}, context={key: "2"}), version)
    accepted(statement(object={"id": COURSE}, context={key: "2"}), version)


@each_list
@places(CONTEXT_PLACES)
def test_agents_and_groups_of_the_context_belong_to_2_0(
    path: str, build: Builder, key: str, kind: str, who: str, whoever: dict[str, Any]
) -> None:
    given = [{"objectType": kind, who: whoever, "relevantTypes": ["https://x.vn/a", "urn:b"]}, {"objectType": kind, who: whoever}]
    accepted(build({key: given}), Version.V2)
    accepted(build({key: []}), Version.V2)
    refused(build({key: given}), f"{path}.{key}", Version.V1)


@each_list
@places(CONTEXT_PLACES)
def test_each_of_them_names_its_type_and_who_it_is(
    path: str, build: Builder, key: str, kind: str, who: str, whoever: dict[str, Any]
) -> None:
    for value in ("x", 7, None, {"objectType": kind, who: whoever}, [None], ["x"]):
        refused(build({key: value}), f"{path}.{key}", Version.V2)
    for other in ("Agent", "Group", kind.lower(), "", *NOT_STRINGS):
        refused(build({key: [{"objectType": other, who: whoever}]}), f"{path}.{key}[0].objectType", Version.V2)
    refused(build({key: [{who: whoever}]}), f"{path}.{key}[0].objectType", Version.V2)
    refused(build({key: [{"objectType": kind}]}), f"{path}.{key}[0].{who}", Version.V2)
    refused(build({key: [{"objectType": kind, who: {"key": "x"}}]}), f"{path}.{key}[0].{who}", Version.V2)
    refused(build({key: [{"objectType": kind, who: whoever, "member": []}]}), f"{path}.{key}[0].member", Version.V2)


@each_list
@places(CONTEXT_PLACES)
def test_relevant_types_are_iris_and_at_least_one(
    path: str, build: Builder, key: str, kind: str, who: str, whoever: dict[str, Any]
) -> None:
    for value in ([], "urn:x", None, {}, *([iri] for iri in NOT_IRIS), ["urn:x", "abc"]):
        refused(build({key: [{"objectType": kind, who: whoever, "relevantTypes": value}]}), f"{path}.{key}[0].relevantTypes", Version.V2)
