"""What is made of an examined signed file: is it believed, is it ours, was it altered. Pure, but for running the examination apart."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from lms.kit.errors import N_, DomainError, TooLarge
from lms.reports.documents import Identity, Kind, identify

LARGEST = 20 * 1024 * 1024
_EXAMINER = Path(__file__).parent / "examining.py"
_PATIENCE = 60.0  # seconds


class Content(StrEnum):
    """What stands under the signature. `ours`: our rendering byte for byte, and nothing it shows was replaced; `supplemented`: so, and
    something was laid on its pages besides the signature (a number, a date, a stamp); `rewritten`: it names our document, but another
    program wrote it anew, so that people must compare; `foreign`: it does not say that it is this agency's result."""

    OURS = "ours"
    SUPPLEMENTED = "supplemented"
    REWRITTEN = "rewritten"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Examined:
    """Facts of a file, and what its content is."""

    facts: Mapping[str, Any]
    content: Content

    @property
    def signers(self) -> list[str]:
        return [str(one["signer"]) for one in self.facts["signatures"]]

    def as_json(self) -> dict[str, Any]:
        return {**self.facts, "content": self.content.value}


def examine(content: bytes, wanted: Identity, renderings: Sequence[bytes], trusted: Path | None) -> Examined:
    """Read a signed PDF of a report's agency. `renderings`: as which bytes this service renders it.

    Raises DomainError with the reason where it is no PDF, cannot be read, bears no signature, was altered after it was signed, a signature
    on it is not valid or not believed, or it is the document of another report or agency.
    """
    if len(content) > LARGEST:
        raise TooLarge(N_("Tệp đã ký quá lớn: tối đa %(most)s MB."), code="too_large", field="file", most=LARGEST // 1024**2)
    if not content.startswith(b"%PDF-"):
        raise _refused(N_("Tệp này không phải PDF: hãy tải lên bản PDF đã ký số từ hệ thống quản lý văn bản."), "not_a_pdf")
    facts = _facts(content, trusted)
    _check(facts)
    return Examined(facts, _content(content, wanted, renderings, facts))


def _facts(content: bytes, trusted: Path | None) -> dict[str, Any]:
    """Examine in a process of its own: what a hostile file breaks there is not ours."""
    command = [sys.executable, "-I", str(_EXAMINER), *([str(trusted)] if trusted else [])]
    try:
        # The interpreter and our own file, no shell; what is uploaded is its input alone.
        done = subprocess.run(command, input=content, capture_output=True, timeout=_PATIENCE, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise _unreadable() from error
    if done.returncode != 0:
        raise _unreadable()
    facts: dict[str, Any] = json.loads(done.stdout)
    if facts.get("problem") == "encrypted":
        raise _refused(N_("Tệp PDF có mật khẩu: hãy tải lên bản không đặt mật khẩu."), "encrypted")
    if facts.get("problem") == "too_many":
        raise _refused(N_("Tệp PDF có quá nhiều chữ ký hoặc quá nhiều lần sửa."), "too_many")
    return facts


def _check(facts: Mapping[str, Any]) -> None:
    signatures: Sequence[Mapping[str, Any]] = facts["signatures"]
    if not signatures:
        raise _refused(N_("Tệp PDF không có chữ ký số nào."), "unsigned")
    for one in signatures:
        signer = one["signer"] or one["field"]
        if not one["intact"]:
            raise _refused(N_("Nội dung đã bị thay đổi sau khi %(signer)s ký: không nhận tệp này."), "altered", signer=signer)
        if not one["valid"]:
            raise _refused(N_("Chữ ký của %(signer)s không đúng: không nhận tệp này."), "invalid", signer=signer)
        if one["revoked"]:
            raise _refused(N_("Chứng thư của %(signer)s đã bị thu hồi: không nhận tệp này."), "revoked", signer=signer)
        if not one["trusted"]:
            raise _refused(
                N_(
                    "Chứng thư của %(signer)s (cấp bởi %(issuer)s) không thuộc tổ chức cấp chứng thư được tin cậy, hoặc không còn hiệu lực."
                ),
                "untrusted",
                signer=signer,
                issuer=one["issuer"],
            )
        if not one["bottom_line"]:
            raise _refused(N_("Nội dung đã bị thay đổi sau khi %(signer)s ký: không nhận tệp này."), "altered", signer=signer)
    if not facts["covered"]:
        raise _refused(N_("Tệp có phần được thêm sau chữ ký cuối cùng: không nhận tệp này."), "altered")


def _content(content: bytes, wanted: Identity, renderings: Sequence[bytes], facts: Mapping[str, Any]) -> Content:
    if any(content.startswith(one) for one in renderings):
        if facts["changed_objects"]:
            raise _refused(N_("Nội dung báo cáo đã bị thay trước khi ký: không nhận tệp này."), "replaced")
        return Content.SUPPLEMENTED if set(facts["annotations"]) - {"Widget"} else Content.OURS
    found = identify(content)
    if found is None:
        return Content.FOREIGN
    kind, named = found
    if kind is not Kind.PDF or (named.report, named.agency) != (wanted.report, wanted.agency):
        raise _refused(N_("Tệp này là văn bản của báo cáo khác hoặc của cơ quan khác."), "another_report")
    return Content.REWRITTEN


def _refused(message: str, code: str, **values: Any) -> DomainError:
    return DomainError(message, code=code, field="file", **values)


def _unreadable() -> DomainError:
    return _refused(N_("Không đọc được tệp PDF này: tệp hỏng hoặc không đúng định dạng."), "unreadable")
