"""What is written as QTI is read back as it was, whatever its texts hold."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quizzes.interchange import qti
from quizzes.interchange.document import Weight
from quizzes.interchange.qti_names import EDITIONS
from quizzes.interchange.qti_write import REST
from quizzes.kinds import KINDS
from quizzes.rules.bank import ItemDraft
from tests.quizzes.interchange.hard_drafts import BODIES, PICTURE, PICTURES, drafts, unlike

FORMATS = {one.name: one for one in qti.FORMATS}


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("kind", sorted(BODIES))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_an_item_of_every_kind_comes_back_as_it_was(name: str, kind: str, data: st.DataObject) -> None:
    draft = data.draw(drafts(kind))
    assert draft.faults() == []
    written = FORMATS[name].write([draft], PICTURES)
    parsed = FORMATS[name].read(written.content)
    assert [str(finding) for finding in parsed.findings] == []
    assert [unlike(draft, entry.draft) for entry in parsed.entries] == [{}]
    assert [finding for entry in parsed.entries for finding in entry.findings if finding.weight is not Weight.NOTE] == []
    assert dict(parsed.pictures) == ({PICTURE: PICTURES[PICTURE]} if "picture" in draft.body else {})


@pytest.mark.parametrize("name", sorted(FORMATS))
@settings(max_examples=5, deadline=None)
@given(items=st.lists(drafts(), min_size=2, max_size=6, unique_by=lambda draft: draft.code))
def test_a_package_keeps_the_order_of_its_items_and_equal_items_give_equal_bytes(name: str, items: list[ItemDraft]) -> None:
    written = FORMATS[name].write(items, PICTURES)
    assert written == FORMATS[name].write(items, PICTURES)
    assert [entry.draft for entry in FORMATS[name].read(written.content).entries] == items
    assert [other.name for other in qti.FORMATS if other.recognises(written.content)] == [name]


def test_every_kind_of_question_is_written() -> None:
    assert set(BODIES) == set(KINDS)


@pytest.mark.parametrize("edition", sorted(EDITIONS))
@pytest.mark.parametrize("kind", sorted(BODIES))
def test_ordinary_items_need_nothing_carried_beside_them(edition: str, kind: str, ordinary: Callable[[str], ItemDraft]) -> None:
    tree = qti.item_tree(ordinary(kind), EDITIONS[edition], lambda name: (f"../images/{name}.png", "image/png"))
    rest = [one for one in tree.iter("outcomeDeclaration") if one.get("identifier") == REST]
    assert [json.loads("".join(one.itertext())) for one in rest] == []
