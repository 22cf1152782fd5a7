"""What is written as Moodle XML is read back as it was; what Moodle itself would not know is named."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quizzes.interchange import safe_xml
from quizzes.interchange.document import Weight
from quizzes.interchange.moodle_xml import OURS, MoodleXml
from quizzes.rules.bank import ItemDraft
from tests.quizzes.interchange.hard_drafts import BODIES, PICTURE, PICTURES, drafts, unlike

MOODLE = MoodleXml()
# What of ordinary items Moodle has no place for, and is therefore carried beside the question.
BESIDE = {
    "single_choice": set(),
    "multiple_choice": set(),
    "true_false": set(),
    "statement_group": {"whys"},
    "matching": {"body.premises", "key", "body.scoring"},
    "ordering": {"body.steps", "key"},
    "numeric": set(),
    "short_answer": set(),
    "cloze": set(),
    "hotspot": {"body.picture", "body.spots", "whys"},
    "essay": set(),
}


@pytest.mark.parametrize("kind", sorted(BODIES))
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_an_item_of_every_kind_comes_back_as_it_was(kind: str, data: st.DataObject) -> None:
    draft = data.draw(drafts(kind))
    written = MOODLE.write([draft], PICTURES)
    parsed = MOODLE.read(written.content)
    assert [str(finding) for finding in parsed.findings] == []
    assert [unlike(draft, entry.draft) for entry in parsed.entries] == [{}]
    assert [str(finding) for entry in parsed.entries for finding in entry.findings if finding.weight is not Weight.NOTE] == []
    assert dict(parsed.pictures) == ({PICTURE: PICTURES[PICTURE]} if "picture" in draft.body else {})


@settings(max_examples=10, deadline=None)
@given(items=st.lists(drafts(), min_size=2, max_size=6, unique_by=lambda draft: draft.code))
def test_a_file_keeps_the_order_of_its_items_and_equal_items_give_equal_bytes(items: list[ItemDraft]) -> None:
    written = MOODLE.write(items, PICTURES)
    assert written == MOODLE.write(items, PICTURES)
    assert MOODLE.recognises(written.content)
    assert [entry.draft for entry in MOODLE.read(written.content).entries] == items


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_what_is_carried_beside_an_ordinary_question_is_only_what_moodle_cannot_say(kind: str, ordinary: Callable[..., ItemDraft]) -> None:
    root = safe_xml.parse(MOODLE.write([ordinary(kind)], PICTURES).content)
    beside = [json.loads(one.text or "") for one in root.iter(OURS)]
    assert [set(one) - {"legal_basis"} for one in beside] == [BESIDE[kind]]


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_moodle_itself_keeps_the_question(kind: str, ordinary: Callable[..., ItemDraft]) -> None:
    """Once Moodle has written the file, what is beside the questions is gone: what is left is still the question."""
    draft = ordinary(kind)
    root = safe_xml.parse(MOODLE.write([draft], PICTURES).content)
    for question in root:
        for beside in list(safe_xml.children(question, OURS)):
            question.remove(beside)
    [entry] = MOODLE.read(safe_xml.document(root)).entries
    assert entry.draft is not None
    assert (entry.draft.kind, entry.draft.code, entry.draft.topic, entry.draft.level) == (kind, draft.code, "CB1.3", "TH")
    assert [str(problem) for problem in entry.draft.faults() if "alt" not in str(problem) and "kích thước" not in str(problem)] == []
