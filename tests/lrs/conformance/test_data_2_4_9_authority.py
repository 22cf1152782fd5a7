"""Data 2.4.9, 2.4.10, 2.4.1: authority, version and id of a statement."""

from __future__ import annotations

import pytest

from lms.lrs.rules.versions import Version
from tests.lrs.conformance.parts import GROUP, IDENTIFIERS, NOT_STRINGS, NOT_UUIDS, UUID_TEXT, accepted, both_versions, refused
from tests.lrs.making import AN, BINH, statement

PAIR = {"objectType": "Group", "member": [{"account": {"homePage": "https://x.vn/oauth", "name": "app"}}, BINH]}


@both_versions
def test_an_authority_is_an_agent_or_a_pair_of_which_one_is_an_account(version: Version) -> None:
    for authority in (AN, BINH, GROUP, PAIR):
        accepted(statement(authority=authority), version)


@both_versions
def test_another_group_is_no_authority(version: Version) -> None:
    for members in ([], [AN], [AN, BINH, AN], [BINH, {"mbox": "mailto:c@x.vn"}]):
        refused(statement(authority={"objectType": "Group", "member": members}), "statement.authority", version)
    for identifier in IDENTIFIERS.values():
        refused(statement(authority={**PAIR, **identifier}), "statement.authority", version)
        refused(statement(authority={"objectType": "Group", **identifier}), "statement.authority", version)


@both_versions
@pytest.mark.parametrize("said", ["1.0", "1.0.0", "1.0.3", "1.0.9"])
def test_a_statement_of_1_0_is_taken_in_both_versions(version: Version, said: str) -> None:
    accepted(statement(version=said), version)


@pytest.mark.parametrize("said", ["2.0", "2.0.0", "2.0.1"])
def test_a_statement_of_2_0_is_taken_in_2_0(said: str) -> None:
    accepted(statement(version=said), Version.V2)
    refused(statement(version=said), "statement.version", Version.V1)


@both_versions
def test_other_versions_are_refused(version: Version) -> None:
    for said in (
        "",
        "should fail",
        "0.9.9",
        "0.95",
        "1.1.0",
        "1.1",
        "2.1.0",
        "3.0.0",
        "1.0.x",
        "1",
        "v1.0.3",
        "1.0.3-beta",
        *NOT_STRINGS[1:],
    ):
        refused(statement(version=said), "statement.version", version)


@both_versions
def test_an_id_is_a_uuid_in_standard_form(version: Version) -> None:
    for value in (UUID_TEXT, UUID_TEXT.upper()):
        accepted(statement(id=value), version)
    for value in NOT_UUIDS:
        if value is not None:
            refused(statement(id=value), "statement.id", version)


@both_versions
@pytest.mark.parametrize("of_version", "12345678")
@pytest.mark.parametrize("of_variant", ["8", "b", "1", "c", "f"])
def test_a_uuid_may_be_of_any_version_and_variant(version: Version, of_version: str, of_variant: str) -> None:
    """4.4 and IEEE 9274.1.1 4.2.7 recommend one variant; the standard's own smallest example has another."""
    text = f"018f4b8e-7b3a-{of_version}c1d-{of_variant}e2f-0a1b2c3d4e5f"
    accepted(statement(id=text, context={"registration": text, "statement": {"objectType": "StatementRef", "id": text}}), version)
    accepted(statement(id="00000000-0000-0000-0000-000000000000"), version)
