"""Two versions of the standard are spoken side by side over the same statements: 1.0.3 and 2.0 (IEEE 9274.1.1).

A request names its version in a header and is answered in it. What a statement itself says (`version`) tells by which rules it was made;
both kinds are read through either version as they are stored, for the standard defines no rewriting of one into the other.
"""

from __future__ import annotations

import re
from enum import StrEnum

from lms.kit.errors import N_
from lms.lrs.rules.faults import BadRequest

_ASKED = re.compile(r"([12])\.0(?:\.[0-9]+)?", re.ASCII)


class Version(StrEnum):
    """Of a request; written as the answer writes it (Communication 3.3: the latest patch of the version asked for)."""

    V1 = "1.0.3"
    V2 = "2.0.0"

    @property
    def of_statements(self) -> str:
        """What a statement says of itself that was sent without a version (Data 2.4.10)."""
        return "1.0.0" if self is Version.V1 else "2.0.0"


SUPPORTED = ("2.0.0", "1.0.3", "1.0.2", "1.0.1", "1.0.0")  # latest first


def listed(version: Version) -> list[str]:
    """What About answers to a request of this version: 1.0.x knows no other versions than its own (Communication 2.8)."""
    return [one for one in SUPPORTED if version is Version.V2 or one.startswith("1.")]


def spoken(asked: str | None) -> Version | None:
    """The version a header asks for; None where it is missing or not spoken here."""
    found = _ASKED.fullmatch(asked) if asked else None
    if found is None:
        return None
    return Version.V1 if found[1] == "1" else Version.V2


def negotiated(asked: str | None) -> Version:
    """The version of a request. Raises BadRequest where the header is missing or names one that is not spoken."""
    version = spoken(asked)
    if version is not None:
        return version
    if asked is None:
        raise BadRequest(
            N_("Thiếu phần đầu X-Experience-API-Version; gửi một trong: %(supported)s"),
            code="version_missing",
            supported=", ".join(SUPPORTED),
        )
    raise BadRequest(
        N_("Không hỗ trợ phiên bản xAPI %(asked)s; các phiên bản hỗ trợ: %(supported)s"),
        code="version_unsupported",
        asked=asked[:40],
        supported=", ".join(SUPPORTED),
    )
