"""What is carried beside an item holds as long as the format still says what it said; whoever edits the file elsewhere is believed."""

from __future__ import annotations

import json
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from quizzes.interchange import safe_xml
from quizzes.interchange.leftovers import completed, leftovers
from quizzes.interchange.moodle_xml import OURS, MoodleXml
from quizzes.rules.bank import ItemDraft
from tests.quizzes.interchange.conftest import ORDINARY
from tests.quizzes.interchange.hard_drafts import PICTURES, drafts

MOODLE = MoodleXml()
INNER = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
ANYTHING = st.recursive(INNER, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner))
PAIRS = st.tuples(st.just("absent") | st.text(max_size=16), ANYTHING)
FIELDS = sorted([*ItemDraft.__dataclass_fields__, "body.options", "body.picture", "body.x", "nothing"])


@settings(max_examples=100, deadline=None)
@given(one=drafts(), other=drafts())
def test_whatever_the_format_says_the_leftovers_make_the_item_again(one: ItemDraft, other: ItemDraft) -> None:
    assert completed(other, leftovers(one, other) or "{}") == (one, True)


@settings(max_examples=200, deadline=None)
@given(native=drafts(), rest=st.dictionaries(st.sampled_from(FIELDS), PAIRS | ANYTHING))
def test_leftovers_of_strangers_never_break_the_reading(native: ItemDraft, rest: dict[str, object]) -> None:
    draft, _held = completed(native, json.dumps(rest))
    assert isinstance(draft.key, list)
    assert isinstance(draft.stem, str)


def test_nothing_is_made_of_leftovers_nested_without_end() -> None:
    native = ItemDraft("c1", "CB1", kind="true_false", level="NB", stem="s", body={}, key=["true"], explanation="e")
    for text in ("[" * 100_000, '{"body.x":["absent",' + "[" * 900 + "]" * 900 + "]}", "null", "", "{"):
        assert completed(native, text) == (native, False)


def test_an_edit_made_elsewhere_wins_over_what_was_carried_beside(ordinary: Callable[..., ItemDraft]) -> None:
    draft = ordinary("matching")
    root = safe_xml.parse(MOODLE.write([draft], PICTURES).content)
    [pair] = [one for one in root.iter("subquestion") if "HTTPS" in safe_xml.text_of(one)]
    pair.find("text").text = "HTTP/2"  # type: ignore[union-attr]
    [entry] = MOODLE.read(safe_xml.document(root)).entries
    assert entry.draft is not None
    assert [one["text"] for one in entry.draft.body["premises"]] == ["HTTP/2", "SSH"]
    assert entry.draft.faults() == []
    assert entry.draft.legal_basis == draft.legal_basis
    assert any("hệ thống khác" in str(finding) for finding in entry.findings)


def test_what_was_added_elsewhere_is_named_though_the_rest_still_holds(ordinary: Callable[..., ItemDraft]) -> None:
    root = safe_xml.parse(MOODLE.write([ordinary(kind) for kind in ORDINARY], PICTURES).content)
    for question in root:
        if next(safe_xml.children(question, OURS), None) is not None:
            question.append(safe_xml.parse(b"<hint><text>Xem bai 3</text></hint>"))
    entries = MOODLE.read(safe_xml.document(root)).entries
    assert [any("hint" in str(one) for one in entry.findings) for entry in entries] == [True] * len(ORDINARY)
