"""A signed report that comes back: believed only where a trusted signer signed what we rendered, and nothing was changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from lms.config import Settings
from lms.kit.errors import DomainError
from lms.reports.documents import Form, Kind, identify, rebuild
from lms.reports.documents.identity import Identity
from lms.reports.signing import verdicts
from lms.reports.signing.sealing import can_seal, seal
from lms.reports.signing.verdicts import Content, examine
from tests.reports.making_bodies import MANIFEST, agency_body
from tests.reports.signing_keys import PASSPHRASE, Keys, authority, signer

SETTINGS = Settings("demo", "k" * 40, "sqlite://", Path("/nowhere"), "http://127.0.0.1", "Asia/Ho_Chi_Minh", "vi", None, None)


class Desk:
    """An e-office that signs: with a trusted authority's certificate, or another one's."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.trusted = folder, folder / "trusted"
        self.authority = authority()
        self.authority.write_pem(self.trusted / "ca.pem")

    def sign(self, content: bytes, keys: Keys | None = None) -> bytes:
        keys = keys or signer("Nguyễn Văn Giám", self.authority)
        file = keys.write_pkcs12(self.folder / "key.p12")
        return seal(content, replace(SETTINGS, report_seal_file=file, report_seal_passphrase=PASSPHRASE))

    def examine(self, content: bytes, trusted: Path | None = None) -> verdicts.Examined:
        return examine(content, wanted(), [ours()], trusted or self.trusted)


@lru_cache(maxsize=1)
def ours() -> bytes:
    return rebuild(Kind.PDF, agency_body(), MANIFEST)


def wanted() -> Identity:
    found = identify(ours())
    assert found is not None
    return found[1]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def changed(content: bytes, change: Callable[[IncrementalPdfFileWriter, Any], None]) -> bytes:
    """Add a revision in which the first page is another one."""
    writer = IncrementalPdfFileWriter(BytesIO(content))
    page = writer.root["/Pages"]
    while page["/Type"] != "/Page":
        page = page["/Kids"][0].get_object()
    change(writer, page)
    target = BytesIO()
    writer.write(target)
    return target.getvalue()


def other_figures(writer: IncrementalPdfFileWriter, page: Any) -> None:
    contents = page.raw_get("/Contents").get_object()
    contents._data, contents._encoded_data = b"q Q", None
    writer.update_container(contents)


def stamped(writer: IncrementalPdfFileWriter, page: Any) -> None:
    """What a clerk's program does: number and day laid on the page."""
    note = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/FreeText"),
            generic.pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (100, 700, 200, 720))),
            generic.pdf_name("/Contents"): generic.TextStringObject("05"),
        }
    )
    page["/Annots"] = generic.ArrayObject([writer.add_object(note)])
    writer.update_container(page)


def test_what_we_rendered_and_a_trusted_signer_signed_is_ours(desk: Desk) -> None:
    found = desk.examine(desk.sign(ours()))
    assert found.content is Content.OURS
    assert found.signers == ["Nguyễn Văn Giám"]
    facts = found.as_json()["signatures"][0]
    assert facts["organisation"] == "Sở Khoa học và Công nghệ"
    assert facts["signed_at"] is not None
    assert facts["bottom_line"]
    assert not facts["changed_after"]


def test_a_second_signature_leaves_the_first_good(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    first = desk.sign(ours())
    monkeypatch.setattr("lms.reports.signing.sealing.FIELD", "DauThuHai")
    found = desk.examine(desk.sign(first, signer("Dấu cơ quan", desk.authority)))
    assert found.content is Content.OURS
    assert found.signers == ["Nguyễn Văn Giám", "Dấu cơ quan"]


def test_a_number_laid_on_the_page_before_signing_is_told(desk: Desk) -> None:
    found = desk.examine(desk.sign(changed(ours(), stamped)))
    assert found.content is Content.SUPPLEMENTED
    assert "FreeText" in found.facts["annotations"]


def test_our_document_written_anew_by_another_program_is_to_be_compared_by_people(desk: Desk) -> None:
    assert examine(desk.sign(ours()), wanted(), [], desk.trusted).content is Content.REWRITTEN


@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("altered", lambda desk: _flipped(desk.sign(ours()))),
        ("altered", lambda desk: desk.sign(ours()) + b"\n% more\n"),
        ("altered", lambda desk: changed(desk.sign(ours()), other_figures)),
        ("replaced", lambda desk: desk.sign(changed(ours(), other_figures))),
        ("untrusted", lambda desk: desk.sign(ours(), signer("Người lạ", authority("CA lạ")))),
        ("untrusted", lambda desk: desk.sign(ours(), signer("Hết hạn", desk.authority, since=400, until=-30))),
        ("unsigned", lambda _desk: ours()),
        ("another_report", lambda desk: desk.sign(rebuild(Kind.PDF, agency_body(2), MANIFEST))),
        ("not_a_pdf", lambda _desk: b"<html></html>"),
        ("not_a_pdf", lambda _desk: b""),
        ("unreadable", lambda _desk: b"%PDF-1.7\n" + b"\x00\xff" * 5000),
        ("unreadable", lambda desk: desk.sign(ours())[:60_000]),
        ("too_large", lambda _desk: b"%PDF-1.7\n" + bytes(verdicts.LARGEST)),
    ],
)
def test_anything_else_is_refused_with_the_reason(desk: Desk, code: str, make: Callable[[Desk], bytes]) -> None:
    content = make(desk)
    with pytest.raises(DomainError) as caught:
        desk.examine(content)
    assert caught.value.code == code
    assert caught.value.field == "file"


def test_nobody_is_trusted_where_no_authority_is_named(desk: Desk) -> None:
    with pytest.raises(DomainError) as caught:
        examine(desk.sign(ours()), wanted(), [ours()], None)
    assert caught.value.code == "untrusted"


def test_an_examination_that_takes_too_long_is_ended(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lms.reports.signing.verdicts._PATIENCE", 0.01)
    with pytest.raises(DomainError) as caught:
        desk.examine(ours())
    assert caught.value.code == "unreadable"


def test_sealing_leaves_what_was_rendered_as_it_is(desk: Desk) -> None:
    assert desk.sign(ours()).startswith(ours())


def test_a_seal_that_is_not_there_or_does_not_open_is_told(desk: Desk) -> None:
    assert not can_seal(SETTINGS)
    with pytest.raises(DomainError) as caught:
        seal(ours(), SETTINGS)
    assert caught.value.code == "no_seal"
    file = signer("Dấu", desk.authority).write_pkcs12(desk.folder / "seal.p12")
    with pytest.raises(DomainError) as caught:
        seal(ours(), replace(SETTINGS, report_seal_file=file, report_seal_passphrase="sai"))
    assert caught.value.code == "bad_seal"


def test_a_token_needs_a_library_that_may_be_absent(tmp_path: Path) -> None:
    module = tmp_path / "token.so"
    module.write_bytes(b"")
    token = {"report_seal_token_name": "t", "report_seal_token_pin": "1", "report_seal_token_certificate": "c"}
    with pytest.raises(DomainError) as caught:
        seal(ours(), replace(SETTINGS, report_seal_token_module=module, **token))
    assert caught.value.code in {"no_pkcs11", "bad_seal"}


def test_either_form_of_the_document_may_come_back(desk: Desk) -> None:
    report = rebuild(Kind.PDF, agency_body(), MANIFEST, form=Form.REPORT)
    assert examine(desk.sign(report), wanted(), [ours(), report], desk.trusted).content is Content.OURS


def _flipped(content: bytes) -> bytes:
    middle = len(ours()) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
