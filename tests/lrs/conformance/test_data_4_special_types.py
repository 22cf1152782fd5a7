"""Data 4.1–4.4: extensions, language maps, IRIs and UUIDs, wherever they may stand."""

from __future__ import annotations

from typing import Any

import pytest

from lms.lrs.rules.versions import Version
from tests.lrs.conformance.parts import (
    EXTENSION_PLACES,
    LANGUAGE_MAP_PLACES,
    NOT_LANGUAGES,
    NOT_OBJECTS,
    NOT_STRINGS,
    Builder,
    accepted,
    both_versions,
    places,
    refused,
)
from tests.lrs.making import statement

# RFC 5646, appendix A and section 2.
LANGUAGES = [
    "vi",
    "VI-vn",
    "en-US",
    "es-419",
    "zh-Hant",
    "zh-cmn-Hans-CN",
    "cmn-Hans-CN",
    "sr-Latn-RS",
    "sl-rozaj-biske",
    "de-CH-1901",
    "hy-Latn-IT-arevela",
    "de-CH-x-phonebk",
    "az-Arab-x-AZE-derbend",
    "x-whatever",
    "qaa-Qaaa-QM-x-southern",
    "en-US-u-islamcal",
    "zh-CN-a-myext-x-private",
    "en-a-myext-b-another",
    "i-klingon",
    "i-default",
    "en-GB-oed",
    "art-lojban",
    "zh-min-nan",
    "root-Latn",
    "cmn",
    "ase",
    "ine",
    "fr-CA",
    "sr-Cyrl",
    "zh-Hans-CN",
    "ja",
    "tlh",
    "i-enochian",
    "en-a-aaa-x-a-a",
]
IRIS = [
    "https://example.vn",
    "https://example.vn/đường/dẫn?q=1#x",
    "http://example.com:8080/a;b=c",
    "urn:uuid:8f87ccde-bb56-4c2e-ab83-44982ef22df0",
    "tag:example.vn,2026:x",
    "mailto:an@example.vn",
    "x-y+z.1:abc",
    "act:example.com/x",
    "http://例え.jp/パス",
    "https://example.vn/%C3%A9",
    "http://[2001:db8::1]/x",
]
EVERY_JSON: list[Any] = [None, "", "x", {}, [], [None, {}], {"": None, "a": {"b": [1, 2.5, True]}}, 0, -1.5e-9, False, "\u0000"]


@both_versions
@places(EXTENSION_PLACES)
def test_extensions_have_any_json_under_iris(version: Version, path: str, build: Builder) -> None:
    accepted(build({}), version)
    accepted(build({f"urn:x{index}": value for index, value in enumerate(EVERY_JSON)}), version)


@places(EXTENSION_PLACES)
def test_a_key_of_extensions_that_is_no_iri_is_refused(path: str, build: Builder) -> None:
    for key in ("", "x", "example.vn/x", "a b:c", ":x", "1a:x"):
        refused(build({"urn:good": 1, key: 1}), f"{path}.{key}")
    for value in NOT_OBJECTS:
        refused(build(value), path)


@both_versions
@places(LANGUAGE_MAP_PLACES)
def test_language_maps_have_strings_under_tags_of_rfc_5646(version: Version, path: str, build: Builder) -> None:
    accepted(build(dict.fromkeys(LANGUAGES, "chữ")), version)
    for tag in NOT_LANGUAGES:
        refused(build({"vi": "x", tag: "x"}), f"{path}.{tag}", version)


@both_versions
@places(LANGUAGE_MAP_PLACES)
def test_a_language_map_may_be_empty(version: Version, path: str, build: Builder) -> None:
    """2.2.s2.b1 asks senders not to write one; nothing lets a store refuse it."""
    accepted(build({}), version)


@places(LANGUAGE_MAP_PLACES)
def test_a_language_map_is_a_map_of_strings(path: str, build: Builder) -> None:
    for value in NOT_OBJECTS:
        refused(build(value), path)
    for value in NOT_STRINGS:
        refused(build({"vi": value}), f"{path}.vi")


@both_versions
@pytest.mark.parametrize("iri", IRIS)
def test_iris_with_a_scheme(version: Version, iri: str) -> None:
    accepted(statement(verb={"id": iri}, object={"id": iri, "definition": {"type": iri, "extensions": {iri: 1}}}), version)
