"""Data 2.4.3: the verb."""

from __future__ import annotations

from lms.lrs.rules.versions import Version
from tests.lrs.conformance.parts import NOT_IRIS, NOT_OBJECTS, Builder, accepted, both_versions, everywhere, places, refused, same
from tests.lrs.making import VERB, statement

VERBS = everywhere(same, "verb")


@both_versions
@places(VERBS)
def test_an_id_is_required_and_an_iri(version: Version, path: str, build: Builder) -> None:
    accepted(build({"id": VERB}), version)
    accepted(build({"id": "tag:hoc.example.vn,2026:đã-học"}), version)
    refused(build({"display": {"vi": "đã học"}}), f"{path}.id", version)
    for value in NOT_IRIS:
        refused(build({"id": value}), f"{path}.id", version)


@places(VERBS)
def test_display_is_a_language_map_and_there_is_nothing_else(path: str, build: Builder) -> None:
    accepted(build({"id": VERB, "display": {"vi": "đã học", "en-US": ""}}))
    for value in NOT_OBJECTS:
        refused(build({"id": VERB, "display": value}), f"{path}.display")
        refused(build(value), path)
    for key in ("Display", "Id", "name", "objectType"):
        refused(build({"id": VERB, key: "x"}), f"{path}.{key}")


def test_a_statement_without_verb_is_refused() -> None:
    refused(statement(verb=None), "statement.verb")
