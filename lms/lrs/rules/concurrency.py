"""Preconditions of a write (Communication 3.1): which state of a document its sender has seen."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lms.kit.errors import N_, Conflict, DomainError
from lms.lrs.rules.faults import BadRequest
from lms.lrs.rules.versions import Version

_TAG = re.compile(r'\s*(W/)?(?:"([^"]*)"|([^\s,"]+))\s*(?:,|$)')


class PreconditionFailed(DomainError):  # noqa: N818
    """The document is not as the sender believes."""

    status = 412


@dataclass(frozen=True, slots=True)
class Tags:
    """What If-Match or If-None-Match names. `anything` is the asterisk; weak tags match only where the weak comparison is asked for."""

    anything: bool
    strong: frozenset[str]
    weak: frozenset[str]

    def holds(self, current: str | None) -> bool:
        """If-Match: is the present document one of these? `current` is its tag, None where there is no document."""
        return current is not None and (self.anything or current in self.strong)

    def names(self, current: str | None) -> bool:
        """If-None-Match: the weak comparison of RFC 9110."""
        return current is not None and (self.anything or current in self.strong or current in self.weak)


@dataclass(frozen=True, slots=True)
class Preconditions:
    """None: the header was not sent."""

    match: Tags | None = None
    none_match: Tags | None = None

    @property
    def given(self) -> bool:
        return self.match is not None or self.none_match is not None


def tags(header: str | None) -> Tags | None:
    """Read such a header; a tag without its quotes, which older clients send, is understood."""
    if header is None:
        return None
    found = [(bool(weak), quoted or bare) for weak, quoted, bare in _TAG.findall(header)]
    return Tags(
        anything=header.strip() == "*",
        strong=frozenset(tag for weak, tag in found if not weak),
        weak=frozenset(tag for weak, tag in found if weak),
    )


def check_preconditions(preconditions: Preconditions, current: str | None) -> None:
    """Raises PreconditionFailed. `current` is the tag of the document as it is now, None where there is none."""
    if preconditions.match is not None and not preconditions.match.holds(current):
        raise PreconditionFailed(
            N_("If-Match không khớp với tài liệu đang lưu; đọc lại tài liệu rồi gửi với ETag mới"), code="precondition_failed"
        )
    if preconditions.none_match is not None and preconditions.none_match.names(current):
        raise PreconditionFailed(
            N_("If-None-Match: đã có tài liệu ở địa chỉ này; đọc lại tài liệu rồi gửi với If-Match"), code="precondition_failed"
        )


def check_replacing(preconditions: Preconditions, current: str | None, version: Version, *, is_profile: bool) -> None:
    """A PUT must say what it replaces: by 1.0.x that of a profile, by 2.0 every one that replaces something. Raises PreconditionFailed,
    Conflict or BadRequest."""
    check_preconditions(preconditions, current)
    if preconditions.given or (version is Version.V1 and not is_profile):
        return
    if current is not None:
        raise Conflict(
            N_("Đã có tài liệu ở địa chỉ này. Đọc trạng thái hiện tại (GET), rồi gửi lại với If-Match mang ETag hiện tại."),
            code="document_exists",
        )
    if version is Version.V1:
        raise BadRequest(
            N_("PUT hồ sơ phải có If-Match hoặc If-None-Match; tài liệu mới gửi với If-None-Match: *"), code="precondition_required"
        )
