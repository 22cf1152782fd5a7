"""Verifying a report file of any kind that can be read back, and saying in words what was found."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy.orm import Session

from lms.kit.actors import NotFound
from lms.kit.errors import N_, DomainError
from lms.kit.unit import settings
from lms.reports.documents import Identity, Kind, Variant, identify, rebuild
from lms.reports.queries import files
from lms.reports.queries.verifying import Difference, Verified, verify_text
from lms.reports.rules.body import body_text
from lms.reports.rules.rolling_up import RULE_VERSION
from lms.reports.signing.verdicts import examine

NAMES = {
    "expected": "thuộc diện",
    "excluded": "miễn, hoãn",
    "took_part": "tham gia",
    "passed": "đạt",
    "score_hundredths": "tổng điểm (phần trăm điểm)",
    "good": "giỏi",
    "fair": "khá",
    "average": "trung bình",
    "weak": "yếu",
    "attempts": "lượt",
}


def verify_file(session: Session, content: bytes) -> Verified:
    """A body or a whole report in JSON, or a PDF, DOCX or XLSX that this service rendered: that is made again and compared to the byte; of
    a PDF that was signed since, the signatures are verified as well. Raises DomainError for what is none."""
    named = identify(content)
    if named is not None:
        return _verify_rendering(session, content, *named)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise DomainError(N_("Tệp này không phải báo cáo ở dạng JSON chuẩn."), code="not_a_report") from error
    return verify_text(session, text)


def _verify_rendering(session: Session, content: bytes, kind: Kind, identity: Identity) -> Verified:
    try:
        source = files.source(session, identity.report, identity.agency, public=identity.variant is Variant.PUBLIC)
    except NotFound as error:
        message = N_("Không có báo cáo này ở đây: tệp do hệ thống của nơi khác kết xuất, hoặc mã ghi trong tệp đã bị sửa.")
        raise DomainError(message, code="unknown_report") from error
    found = verify_text(session, body_text(source.body))
    made = rebuild(kind, source.body, source.manifest, variant=identity.variant, form=identity.form, below=source.below)
    if content == made:
        return found
    if kind is Kind.PDF and content.startswith(made):
        examine(content, identity, [made], settings().report_trust_dir)
        return found
    unlike = Difference("file", source.body.agency.code, "rendering", _sha256(content), _sha256(made))
    return replace(found, differences=[unlike, *found.differences])


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def told(found: Verified) -> str:
    """For a terminal."""
    title = f"Báo cáo kỳ {found.period}, bản thứ {found.revision} ({found.agencies} cơ quan), SHA-256 {found.sha256}"
    if found.rule_version != RULE_VERSION:
        title += f"\nLập theo quy tắc phiên bản {found.rule_version}, nay là {RULE_VERSION}: chỉ so với bản lưu, không tính lại."
    if found.holds:
        return f"{title}\nĐúng: khớp với bản lưu và với sổ kết quả như đã biết lúc chốt."
    return "\n".join([title, f"SAI KHÁC: {len(found.differences)} chỗ", *map(_line, found.differences)])


def verification_json(found: Verified) -> dict[str, Any]:
    return {**asdict(found), "report_id": str(found.report_id), "holds": found.holds}


def _line(one: Difference) -> str:
    who = f"[{one.agency}] " if one.agency else ""
    figure = ".".join(NAMES.get(part, part) for part in one.figure.split("."))
    sides = {"file": ("trong tệp", "bản lưu"), "kept": ("lúc chốt", "bản lưu nay"), "ledger": ("bản lưu", "tính lại từ sổ")}
    claimed, found = sides[one.where]
    if one.figure == "canonical":
        return "- tệp không còn ở dạng chuẩn RFC 8785: đã bị mở và ghi lại"
    if one.figure == "rendering":
        return f"- {who}tệp (SHA-256 {one.claimed}) không đúng từng byte như bản hệ thống kết xuất ({one.found})"
    return f"- {who}{figure}: {claimed} {one.claimed}, {found} {one.found}"
