"""Data 2.4.2 and IEEE 9274.1.1 4.2.2.1: agents, identified groups and anonymous groups, wherever they may stand."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from lms.lrs.rules.versions import Version
from tests.lrs.conformance.parts import (
    ACCOUNT,
    AGENT_PLACES,
    GROUP,
    GROUP_PLACES,
    IDENTIFIERS,
    NOT_IRIS,
    NOT_OBJECTS,
    NOT_STRINGS,
    V2_AGENT_PLACES,
    V2_GROUP_PLACES,
    Builder,
    accepted,
    both_versions,
    places,
    refused,
)
from tests.lrs.making import AN, BINH, statement

PAIRS = [{**IDENTIFIERS[one], **IDENTIFIERS[other]} for one, other in combinations(IDENTIFIERS, 2)]
BAD_IDENTIFIERS: list[dict[str, Any]] = [
    *({"mbox": value} for value in ("", "an@example.vn", "mailto:", "mailto:an", "mailto:@x", "MAILTO:an@example.vn", *NOT_STRINGS)),
    *({"mbox_sha1sum": value} for value in ("", "0" * 39, "0" * 41, "g" * 40, *NOT_STRINGS)),
    *({"openid": value} for value in NOT_IRIS),
    *({"account": value} for value in NOT_OBJECTS),
    *({"account": {"homePage": value, "name": "x"}} for value in NOT_IRIS),
    *({"account": {"homePage": "https://x.vn", "name": value}} for value in NOT_STRINGS),
    {"account": {"name": "x"}},
    {"account": {"homePage": "https://x.vn"}},
    {"account": {**ACCOUNT, "extra": "x"}},
    {"account": {"homepage": "https://x.vn", "name": "x"}},
]
NO_MEMBERS = [None, "x", 7, AN, [None], ["x"], [{}], [{"name": "An"}], [GROUP], [{"objectType": "Group", **BINH}], [{**AN, "member": []}]]


@both_versions
@places(AGENT_PLACES)
@pytest.mark.parametrize("identifier", IDENTIFIERS.values(), ids=list(IDENTIFIERS))
def test_an_agent_has_one_of_the_four_identifiers(version: Version, path: str, build: Builder, identifier: dict[str, Any]) -> None:
    accepted(build({"objectType": "Agent", **identifier}), version)
    accepted(build({"objectType": "Agent", "name": "An", **identifier}), version)


@both_versions
@places({name: place for name, place in AGENT_PLACES.items() if "object" not in name})
def test_an_agent_needs_no_object_type_but_as_object(version: Version, path: str, build: Builder) -> None:
    accepted(build(BINH), version)


@places({name: place for name, place in AGENT_PLACES.items() if "object" in name})
def test_an_agent_as_object_without_object_type_is_no_agent(path: str, build: Builder) -> None:
    refused(build(BINH), path)


@both_versions
@places(AGENT_PLACES)
def test_an_agent_without_identifier_or_with_two_is_refused(version: Version, path: str, build: Builder) -> None:
    for identifiers in ({}, *PAIRS):
        refused(build({"objectType": "Agent", "name": "An", **identifiers}), path, version)


@places(AGENT_PLACES)
def test_a_malformed_identifier_is_refused_with_its_path(path: str, build: Builder) -> None:
    for identifier in BAD_IDENTIFIERS:
        refused(build({"objectType": "Agent", **identifier}), f"{path}.{next(iter(identifier))}")


@places(AGENT_PLACES)
def test_an_agent_is_an_object_of_known_properties_in_their_case(path: str, build: Builder) -> None:
    for value in NOT_OBJECTS[1:]:
        refused(build(value), path)
    for key in ("Name", "Mbox", "mbox_Sha1Sum", "openId", "Account", "member", "extra"):
        refused(build({**AN, key: "x"}), f"{path}.{key}")
    for kind in ("agent", "Person", "", *NOT_STRINGS):
        refused(build({**AN, "objectType": kind}), f"{path}.objectType")
    for name in NOT_STRINGS:
        refused(build({**AN, "name": name}), f"{path}.name")


@both_versions
@places(GROUP_PLACES)
@pytest.mark.parametrize("identifier", IDENTIFIERS.values(), ids=list(IDENTIFIERS))
def test_an_identified_group_has_one_identifier_with_members_or_without(
    version: Version, path: str, build: Builder, identifier: dict[str, Any]
) -> None:
    for group in ({**identifier}, {**identifier, "member": []}, {**identifier, "member": [AN, BINH], "name": "Tổ"}):
        accepted(build({"objectType": "Group", **group}), version)


@both_versions
@places(GROUP_PLACES)
def test_an_anonymous_group_lists_its_members(version: Version, path: str, build: Builder) -> None:
    accepted(build(GROUP), version)
    refused(build({"objectType": "Group"}), f"{path}.member", version)
    refused(build({"objectType": "Group", "name": "Tổ"}), f"{path}.member", version)


@both_versions
@places(GROUP_PLACES)
def test_a_group_with_two_identifiers_is_refused(version: Version, path: str, build: Builder) -> None:
    for pair in PAIRS:
        refused(build({"objectType": "Group", "member": [AN], **pair}), path, version)


@places(GROUP_PLACES)
def test_members_are_agents_and_nothing_else(path: str, build: Builder) -> None:
    for members in NO_MEMBERS:
        refused(build({"objectType": "Group", "member": members}), f"{path}.member")
        refused(build({"objectType": "Group", **BINH, "member": members}), f"{path}.member")


@places(GROUP_PLACES)
def test_a_groups_malformed_identifier_is_refused_with_its_path(path: str, build: Builder) -> None:
    for identifier in BAD_IDENTIFIERS:
        refused(build({"objectType": "Group", **identifier}), f"{path}.{next(iter(identifier))}")


@places(V2_AGENT_PLACES)
def test_agents_of_the_context_follow_the_same_rules(path: str, build: Builder) -> None:
    for identifier in IDENTIFIERS.values():
        accepted(build(identifier), Version.V2)
    for identifiers in ({}, *PAIRS):
        refused(build({"objectType": "Agent", **identifiers}), path, Version.V2)
    for identifier in BAD_IDENTIFIERS:
        refused(build(identifier), f"{path}.{next(iter(identifier))}", Version.V2)
    refused(build(GROUP), path, Version.V2)


@places(V2_GROUP_PLACES)
def test_groups_of_the_context_follow_the_same_rules(path: str, build: Builder) -> None:
    for group in (GROUP, {"objectType": "Group", **BINH}, {"objectType": "Group", "member": []}):
        accepted(build(group), Version.V2)
    refused(build({"objectType": "Group"}), f"{path}.member", Version.V2)
    refused(build(AN), path, Version.V2)
    refused(build({"member": [AN]}), f"{path}.objectType", Version.V2)
    for members in NO_MEMBERS:
        refused(build({"objectType": "Group", "member": members}), f"{path}.member", Version.V2)


def test_a_statement_without_actor_is_refused() -> None:
    refused(statement(actor=None), "statement.actor")
