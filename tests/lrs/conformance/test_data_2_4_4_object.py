"""Data 2.4.4 and IEEE 9274.1.1 4.2.2.3: activities with their interactions, agents, references, statements within statements."""

from __future__ import annotations

from typing import Any

import pytest

from lms.lrs.rules.versions import Version
from tests.lrs.conformance.parts import (
    ACTIVITY,
    ACTIVITY_PLACES,
    DEFINITION_PLACES,
    GROUP,
    NOT_IRIS,
    NOT_OBJECTS,
    NOT_STRINGS,
    NOT_UUIDS,
    REF,
    Builder,
    accepted,
    both_versions,
    everywhere,
    in_context,
    places,
    refused,
    same,
    within,
)
from tests.lrs.making import AN, BINH, COURSE, VERB, VOIDED, statement

ONE = [{"id": "a", "description": {"vi": "Một"}}]
# Every kind of interaction with all that belongs to it (2.4.4.1 table, appendix C).
INTERACTIONS: dict[str, dict[str, Any]] = {
    "true-false": {"correctResponsesPattern": ["true"]},
    "choice": {"correctResponsesPattern": ["golf[,]tetris"], "choices": [*ONE, {"id": "tetris"}]},
    "fill-in": {"correctResponsesPattern": ["{case_matters=false}Bob's your uncle"]},
    "long-fill-in": {"correctResponsesPattern": ["{case_matters=false}{lang=en}To store[,]{lang=vi}Để lưu"]},
    "matching": {"correctResponsesPattern": ["ben[.]3[,]chris[.]2"], "source": ONE, "target": ONE},
    "performance": {"correctResponsesPattern": ["pong[.]1:[,]dg[.]:10"], "steps": ONE},
    "sequencing": {"correctResponsesPattern": ["tim[,]mike"], "choices": ONE},
    "likert": {"correctResponsesPattern": ["likert_3"], "scale": ONE},
    "numeric": {"correctResponsesPattern": ["4[:]"]},
    "other": {"correctResponsesPattern": ["(35.937432,-86.868896)"]},
}
LISTS = ("choices", "scale", "source", "target", "steps")
SUB_PLACE = ("statement.object", lambda given: statement(object=given))
REFERENCE_PLACES = {**everywhere(same, "object"), **in_context("statement")}


@both_versions
@places(ACTIVITY_PLACES)
def test_an_activity_has_an_iri(version: Version, path: str, build: Builder) -> None:
    accepted(build({"id": COURSE}), version)
    accepted(build(ACTIVITY), version)
    refused(build({"definition": {}}), f"{path}.id", version)
    for value in NOT_IRIS:
        refused(build({"id": value}), f"{path}.id", version)


@places({name: place for name, place in ACTIVITY_PLACES.items() if "context" in name})
def test_around_a_statement_stand_activities_alone(path: str, build: Builder) -> None:
    for other in (AN, GROUP, REF):
        refused(build(other), path)


@places(ACTIVITY_PLACES)
def test_an_activity_has_known_properties_in_their_case(path: str, build: Builder) -> None:
    for key in ("Definition", "ID", "name", "extensions"):
        refused(build({**ACTIVITY, key: {}}), f"{path}.{key}")
    for kind in ("activity", "Course", "", *NOT_STRINGS):
        refused(build({"id": COURSE, "objectType": kind}), f"{path}.objectType")


@both_versions
@places(DEFINITION_PLACES)
def test_a_definition_has_known_properties_of_their_types(version: Version, path: str, build: Builder) -> None:
    accepted(build({}), version)
    accepted(
        build({"name": {"vi": "A"}, "description": {"vi": "B"}, "type": "urn:t", "moreInfo": "https://x.vn", "extensions": {}}), version
    )
    for value in NOT_OBJECTS:
        refused(build(value), path, version)
        for key in ("name", "description", "extensions"):
            refused(build({key: value}), f"{path}.{key}", version)
    for value in NOT_IRIS:
        refused(build({"type": value}), f"{path}.type", version)
        refused(build({"moreInfo": value}), f"{path}.moreInfo", version)
    for key in ("Name", "moreinfo", "interactiontype", "id", "correctResponsePattern"):
        refused(build({key: "x"}), f"{path}.{key}", version)


@both_versions
@places(DEFINITION_PLACES)
@pytest.mark.parametrize("kind", INTERACTIONS)
def test_every_kind_of_interaction_with_its_components(version: Version, path: str, build: Builder, kind: str) -> None:
    accepted(build({"interactionType": kind, **INTERACTIONS[kind]}), version)
    accepted(build({"interactionType": kind}), version)
    for key, value in INTERACTIONS[kind].items():
        refused(build({key: value}), f"{path}.interactionType", version)


@both_versions
@places(DEFINITION_PLACES)
@pytest.mark.parametrize("kind", INTERACTIONS)
def test_components_of_another_kind_and_any_pattern_are_left_to_who_reads_them(
    version: Version, path: str, build: Builder, kind: str
) -> None:
    """2.4.4.1.s13.b3: a store may look further than the kind of interaction. This one holds each list to its own form and no more: not to
    the kind it belongs to, nor patterns to the components, nor anything to a length."""
    accepted(build({"interactionType": kind, **{key: [{"id": "a b"}] for key in LISTS}}), version)
    accepted(build({"interactionType": kind, "correctResponsesPattern": ["", "{order_matters=x}[.][,][:]", "x" * 5000] * 50}), version)


@places(DEFINITION_PLACES)
def test_an_unknown_kind_of_interaction_is_refused(path: str, build: Builder) -> None:
    for kind in ("Choice", "CHOICE", "truefalse", "true-faLse", "Other", "cmi.interaction", "https://x.vn/choice", "", *NOT_STRINGS):
        refused(build({"interactionType": kind}), f"{path}.interactionType")


@places(DEFINITION_PLACES)
def test_patterns_are_an_array_of_strings(path: str, build: Builder) -> None:
    accepted(build({"interactionType": "other", "correctResponsesPattern": []}))
    for value in ("true", {"0": "true"}, None, 7, [7], [None], [["true"]], ["true", {}]):
        refused(build({"interactionType": "true-false", "correctResponsesPattern": value}), f"{path}.correctResponsesPattern")


@places(DEFINITION_PLACES)
@pytest.mark.parametrize("key", LISTS)
def test_components_are_an_array_of_ids_with_descriptions(path: str, build: Builder, key: str) -> None:
    for value in ("a", {"id": "a"}, None, ["a"], [7], [None]):
        refused(build({"interactionType": "choice", key: value}), f"{path}.{key}")
    for component in ({}, {"description": {"vi": "A"}}, {"id": 7}, {"id": None}, {"id": "a", "extra": 1}, {"Id": "a"}):
        refused(build({"interactionType": "choice", key: [component]}), f"{path}.{key}[0]")
    for description in NOT_OBJECTS:
        refused(build({"interactionType": "choice", key: [{"id": "a", "description": description}]}), f"{path}.{key}[0].description")


@places(DEFINITION_PLACES)
@pytest.mark.parametrize("key", LISTS)
def test_ids_of_a_list_are_distinct(path: str, build: Builder, key: str) -> None:
    refused(build({"interactionType": "choice", key: [{"id": "a"}, {"id": "b"}, {"id": "a"}]}), f"{path}.{key}[2].id")


@both_versions
@places(REFERENCE_PLACES)
def test_a_reference_has_its_type_and_a_uuid_and_nothing_else(version: Version, path: str, build: Builder) -> None:
    accepted(build(REF), version)
    accepted(build({**REF, "id": REF["id"].upper()}), version)
    refused(build({"objectType": "StatementRef"}), f"{path}.id", version)
    for value in NOT_UUIDS:
        refused(build({**REF, "id": value}), f"{path}.id", version)
    refused(build({**REF, "definition": {}}), f"{path}.definition", version)
    refused(build({**REF, "objectType": "statementRef"}), f"{path}.objectType", version)


@both_versions
def test_a_statement_within_is_a_whole_event(version: Version) -> None:
    whole = {
        "result": {"success": True},
        "context": {"platform": "LMS", "revision": "2"},
        "timestamp": "2026-11-22T09:21:07Z",
        "attachments": [],
    }
    accepted(within(**whole), version)
    for key in ("actor", "verb", "object"):
        given = within()
        del given["object"][key]
        refused(given, f"statement.object.{key}", version)


@both_versions
def test_a_statement_within_has_no_id_stored_version_authority(version: Version) -> None:
    for key, value in {"id": REF["id"], "stored": "2026-11-22T09:21:07Z", "version": "1.0.0", "authority": AN}.items():
        refused(within(**{key: value}), f"statement.object.{key}", version)


@both_versions
def test_a_statement_within_does_not_hold_another(version: Version) -> None:
    refused(within(object=within()["object"]), "statement.object.object.objectType", version)
    for other in (AN, GROUP, REF, ACTIVITY, {"id": COURSE}):
        accepted(within(object=other), version)


@both_versions
def test_an_object_is_of_one_of_five_types(version: Version) -> None:
    for kind in ("activity", "Statement", "substatement", "SubStatementRef", "", *NOT_STRINGS):
        refused(statement(object={"id": COURSE, "objectType": kind}), "statement.object.objectType", version)
    for value in NOT_OBJECTS[1:]:
        refused(statement(object=value), "statement.object", version)
    refused(statement(object=None), "statement.object", version)


@both_versions
def test_a_voider_points_to_a_statement(version: Version) -> None:
    accepted(statement(verb={"id": VOIDED}, object=REF), version)
    for other in (ACTIVITY, {"id": COURSE}, AN, GROUP, within()["object"], {**BINH, "objectType": "Agent"}):
        refused(statement(verb={"id": VOIDED}, object=other), "statement.object", version)
    refused(statement(verb={"id": VOIDED}, object={"objectType": "StatementRef"}), "statement.object.id", version)
    accepted(within(verb={"id": VOIDED}), version)  # what is told of is not done
    assert VERB != VOIDED
