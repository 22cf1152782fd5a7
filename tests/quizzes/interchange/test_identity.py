"""What a format writes it reads back as it was, for every kind it has a form for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from quizzes.interchange import FORMATS
from quizzes.interchange.document import Weight, picture_name
from quizzes.kinds import KINDS
from quizzes.rules.bank import ItemDraft
from tests.quizzes.interchange.drafts import drafts, lists

OF_GIFT = sorted(set(KINDS) - {"cloze", "hotspot"})
OF_XLSX = sorted(set(KINDS) - {"hotspot"})
slow = settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
)
quick = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)


@given(lists())
@quick
def test_json_reads_back_every_item_of_every_kind(items: list[ItemDraft]) -> None:
    pictures = {name: b"picture " + name.encode() for item in items if (name := picture_name(item))}
    written = FORMATS["json"].write(items, pictures)
    parsed = FORMATS["json"].read(written.content)
    assert parsed.findings == ()
    assert written.losses == ()
    assert parsed.drafts == items
    assert parsed.pictures == pictures
    assert FORMATS["json"].write(parsed.drafts, parsed.pictures).content == written.content


@given(lists(*OF_GIFT))
@quick
def test_gift_reads_back_every_item_it_has_a_form_for(items: list[ItemDraft]) -> None:
    written = FORMATS["gift"].write(items, {})
    parsed = FORMATS["gift"].read(written.content)
    assert parsed.findings == ()
    assert [entry.findings for entry in parsed.entries] == [()] * len(items)
    assert parsed.drafts == [replace(item, body={name: part for name, part in item.body.items() if name != "picture"}) for item in items]
    assert {loss.code for loss in written.losses} >= {item.code for item in items if picture_name(item)}


@given(drafts("cloze", "hotspot"))
@quick
def test_gift_names_the_kinds_it_has_no_form_for(item: ItemDraft) -> None:
    written = FORMATS["gift"].write([item], {})
    assert [(loss.code, loss.finding.weight) for loss in written.losses] == [(item.code, Weight.ERROR)]


@given(lists(*OF_XLSX))
@slow
def test_our_workbook_reads_back_every_item_it_has_cells_for(items: list[ItemDraft]) -> None:
    written = FORMATS["xlsx"].write(items, {})
    named = {loss.code for loss in written.losses if loss.finding.weight is Weight.ERROR}  # their texts have signs the cells understand
    carried = [item for item in items if item.code not in named]
    assume(carried)
    parsed = FORMATS["xlsx"].read(written.content)
    assert parsed.findings == ()
    assert [entry.findings for entry in parsed.entries] == [()] * len(carried)
    assert parsed.drafts == [replace(item, body={name: part for name, part in item.body.items() if name != "picture"}) for item in carried]


@pytest.mark.parametrize("name", ["json", "gift"])
@given(item=drafts(*OF_GIFT))
@quick
def test_what_is_written_is_recognised(name: str, item: ItemDraft) -> None:
    content = FORMATS[name].write([item], {}).content
    assert [one.name for one in FORMATS.values() if one.recognises(content)] == [name]
