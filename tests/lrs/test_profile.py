"""Our xAPI profile: sound by the profile specification 1.0, and every statement we make conforms to one of its templates."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from courses.statements import Study, lesson_completed, lesson_opened
from lms.lrs import vocabulary as words
from lms.lrs.rules.reading import from_values
from lms.lrs.statements import signed_in
from quizzes.statements import Answer, Sitting, attempt_finished, attempt_remarked, attempt_started
from tests.lrs.profile_templates import matching, violations

PROFILE: dict[str, Any] = json.loads((Path(__file__).parents[2] / "docs" / "xapi-profile.jsonld").read_text())
BASE = "https://hoc.example.vn"
AT = datetime(2026, 11, 22, 2, tzinfo=UTC)
PERSON, OTHER = UUID("01930000-0000-7000-8000-000000000001"), UUID("01930000-0000-7000-8000-000000000002")

STUDY = Study(BASE, PERSON, OTHER, "TT1", {"vi": "Khóa thử"}, 1, "bai-1", {"vi": "Bài một"})
OPEN = Sitting(BASE, OTHER, PERSON, "2026-Q4", "Kiểm tra quý IV", 1, AT)
PASSED = replace(OPEN, ended_at=AT + timedelta(minutes=12), score=Decimal(80), passed=True)
FAILED = replace(PASSED, score=Decimal(20), passed=False)
_BODY = {"options": [{"id": "a", "text": "Một"}, {"id": "b", "text": "Hai"}]}
ANSWER = Answer("CH-1", 1, "single_choice", "Câu hỏi", _BODY, ["a"], ["b"], Decimal(0), AT)

MADE: dict[str, list[dict[str, Any]]] = {
    "signed-in": signed_in(BASE, PERSON, "password", AT),
    "opened": lesson_opened(STUDY, AT, first_of_course=True),
    "finished": lesson_completed(STUDY, AT, percent=100, course_completed=True),
    "started": attempt_started(OPEN),
    "passed": attempt_finished(PASSED, [ANSWER]),
    "failed": attempt_finished(FAILED, []),
    "marked again": attempt_remarked(PASSED, PERSON, "sai đáp án", AT),
}


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_every_statement_conforms_to_exactly_one_template_and_names_the_profile(made: list[dict[str, Any]]) -> None:
    from_values(made)
    for statement in made:
        found = matching(PROFILE, statement)
        assert len(found) == 1, [template["id"] for template in found]
        assert violations(found[0], statement) == []
        assert words.PROFILE_VERSION in [one["id"] for one in statement["context"]["contextActivities"]["category"]]


def test_every_template_has_a_statement_that_is_made() -> None:
    used = {template["id"] for made in MADE.values() for statement in made for template in matching(PROFILE, statement)}
    assert used == {template["id"] for template in PROFILE["templates"]}


def test_a_statement_that_breaks_a_template_is_found_out() -> None:
    (statement,) = signed_in(BASE, PERSON, "password", AT)
    (template,) = matching(PROFILE, statement)
    assert violations(template, {**statement, "actor": {"mbox": "mailto:a@e.vn"}}) != []


def test_every_verb_of_the_vocabulary_has_a_template() -> None:
    verbs = {value.iri for value in vars(words).values() if isinstance(value, words.Verb)}
    assert verbs == {template["verb"] for template in PROFILE["templates"]}


def test_every_extension_of_ours_is_a_concept() -> None:
    used = {iri for made in MADE.values() for statement in made for iri in statement["context"].get("extensions", {})}
    assert used == {concept["id"] for concept in PROFILE["concepts"] if concept["type"] == "ContextExtension"}


def test_the_document_has_what_the_specification_asks_of_it() -> None:
    assert PROFILE["@context"] == "https://w3id.org/xapi/profiles/context"
    assert PROFILE["conformsTo"] == "https://w3id.org/xapi/profiles#1.0"
    assert PROFILE["type"] == "Profile"
    assert PROFILE["id"] == words.PROFILE
    assert PROFILE["author"]["type"] in ("Organization", "Person")
    assert PROFILE["author"]["name"]
    versions = [version["id"] for version in PROFILE["versions"]]
    assert words.PROFILE_VERSION in versions
    assert PROFILE["id"] not in versions
    assert all(datetime.fromisoformat(version["generatedAtTime"]) for version in PROFILE["versions"])
    ids = [part["id"] for kind in ("concepts", "templates", "patterns") for part in PROFILE[kind]]
    assert len(ids) == len(set(ids))
    for part in [PROFILE, *(one for kind in ("concepts", "templates", "patterns") for one in PROFILE[kind])]:
        assert urlsplit(part["id"]).scheme == "https"
        assert {"vi", "en"} <= part["prefLabel"].keys() & part["definition"].keys()
        assert part is PROFILE or part["inScheme"] in versions


@pytest.mark.parametrize("concept", PROFILE["concepts"], ids=lambda one: one["id"])
def test_an_extension_is_described_by_a_schema(concept: dict[str, Any]) -> None:
    assert concept["type"] in ("ContextExtension", "ResultExtension", "ActivityExtension")
    assert ("schema" in concept) != ("inlineSchema" in concept)
    assert json.loads(concept["inlineSchema"])["type"]
    assert concept.keys() <= {"id", "type", "inScheme", "prefLabel", "definition", "recommendedVerbs", "inlineSchema"}


@pytest.mark.parametrize("template", PROFILE["templates"], ids=lambda one: one["id"])
def test_a_template_determines_by_properties_the_specification_knows(template: dict[str, Any]) -> None:
    determining = {"verb", "objectActivityType", "contextParentActivityType", "contextGroupingActivityType", "contextCategoryActivityType"}
    assert template["type"] == "StatementTemplate"
    assert template.keys() <= {"id", "type", "inScheme", "prefLabel", "definition", "rules"} | determining
    for rule in template["rules"]:
        assert rule["location"].startswith("$.")
        assert rule.keys() & {"presence", "any", "all", "none"}
        assert rule.get("presence", "included") in ("included", "excluded", "recommended")
        assert rule.get("presence") != "excluded" or not rule.keys() & {"any", "all", "none"}


@pytest.mark.parametrize("pattern", PROFILE["patterns"], ids=lambda one: one["id"])
def test_a_pattern_is_of_one_kind_and_its_parts_exist(pattern: dict[str, Any]) -> None:
    (kind,) = pattern.keys() & {"alternates", "optional", "oneOrMore", "sequence", "zeroOrMore"}
    parts = pattern[kind] if isinstance(pattern[kind], list) else [pattern[kind]]
    known = {one["id"] for one in (*PROFILE["templates"], *PROFILE["patterns"])}
    assert set(parts) <= known - {pattern["id"]}
    assert kind not in ("alternates", "sequence") or len(parts) > 1
