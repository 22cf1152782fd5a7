"""The three document resources, alike in all that is tested for each of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.lrs.making import AN, COURSE, Store

DOCUMENT = {"diem": 7, "trang": {"so": 3}}


@dataclass(frozen=True)
class Resource:
    """Where documents of a kind lie: its path, the name of its id, and the parameters of one context."""

    path: str
    id_name: str
    context: dict[str, Any] = field(default_factory=dict)

    def place(self, id_: str = "mot", **changes: Any) -> dict[str, str]:
        """The parameters of one document; a change to None leaves one out."""
        given = {**self.context, self.id_name: id_, **changes}
        return {name: json.dumps(value) if isinstance(value, dict) else value for name, value in given.items() if value is not None}

    def everything(self, **changes: Any) -> dict[str, str]:
        """The parameters of the context alone."""
        return self.place(**{self.id_name: None}, **changes)


STATE = Resource("activities/state", "stateId", {"activityId": COURSE, "agent": AN})
ACTIVITY_PROFILE = Resource("activities/profile", "profileId", {"activityId": COURSE})
AGENT_PROFILE = Resource("agents/profile", "profileId", {"agent": AN})
RESOURCES = [pytest.param(resource, id=resource.path) for resource in (STATE, ACTIVITY_PROFILE, AGENT_PROFILE)]
PROFILES = [pytest.param(resource, id=resource.path) for resource in (ACTIVITY_PROFILE, AGENT_PROFILE)]
VERSIONS = ["1.0.3", "2.0.0"]


class Documents:
    """One resource, spoken to in one version."""

    def __init__(self, store: Store, resource: Resource, version: str = "1.0.3") -> None:
        self.store, self.resource, self.version = store, resource, version

    def send(self, method: str, parameters: dict[str, str], body: Any = None, **headers: str | None) -> TestResponse:
        """`headers` with underscores; `Content_Type` is JSON unless named."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.store.open(
            method,
            self.resource.path,
            body=body,
            query_string=parameters,
            headers={"X-Experience-API-Version": self.version, **named},  # type: ignore[dict-item]
        )

    def put(self, body: Any = DOCUMENT, id_: str = "mot", **headers: str | None) -> TestResponse:
        return self.send("PUT", self.resource.place(id_), body, **headers)

    def post(self, body: Any = DOCUMENT, id_: str = "mot", **headers: str | None) -> TestResponse:
        return self.send("POST", self.resource.place(id_), body, **headers)

    def get(self, id_: str = "mot", **headers: str | None) -> TestResponse:
        return self.send("GET", self.resource.place(id_), **headers)

    def delete(self, id_: str = "mot", **headers: str | None) -> TestResponse:
        return self.send("DELETE", self.resource.place(id_), **headers)

    def ids(self, **changes: Any) -> list[str]:
        response = self.send("GET", self.resource.everything(**changes))
        assert response.status_code == 200, response.text
        return response.json  # type: ignore[no-any-return]


def tag_of(content: bytes) -> str:
    return f'"{sha1(content, usedforsecurity=False).hexdigest()}"'
