"""A frozen body made into an official document: form, texts, tables and proof. The same body gives the same document. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import segno

from lms.kit.clock import Quarter
from lms.reports.documents import tables
from lms.reports.documents.chapters import Subject, chapters, notes
from lms.reports.documents.identity import Identity
from lms.reports.documents.letterhead import letterhead
from lms.reports.documents.pieces import Annex, Document, Form, Letterhead, Paragraph, Proof, Variant
from lms.reports.rules.body import AgencyBody, body_text, canonical, sha256

KIND_NAMES: Mapping[Form, str] = {Form.REPORT: "BÁO CÁO", Form.NOTICE: "THÔNG BÁO"}
CHECK_PATH = "/check/"
CHECK_CODE_LENGTH = 32  # hexadecimal digits of the body's fingerprint: 128 bits, short enough for a small QR code


def document(
    body: AgencyBody, manifest: Mapping[str, Any], variant: Variant, *, form: Form | None = None, below: Sequence[AgencyBody] = ()
) -> Document:
    """The report on the whole, or on one agency: by default the province's Báo cáo, and a Thông báo for each agency.

    `below`: every agency under this one, each after its parent, where the annex is to list them all.
    """
    form = form or default_form(body)
    public = variant is Variant.PUBLIC
    head = letterhead(body, form)
    quarter = Quarter.from_code(body.report.period).label
    subject = f"Kết quả kiểm tra định kỳ {quarter}" + ("" if not body.agency.path else f" của {body.agency.name}")
    code = sha256(body_text(body))
    return Document(
        key=str(Identity.of(body, code, variant, form)),
        title=f"{KIND_NAMES[form].capitalize()}: {subject}",
        kind=KIND_NAMES[form],
        subject=subject,
        addressee=_addressee(body) if form is Form.REPORT else "",
        draft=variant is Variant.DRAFT,
        letterhead=head,
        pieces=(*_opening(form, body), *chapters(Subject(body, public, below))),
        annexes=_annexes(body, below, form, head, public=public),
        proof=_proof(body, manifest, code),
        built_at=body.report.built_at,
    )


def default_form(body: AgencyBody) -> Form:
    return Form.NOTICE if body.agency.path else Form.REPORT


def check_code(fingerprint: str) -> str:
    """What a reader types, or the QR code holds, to ask whether a paper is ours."""
    return fingerprint[:CHECK_CODE_LENGTH]


def _addressee(body: AgencyBody) -> str:
    return body.agency.path[-1].name if body.agency.path else body.agency.name


def _opening(form: Form, body: AgencyBody) -> tuple[Paragraph, ...]:
    if form is Form.NOTICE:
        return (Paragraph(f"Kết quả của {body.agency.name} trong {body.report.title} như sau:"),)
    return ()


def _annexes(body: AgencyBody, below: Sequence[AgencyBody], form: Form, head: Letterhead, *, public: bool) -> tuple[Annex, ...]:
    kind = "Báo cáo" if form is Form.REPORT else "Thông báo"
    number = head.number.rpartition("/")[2]  # kind and symbol: the rest is the clerk's
    reference = f"(Kèm theo {kind} số ……/{number} ngày …… tháng …… năm …… của {head.issuer})"
    title = f"BIỂU TỔNG HỢP KẾT QUẢ KIỂM TRA {Quarter.from_code(body.report.period).label.upper()}"
    text = notes(body, public=public)
    direct = Annex("Phụ lục", title, reference, tables.results_table(body, below, public=public), text)
    if not below or len(below) <= len(body.children):
        return (direct,)
    first = Annex("Phụ lục I", f"{title} – CƠ QUAN, ĐƠN VỊ TRỰC THUỘC", reference, direct.table, text)
    whole = tables.results_table(body, below, public=public, whole_tree=True)
    return (first, Annex("Phụ lục II", f"{title} – TẤT CẢ CƠ QUAN, ĐƠN VỊ", reference, whole, text))


def _proof(body: AgencyBody, manifest: Mapping[str, Any], fingerprint: str) -> Proof:
    base = body.report.base_url
    address = f"{base}{CHECK_PATH}{check_code(fingerprint)}" if base else ""
    found = [
        f"Mã số liệu (SHA-256): {fingerprint}",
        f"Mã báo cáo (SHA-256): {sha256(canonical(manifest))}; bản thứ {body.report.revision}, quy tắc {body.report.rule_version}",
    ]
    head = manifest.get("audit_head")
    if isinstance(head, Mapping) and head.get("hash"):
        found.append(f"Đầu chuỗi nhật ký: {head.get('sequence')} – {head['hash']}")
    return Proof(lines=tuple(found), address=address, qr=_qr(address) if address else "")


def _qr(address: str) -> str:
    target = BytesIO()
    segno.make(address, error="m", micro=False).save(target, kind="svg", xmldecl=False, svgns=True, nl=False, omitsize=True, border=2)
    return target.getvalue().decode()
