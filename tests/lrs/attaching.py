"""Requests with attachments as other programs write them, and answers as they read them."""

from __future__ import annotations

import json
from email.parser import BytesParser
from email.policy import HTTP
from hashlib import sha256
from typing import Any

from werkzeug.test import TestResponse

from lms.lrs.rules.attachments import SIGNATURE
from tests.lrs.making import Store

BOUNDARY = "-------314159265358979323846"
USAGE = "http://example.com/attachment-usage/test"
TEXT = b"here is a simple attachment"
OTHER = b"here is another simple attachment"


def attachment(content: bytes = TEXT, **changes: Any) -> dict[str, Any]:
    """What a statement says of an attachment; a change to None leaves the property out."""
    values: dict[str, Any] = {
        "usageType": USAGE,
        "display": {"en-US": "A test attachment"},
        "contentType": "text/plain",
        "length": len(content),
        "sha2": sha256(content).hexdigest(),
        **changes,
    }
    return {key: value for key, value in values.items() if value is not None}


def signature(jws: bytes, **changes: Any) -> dict[str, Any]:
    return attachment(jws, **{"usageType": SIGNATURE, "contentType": "application/octet-stream", **changes})


def part(content: bytes = TEXT, **changes: str | None) -> bytes:
    """A part and the boundary before it; names of headers with _ for -; a change to None leaves the header out."""
    headers: dict[str, str | None] = {
        "Content_Type": "text/plain",
        "Content_Transfer_Encoding": "binary",
        "X_Experience_API_Hash": sha256(content).hexdigest(),
        **changes,
    }
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items() if value is not None]
    return f"\r\n--{BOUNDARY}\r\n{''.join(lines)}\r\n".encode() + content


def first_part(statements: Any, kind: str | None = "application/json") -> bytes:
    return part(
        statements if isinstance(statements, bytes) else json.dumps(statements).encode(),
        Content_Type=kind,
        Content_Transfer_Encoding=None,
        X_Experience_API_Hash=None,
    )


END = f"\r\n--{BOUNDARY}--\r\n".encode()


def body(statements: Any, *parts: bytes) -> bytes:
    return (first_part(statements) + b"".join(parts) + END)[2:]


def mixed(boundary: str = BOUNDARY, kind: str = "multipart/mixed") -> dict[str, str]:
    return {"Content-Type": f"{kind}; boundary={boundary}"}


def post(store: Store, statements: Any, *parts: bytes) -> TestResponse:
    return store.post(body(statements, *parts), headers=mixed())


def parts_of(response: TestResponse) -> list[tuple[dict[str, str], bytes]]:
    """The parts of an answer, found by a reader that is not ours."""
    assert response.mimetype == "multipart/mixed"
    assert len(response.data) == response.content_length
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + response.headers["Content-Type"].encode() + b"\r\n\r\n" + response.data
    )
    assert not message.defects
    found = []
    for one in message.iter_parts():
        content = one.get_payload(decode=True)
        assert isinstance(content, bytes)
        found.append(({name.lower(): str(value) for name, value in one.items()}, content))
    return found


def statements_of(response: TestResponse) -> Any:
    """What the first part of an answer says."""
    headers, content = parts_of(response)[0]
    assert headers["content-type"] == "application/json"
    return json.loads(content)
