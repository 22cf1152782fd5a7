"""Verifying a report file of any kind that can be read back, and saying in words what was found."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from lms.kit.errors import N_, DomainError
from lms.reports.queries.verifying import Difference, Verified, verify_text
from lms.reports.rules.rolling_up import RULE_VERSION

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
    """A body or a whole report in JSON. Raises DomainError for what is none."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise DomainError(N_("Tệp này không phải báo cáo ở dạng JSON chuẩn."), code="not_a_report") from error
    return verify_text(session, text)


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
    return f"- {who}{figure}: {claimed} {one.claimed}, {found} {one.found}"
