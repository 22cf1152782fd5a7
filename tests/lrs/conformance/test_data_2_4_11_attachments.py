"""Data 2.4.11: what a statement says of its attachments."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lrs.attaching import TEXT, attachment, body, mixed, part, post, signature
from tests.lrs.making import Store, statement

URL = "http://over.there.com/file.txt"
LANGUAGE_MAPS_THAT_ARE_NONE: list[Any] = ["text", 12345, [], None, {"en-US": 1}, {"en-US": None}, {"không phải thẻ": "x"}]


def refused(store: Store, **changes: Any) -> str:
    """The place at fault, when an attachment with these changes is sent; a change to None is sent as null."""
    one = {**attachment(fileUrl=URL), **changes}
    response = store.post(statement(attachments=[one]))
    assert response.status_code == 400, one
    assert store.ids() == []
    return str(response.json["error"]["field"])


def test_an_attachment_with_all_properties_is_accepted(store: Store) -> None:
    one = attachment(fileUrl=URL, description={"en-US": "A test attachment (description)"}, contentType="text/plain; charset=ascii")
    response = store.post(statement(attachments=[one]))
    assert store.get(statementId=response.json[0]).json["attachments"] == [one]


@pytest.mark.parametrize("given", [attachment(fileUrl=URL), "text", 1, None, {}])
def test_attachments_is_an_array(store: Store, given: Any) -> None:
    assert store.post({**statement(), "attachments": given}).status_code == 400


@pytest.mark.parametrize("given", [12345, "should fail", None, [], True])
def test_an_attachment_is_an_object(store: Store, given: Any) -> None:
    assert store.post(statement(attachments=[given])).status_code == 400


@pytest.mark.parametrize("name", ["usageType", "display", "contentType", "length", "sha2"])
def test_a_required_property_may_not_be_missing(store: Store, name: str) -> None:
    response = store.post(statement(attachments=[attachment(fileUrl=URL, **{name: None})]))
    assert (response.status_code, response.json["error"]["field"]) == (400, f"statement.attachments[0].{name}")


@pytest.mark.parametrize("name", ["fileURL", "UsageType", "extra"])
def test_no_other_property_is_allowed(store: Store, name: str) -> None:
    assert refused(store, **{name: URL}) == f"statement.attachments[0].{name}"


@pytest.mark.parametrize("given", ["should fail", "", 1, None, "relative/path"])
def test_usage_type_is_an_iri(store: Store, given: Any) -> None:
    assert refused(store, usageType=given) == "statement.attachments[0].usageType"


@pytest.mark.parametrize("given", LANGUAGE_MAPS_THAT_ARE_NONE)
@pytest.mark.parametrize("name", ["display", "description"])
def test_display_and_description_are_language_maps(store: Store, name: str, given: Any) -> None:
    assert refused(store, **{name: given}).startswith(f"statement.attachments[0].{name}")


def test_display_may_be_empty(store: Store) -> None:
    assert store.post(statement(attachments=[attachment(fileUrl=URL, display={})])).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        "should fail",
        "",
        1,
        None,
        "text",
        "text/",
        "/plain",
        "text/plain x",
        "text/plain\r\nX: y",
        "text/plain; a",
        "text/plain; a=\r\nb",
        "a/đ",
    ],
)
def test_content_type_is_a_media_type(store: Store, given: Any) -> None:
    assert refused(store, contentType=given) == "statement.attachments[0].contentType"


@pytest.mark.parametrize(
    "given",
    ["application/vnd.api+json", "text/plain;charset=utf-8", 'a/b; name="tệp"'.replace("ệ", "e"), 'a/b; c="d\\"e"; f=g', "video/mp4 "],
)
def test_any_media_type_is_accepted(store: Store, given: str) -> None:
    assert store.post(statement(attachments=[attachment(fileUrl=URL, contentType=given)])).status_code == 200


@pytest.mark.parametrize("given", ["27", "should fail", 27.0, 27.5, -1, None, True])
def test_length_is_an_integer(store: Store, given: Any) -> None:
    assert refused(store, length=given) == "statement.attachments[0].length"


@pytest.mark.parametrize("given", [12345, "should fail", "", None, "0" * 40, "0" * 63, "g" * 64, "0" * 130])
def test_sha2_is_a_hash(store: Store, given: Any) -> None:
    assert refused(store, sha2=given) == "statement.attachments[0].sha2"


@pytest.mark.parametrize("given", ["should fail", 1, None, ""])
def test_file_url_is_an_irl(store: Store, given: Any) -> None:
    assert refused(store, fileUrl=given) == "statement.attachments[0].fileUrl"


@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
def test_a_sub_statement_may_have_attachments_and_they_are_checked_alike(store: Store, version: str) -> None:
    store.headers["X-Experience-API-Version"] = version

    def planned(**changes: Any) -> dict[str, Any]:
        return statement(object={"objectType": "SubStatement", **statement(attachments=[attachment(**changes)])})

    assert store.post(planned(fileUrl=URL)).status_code == 200
    assert store.post(planned(fileUrl=URL, length="27")).json["error"]["field"] == "statement.object.attachments[0].length"
    assert store.post(planned()).json["error"]["field"] == "statement.object.attachments[0].fileUrl"
    assert post(store, planned(), part()).status_code == 200


def test_an_error_names_the_statement_and_the_property(store: Store) -> None:
    response = store.post([statement(), statement(attachments=[attachment(fileUrl=URL), attachment(fileUrl=URL, sha2="x")])])
    assert response.json["error"]["field"] == "statements[1].attachments[1].sha2"
    response = store.post([statement(), statement(attachments=[attachment()])])
    assert response.json["error"]["field"] == "statements[1].attachments[0].fileUrl"
    response = post(store, [statement(attachments=[attachment()])])
    assert response.json["error"]["field"] == "statements[0].attachments[0].fileUrl"


def test_the_order_of_parts_and_what_headers_say_besides_do_not_matter(store: Store) -> None:
    one = part(TEXT, Content_Disposition='attachment; filename="text_data.txt"', X_Experience_API_Hash=attachment()["sha2"].upper())
    assert post(store, statement(attachments=[attachment()]), one).status_code == 200


def test_a_signature_is_an_octet_stream(store: Store) -> None:
    response = store.post(
        body(statement(attachments=[signature(TEXT, contentType="text/plain")]), part(TEXT, Content_Type="text/plain")), headers=mixed()
    )
    assert (response.status_code, response.json["error"]["field"]) == (400, "statement.attachments[0].contentType")
