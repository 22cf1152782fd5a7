"""The service's own seal on what it renders: PAdES with a key from a PKCS#12 file or a token (PKCS#11). Optional; keys are used where they
are and never stored. Nothing is drawn: the picture of a seal belongs to the agency's clerk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from pyhanko.config.pkcs11 import TokenCriteria
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter

from lms.config import Settings
from lms.kit.errors import N_, DomainError

FIELD = "DauHeThong"


def can_seal(settings: Settings) -> bool:
    return settings.report_seal_file is not None or settings.report_seal_token_module is not None


def seal(content: bytes, settings: Settings) -> bytes:
    """The PDF with a signature of the service, as an incremental update: what was rendered stays as it is, byte for byte.

    Raises DomainError where no seal is set up, or the file or token cannot be opened.
    """
    with _signer(settings) as signer:
        metadata = signers.PdfSignatureMetadata(
            field_name=FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, reason="Xác nhận số liệu do hệ thống kết xuất"
        )
        result = signers.sign_pdf(IncrementalPdfFileWriter(BytesIO(content)), metadata, signer=signer)
    return bytes(result.getvalue())


@contextmanager
def _signer(settings: Settings) -> Iterator[Any]:
    if settings.report_seal_token_module is not None:
        with _token(settings) as signer:
            yield signer
        return
    if settings.report_seal_file is None:
        raise DomainError(N_("Chưa cài đặt con dấu số của hệ thống (LMS_REPORT_SEAL_FILE)."), code="no_seal")
    passphrase = (settings.report_seal_passphrase or "").encode() or None
    signer = signers.SimpleSigner.load_pkcs12(str(settings.report_seal_file), passphrase=passphrase)  # type: ignore[no-untyped-call]
    if signer is None:
        raise DomainError(
            N_("Không mở được con dấu số %(file)s: kiểm tra tệp PKCS#12 và LMS_REPORT_SEAL_PASSPHRASE."),
            code="bad_seal",
            file=str(settings.report_seal_file),
        )
    yield signer


@contextmanager
def _token(settings: Settings) -> Iterator[Any]:
    try:
        from pkcs11.exceptions import PKCS11Error  # type: ignore[import-not-found]  # noqa: PLC0415  # optional
        from pyhanko.sign import pkcs11  # noqa: PLC0415
    except ImportError as error:
        raise DomainError(
            N_("Con dấu số nằm trên thiết bị PKCS#11 cần thêm thư viện: cài “pyHanko[pkcs11]” rồi chạy lại."), code="no_pkcs11"
        ) from error
    label = settings.report_seal_token_certificate
    try:
        with pkcs11.open_pkcs11_session(
            str(settings.report_seal_token_module),
            token_criteria=TokenCriteria(label=settings.report_seal_token_name),
            user_pin=settings.report_seal_token_pin,
        ) as session:
            yield pkcs11.PKCS11Signer(session, cert_label=label, key_label=label)
    except (OSError, RuntimeError, PKCS11Error) as error:
        raise DomainError(
            N_("Không mở được thiết bị chứa con dấu số (%(reason)s)."), code="bad_seal", reason=str(error) or type(error).__name__
        ) from error
