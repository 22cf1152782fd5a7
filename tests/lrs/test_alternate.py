"""The alternate request syntax (Communication 1.3) before any resource sees it: whatever comes, a request goes on."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.lrs.api import alternate
from lms.lrs.api.alternate import AlternateSyntax

FORM = "application/x-www-form-urlencoded"


def passed_on(body: bytes, query: str = "method=PUT", **changes: Any) -> dict[str, Any]:
    """What the application behind is given."""
    seen: list[dict[str, Any]] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/xapi/statements",
        "QUERY_STRING": query,
        "CONTENT_TYPE": FORM,
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_EXPERIENCE_API_VERSION": "1.0.3",
        "wsgi.input": BytesIO(body),
        **changes,
    }

    def application(environ: dict[str, Any], _start: Any) -> list[bytes]:
        seen.append(environ)
        return []

    list(AlternateSyntax(application)({key: value for key, value in environ.items() if value is not None}, lambda *_: None))  # type: ignore[arg-type, return-value]
    return seen[0]


@given(st.binary(max_size=300), st.sampled_from(["PUT", "GET", "POST", "DELETE", "HEAD", "put", "TRACE", "", "GET&method=PUT"]))
def test_any_octets_are_passed_on_as_some_request(body: bytes, method: str) -> None:
    seen = passed_on(body, f"method={method}")
    assert seen["REQUEST_METHOD"] in {"PUT", "GET", "POST", "DELETE", "HEAD"}
    assert int(seen.get("CONTENT_LENGTH") or 0) <= len(body)
    assert "\n" not in seen["QUERY_STRING"] or b"\n" in body


@given(st.dictionaries(st.text(min_size=1, max_size=10), st.text(max_size=20), max_size=4), st.binary(max_size=80))
def test_fields_become_parameters_and_the_content_the_body(fields: dict[str, str], content: bytes) -> None:
    given_fields = {name: value for name, value in fields.items() if name not in {*alternate._HEADERS, "content"}}
    query = urlencode(given_fields)
    seen = passed_on("&".join(filter(None, [query, f"content={quote_from_bytes(content)}"])).encode())
    assert seen["REQUEST_METHOD"] == "PUT"
    assert seen["QUERY_STRING"] == query
    assert seen["wsgi.input"].read() == content
    assert (seen["CONTENT_LENGTH"], seen["CONTENT_TYPE"]) == (str(len(content)), "application/json")


@pytest.mark.parametrize("length", [None, "5"])
def test_a_form_without_end_is_not_held(monkeypatch: pytest.MonkeyPatch, length: str | None) -> None:
    monkeypatch.setattr(alternate, "_MAX_FORM", 4)
    seen = passed_on(b"a=1&b", CONTENT_LENGTH=length, **{"wsgi.input_terminated": True})
    assert (seen["REQUEST_METHOD"], seen["QUERY_STRING"]) == ("POST", "method=PUT")


@pytest.mark.parametrize(
    "changes",
    [
        {"PATH_INFO": "/dang-nhap"},
        {"CONTENT_TYPE": "application/json"},
        {"HTTP_X_EXPERIENCE_API_VERSION": "2.0.0"},
        {"CONTENT_LENGTH": "x"},
        {"REQUEST_METHOD": "PUT"},
    ],
)
def test_what_is_another_request_stays_as_it_is(changes: dict[str, str]) -> None:
    seen = passed_on(b"content=x", **changes)
    assert seen["QUERY_STRING"] == "method=PUT"
    assert seen["wsgi.input"].read() == b"content=x"
