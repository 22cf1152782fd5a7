"""Vietnamese first, English complete."""

import re

from tests.house.translations import english, missing

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


def test_every_sentence_is_there_in_english() -> None:
    assert missing() == []


def test_translations_keep_their_placeholders() -> None:
    for vietnamese, translated in english().items():
        assert set(PLACEHOLDER.findall(vietnamese)) == set(PLACEHOLDER.findall(translated)), vietnamese
