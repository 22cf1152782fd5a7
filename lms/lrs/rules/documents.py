"""Documents (Communication 2.2): how they are addressed, told apart and merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha1, sha256
from typing import Any
from uuid import UUID

import msgspec

from lms.kit.errors import N_
from lms.lrs.rules import values
from lms.lrs.rules.actors import IDENTIFIERS, check_actor, check_agent
from lms.lrs.rules.faults import BadRequest, TooLarge
from lms.lrs.rules.reading import decode
from lms.lrs.rules.terms import TermKind, agent_identity, term
from lms.lrs.rules.versions import Version

JSON = "application/json"
MAX_DOCUMENT = 4 * 1024 * 1024
CONTENT_QUOTA = 64 * 1024 * 1024  # octets of all documents of a learner, where their content writes them
EACH_COUNTS = 1024  # octets beside its content that a document counts


class DocumentKind(StrEnum):
    STATE = "state"
    ACTIVITY_PROFILE = "activity-profile"
    AGENT_PROFILE = "agent-profile"

    @property
    def is_profile(self) -> bool:
        return self is not DocumentKind.STATE

    @property
    def id_parameter(self) -> str:
        return "profileId" if self.is_profile else "stateId"

    @property
    def context_parameters(self) -> tuple[str, ...]:
        """Those without which nothing is addressed."""
        return {"state": ("activityId", "agent"), "activity-profile": ("activityId",), "agent-profile": ("agent",)}[self.value]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a document lies; without `id` all those of a context, without `registration` those of every registration. `agent` is an
    identifier alone: `identifying`."""

    kind: DocumentKind
    activity: str | None = None
    agent: Mapping[str, Any] | None = None
    registration: UUID | None = None
    id: str | None = None

    @property
    def agent_key(self) -> UUID | None:
        identity = agent_identity(self.agent) if self.agent is not None else None
        return term(TermKind.AGENT, identity) if identity is not None else None

    @property
    def agent_text(self) -> str | None:
        return None if self.agent is None else msgspec.json.encode(self.agent).decode()

    @property
    def context(self) -> UUID:
        return _digest(self.kind, self.activity, str(self.agent_key))

    @property
    def key(self) -> UUID:
        """Of a single document: without a registration it is another than with one."""
        return _digest(str(self.context), str(self.registration), self.id)

    def of(self, agent: Mapping[str, Any]) -> Address:
        """The same with another agent."""
        return replace(self, agent=agent)


def identifying(agent: Mapping[str, Any]) -> dict[str, Any]:
    """An agent's identifier; names and members say nothing about which one it is."""
    return {key: agent[key] for key in IDENTIFIERS if key in agent}


def address(kind: DocumentKind, given: Mapping[str, str], version: Version) -> Address:
    """From the parameters of a request. Raises BadRequest or StatementFault naming the one at fault."""
    for name in kind.context_parameters:
        if name not in given:
            raise _missing(name)
    id_ = given.get(kind.id_parameter)
    if id_ == "":
        raise BadRequest(
            N_("Tham số %(name)s không được để trống"), code="invalid_parameter", field=kind.id_parameter, name=kind.id_parameter
        )
    return Address(
        kind,
        activity=values.iri(given["activityId"], "activityId") if "activityId" in given else None,
        agent=identifying(agent_parameter(given["agent"], groups=version is Version.V2)) if "agent" in given else None,
        registration=values.uuid(given["registration"], "registration") if "registration" in given else None,
        id=id_,
    )


def single(found: Address) -> Address:
    """The same where it names one document. Raises BadRequest."""
    if found.id is None:
        raise _missing(found.kind.id_parameter)
    return found


def agent_parameter(text: str, *, groups: bool = False) -> dict[str, Any]:
    """An Agent as a parameter gives it, in JSON; by 2.0 documents may belong to an identified Group, too. Raises BadRequest or
    StatementFault."""
    agent: dict[str, Any] = decode(text, "agent")
    (check_actor if groups else check_agent)(agent, "agent")
    if agent_identity(agent) is None:
        raise BadRequest(N_("agent: nhóm không có định danh thì không có tài liệu"), code="invalid_parameter", field="agent")
    return agent


def etag(content: bytes) -> str:
    """Communication 3.1: the SHA-1 of the content, in lower-case hexadecimal digits."""
    return sha1(content, usedforsecurity=False).hexdigest()


def check_content(content: bytes, media_type: str) -> None:
    """What is said to be JSON must be JSON (3.2). Raises BadRequest or TooLarge."""
    if len(content) > MAX_DOCUMENT:
        raise TooLarge(N_("Tài liệu lớn hơn mức cho phép (%(limit)s byte)"), code="too_large", limit=MAX_DOCUMENT)
    if media_type == JSON:
        try:
            msgspec.json.decode(content)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise BadRequest(N_("Nội dung gửi lên không phải JSON hợp lệ: %(reason)s"), code="invalid_json", reason=str(error)) from None


def check_quota(octets: int, quota: int) -> None:
    """Raises TooLarge."""
    if octets > quota:
        size = quota // (1024 * 1024)
        raise TooLarge(N_("Tài liệu của người này đã đầy (%(size)s MB); xóa bớt trước khi ghi thêm"), code="quota_exceeded", size=size)


def check_postable(content: bytes, media_type: str) -> None:
    """The same of what is posted: if it is JSON, an object (2.2). Raises BadRequest or TooLarge."""
    check_content(content, media_type)
    if media_type == JSON:
        _members(content, "document")


def merged(existing: bytes, existing_type: str, posted: bytes, posted_type: str) -> bytes:
    """What a POST makes of a document: each member of the posted object takes the place of its namesake, all else stays to the digit.
    Raises BadRequest where either is no JSON object, TooLarge."""
    if media_type(existing_type) != JSON or media_type(posted_type) != JSON:
        raise BadRequest(
            N_("POST chỉ ghép được khi cả tài liệu đang lưu và tài liệu gửi lên là application/json; dùng PUT để thay cả tài liệu"),
            code="not_mergeable",
        )
    result = msgspec.json.encode(_members(existing, "document") | _members(posted, "document"))
    if len(result) > MAX_DOCUMENT:
        raise TooLarge(N_("Tài liệu lớn hơn mức cho phép (%(limit)s byte)"), code="too_large", limit=MAX_DOCUMENT)
    return result


def media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _members(content: bytes, path: str) -> dict[str, msgspec.Raw]:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise BadRequest(N_("Nội dung gửi lên không phải JSON hợp lệ: %(reason)s"), code="invalid_json", reason=str(error)) from None
    values.obj(decode(text, path), path)
    return msgspec.json.decode(content, type=dict[str, msgspec.Raw])


def _missing(name: str) -> BadRequest:
    return BadRequest(N_("Thiếu tham số %(name)s"), code="missing_parameter", field=name, name=name)


def _digest(*parts: str | None) -> UUID:
    return UUID(bytes=sha256(msgspec.json.encode(parts)).digest()[:16])
