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
from tests.lrs.profile_templates import KINDS, follows, is_path, matching, violations

PROFILE: dict[str, Any] = json.loads((Path(__file__).parents[2] / "docs" / "xapi-profile.jsonld").read_text())
BASE = "https://hoc.example.vn"
AT = datetime(2026, 11, 22, 2, tzinfo=UTC)
PERSON, OTHER = UUID("01930000-0000-7000-8000-000000000001"), UUID("01930000-0000-7000-8000-000000000002")

STUDY = Study(BASE, PERSON, OTHER, "TT1", {"vi": "Khóa thử"}, 1, "bai-1", {"vi": "Bài một"})
OPEN = Sitting(BASE, OTHER, PERSON, "2026-Q4", "Kiểm tra quý IV", 1, AT, Decimal(50))
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
    used -= {words.MASTERY_SCORE}  # cmi5's
    assert used == {concept["id"] for concept in PROFILE["concepts"] if concept["type"] == "ContextExtension"}


def sitting(*later: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*attempt_started(OPEN), *attempt_finished(PASSED, [ANSWER]), *(one for made in later for one in made)]


FIRST = lesson_opened(STUDY, AT, first_of_course=True)
SECOND = replace(STUDY, lesson_slug="bai-2")
FOLLOWED: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "signed in": ("arrival", signed_in(BASE, PERSON, "password", AT)),
    "opened": ("study", FIRST),
    "two lessons, the first finished after the second was opened": (
        "study",
        [
            *FIRST,
            *lesson_opened(SECOND, AT + timedelta(minutes=1), first_of_course=False),
            *lesson_completed(STUDY, AT + timedelta(minutes=2), percent=50, course_completed=False),
            *lesson_completed(SECOND, AT + timedelta(minutes=3), percent=100, course_completed=True),
        ],
    ),
    "a sitting": ("sitting", sitting()),
    "a sitting marked twice again": (
        "sitting",
        sitting(
            attempt_remarked(FAILED, PERSON, "sai đáp án", AT + timedelta(days=3)),
            attempt_remarked(PASSED, OTHER, "phúc tra", AT + timedelta(days=4)),
        ),
    ),
}


@pytest.mark.parametrize(("pattern", "made"), FOLLOWED.values(), ids=FOLLOWED)
def test_what_belongs_together_follows_exactly_one_primary_pattern(pattern: str, made: list[dict[str, Any]]) -> None:
    assert follows(PROFILE, made) == [f"{PROFILE['id']}/patterns/{pattern}"]
    assert len({one["context"].get("registration") for one in made}) == 1


def test_a_sitting_without_its_beginning_follows_no_pattern() -> None:
    assert follows(PROFILE, sitting()[1:]) == []


def test_as_in_cmi5_score_and_success_stand_with_the_verdict_alone_and_it_names_what_was_asked_for() -> None:
    for one in sitting(attempt_remarked(FAILED, PERSON, "sai đáp án", AT)):
        verb, result = one["verb"]["id"].rsplit("/", 1)[-1], one.get("result", {})
        assert ("completion" in result) == (verb == "completed")
        if verb in ("passed", "failed"):
            assert result["success"] is (verb == "passed")
            mastery = one["context"]["extensions"][words.MASTERY_SCORE]
            assert (result["score"]["scaled"] >= mastery) is result["success"]
        elif verb != "answered":  # interactions are free in cmi5
            assert not {"success", "score"} & result.keys()
        if verb == "completed":
            assert "duration" in result


def test_nobody_takes_our_statements_for_those_of_a_cmi5_course() -> None:
    everything = [one for made in MADE.values() for one in made]
    categories = {category["id"] for one in everything for category in one["context"]["contextActivities"]["category"]}
    assert not any(category.startswith("https://w3id.org/xapi/cmi5/") for category in categories)


LATER = {"id": f"{PROFILE['id']}/v2", "generatedAtTime": "2027-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("versions", "is_sound"),
    [
        (PROFILE["versions"], True),
        ([{**LATER, "wasRevisionOf": [words.PROFILE_VERSION]}, *PROFILE["versions"]], True),
        ([LATER, *PROFILE["versions"]], False),
        ([{**LATER, "wasRevisionOf": [f"{PROFILE['id']}/v0"]}, *PROFILE["versions"]], False),
        ([], False),
    ],
)
def test_each_version_but_the_first_says_what_it_revises(versions: list[dict[str, Any]], is_sound: bool) -> None:
    in_order = sorted(versions, key=lambda one: datetime.fromisoformat(one["generatedAtTime"]))
    known: set[str] = set()
    sound = bool(in_order)
    for number, version in enumerate(in_order):
        sound = sound and version.keys() <= {"id", "generatedAtTime", "wasRevisionOf"}
        sound = sound and ("wasRevisionOf" in version) == (number > 0) and set(version.get("wasRevisionOf", [])) <= known
        known.add(version["id"])
    assert sound is is_sound


def test_nothing_in_the_document_is_empty() -> None:
    def empty(value: Any, where: str) -> list[str]:
        if value in (None, "", [], {}) and not isinstance(value, bool):
            return [where]
        children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        return [found for key, child in children for found in empty(child, f"{where}.{key}")]

    assert empty(PROFILE, "$") == []


def test_ids_are_their_own_and_belong_to_no_other_version() -> None:
    ids = [PROFILE["id"], *(version["id"] for version in PROFILE["versions"])]
    ids += [part["id"] for kind in ("concepts", "templates", "patterns") for part in PROFILE[kind]]
    assert len(ids) == len(set(ids))
    assert {part["inScheme"] for kind in ("concepts", "templates", "patterns") for part in PROFILE[kind]} == {words.PROFILE_VERSION}


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
        assert is_path(rule["location"]), rule
        assert rule.keys() <= {"location", "selector", "presence", "any", "all", "none", "scopeNote"}
        assert is_path(rule.get("selector", "$.x"))
        assert rule.keys() & {"presence", "any", "all", "none"}
        assert rule.get("presence", "included") in ("included", "excluded", "recommended")
        assert rule.get("presence") != "excluded" or not rule.keys() & {"any", "all", "none"}


PATTERNS = {one["id"]: one for one in PROFILE["patterns"]}
TEMPLATES = {one["id"] for one in PROFILE["templates"]}


def parts_of(pattern: dict[str, Any]) -> tuple[str, list[str]]:
    (kind,) = pattern.keys() & set(KINDS)
    return kind, pattern[kind] if isinstance(pattern[kind], list) else [pattern[kind]]


def within(name: str) -> set[str]:
    """Patterns at whatever depth of a pattern."""
    below = [part for part in parts_of(PATTERNS[name])[1] if part in PATTERNS]
    return {*below, *(deeper for part in below for deeper in within(part))}


@pytest.mark.parametrize("pattern", PROFILE["patterns"], ids=lambda one: one["id"])
def test_a_pattern_is_of_one_kind_and_its_parts_exist(pattern: dict[str, Any]) -> None:
    kind, parts = parts_of(pattern)
    assert pattern.keys() == {"id", "type", "primary", "inScheme", "prefLabel", "definition", kind}
    assert isinstance(pattern[kind], list) == (kind in ("alternates", "sequence"))
    assert set(parts) <= TEMPLATES | PATTERNS.keys()
    assert pattern["id"] not in within(pattern["id"])
    used_elsewhere = any(pattern["id"] in parts_of(other)[1] for other in PATTERNS.values())
    alone = kind == "sequence" and pattern["primary"] and not used_elsewhere and set(parts) <= TEMPLATES
    assert kind not in ("alternates", "sequence") or len(parts) > 1 or alone
    if kind == "alternates":
        assert not any(parts_of(PATTERNS[part])[0] in ("optional", "zeroOrMore") for part in parts if part in PATTERNS)


def test_every_template_is_part_of_a_primary_pattern() -> None:
    reached = {
        part
        for one in PATTERNS.values()
        if one["primary"]
        for name in {one["id"], *within(one["id"])}
        for part in parts_of(PATTERNS[name])[1]
    }
    assert reached >= TEMPLATES
