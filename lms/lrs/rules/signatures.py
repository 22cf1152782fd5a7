"""Signed statements (Data 2.6): an attachment that is a JSON web signature (RFC 7515, compact) over the statement as it was before.

The check catches mistakes and is no proof of who signed: nobody's certificates are trusted here or asked for anywhere. The standard wants
it nevertheless: one of three algorithms, a payload that says the same as the statement, and where the header brings certificates, a
signature made with the key of the first, each certificate issued by the next. A certificate must have been valid at some moment at which
the statement can have been signed: between what it tells of and now.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

from lms.kit.errors import N_, DomainError
from lms.lrs.rules.comparison import same_statement
from lms.lrs.rules.faults import StatementFault
from lms.lrs.rules.reading import Received, read_one
from lms.lrs.rules.values import moment

MAX_SIGNATURE = 2 * 1024 * 1024  # octets, held in memory
MAX_CERTIFICATES = 10

_ALGORITHMS = {"RS256": SHA256(), "RS384": SHA384(), "RS512": SHA512()}
_COMPACT = re.compile(rb"[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+")


def check_signature(jws: bytes, received: Received, path: str, at: datetime) -> None:
    """Does this signature, the content of the attachment at `path`, sign this statement? Raises StatementFault."""
    if not _COMPACT.fullmatch(jws):
        raise StatementFault(path, N_("%(path)s: chữ ký phải là một JWS dạng gọn, ba phần base64url nối bằng dấu chấm"))
    signed, _dot, last = jws.rpartition(b".")
    first, _dot, payload = signed.partition(b".")
    header = _header(_octets(first, path), path)
    if header.get("alg") not in tuple(_ALGORITHMS):  # whatever it is, also what has no hash
        raise StatementFault(path, N_("%(path)s: thuật toán của chữ ký phải là RS256, RS384 hoặc RS512"))
    if "crit" in header:  # RFC 7515, 4.1.11: what must be understood and is not makes the whole invalid
        raise StatementFault(path, N_("%(path)s: chữ ký đòi hỏi phần mở rộng (crit) mà kho không hỗ trợ"))
    signature = _octets(last, path)
    _check_payload(_octets(payload, path), received, path)
    if "x5c" in header:
        try:
            chain = _chain(header["x5c"], path)
            _check_dates(chain, received.values, path, at)
            _check_key(chain[0], signature, signed, header["alg"], path)
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):  # parts of a certificate are read only when asked for
            raise StatementFault(path, N_("%(path)s: x5c có chứng thư không đọc được")) from None


def _octets(text: bytes, path: str) -> bytes:
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise StatementFault(path, N_("%(path)s: chữ ký có phần không phải base64url")) from None


def _header(text: bytes, path: str) -> dict[str, Any]:
    try:
        header = msgspec.json.decode(text)
        if type(header) is dict:
            return header
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    raise StatementFault(path, N_("%(path)s: phần đầu của chữ ký phải là một đối tượng JSON"))


def _check_payload(payload: bytes, received: Received, path: str) -> None:
    try:
        signed = read_one(payload, received.version)
    except DomainError as fault:
        raise StatementFault(
            path, N_("%(path)s: nội dung được ký không phải một phát biểu hợp lệ: %(reason)s"), reason=str(fault)
        ) from None
    another = signed.id is not None and received.id is not None and signed.id != received.id
    if another or not same_statement(signed.values, received.values, received.version):
        raise StatementFault(path, N_("%(path)s: phát biểu được ký khác với phát biểu gửi lên"))


def _chain(given: Any, path: str) -> list[x509.Certificate]:
    """The certificates, each of which must be issued by the next."""
    if type(given) is not list or not 0 < len(given) <= MAX_CERTIFICATES or any(type(entry) is not str for entry in given):
        raise StatementFault(path, N_("%(path)s: x5c phải là mảng từ 1 đến %(most)s chứng thư"), most=MAX_CERTIFICATES)
    chain = [x509.load_der_x509_certificate(base64.b64decode(entry, validate=True)) for entry in given]
    if not all(_issued(one, issuer) for one, issuer in pairwise(chain)):
        raise StatementFault(path, N_("%(path)s: x5c có chứng thư không do chứng thư kế tiếp cấp"))
    return chain


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """By hand, for certificates of the time of the standard are signed with SHA-1, which the library's own check refuses to look at."""
    if certificate.issuer != issuer.subject:
        return False
    key, how, algorithm = issuer.public_key(), certificate.signature_algorithm_parameters, certificate.signature_hash_algorithm
    what = (certificate.signature, certificate.tbs_certificate_bytes)
    try:
        match key:
            case RSAPublicKey() if algorithm is not None:
                key.verify(*what, how, algorithm)  # type: ignore[arg-type]  # a padding, as the certificate names an algorithm of RSA
            case EllipticCurvePublicKey():
                key.verify(*what, how)  # type: ignore[arg-type]
            case Ed25519PublicKey() | Ed448PublicKey():
                key.verify(*what)
            case _:
                return False
    except InvalidSignature:
        return False
    return True


def _check_dates(chain: list[x509.Certificate], statement: Mapping[str, Any], path: str, at: datetime) -> None:
    earliest = min(at, moment(statement["timestamp"], "timestamp", spaced=True)) if "timestamp" in statement else at
    for certificate in chain:
        if certificate.not_valid_after_utc < earliest or certificate.not_valid_before_utc > at:
            raise StatementFault(
                path,
                N_("%(path)s: chứng thư chỉ có hiệu lực từ %(start)s đến %(end)s, không phải khi phát biểu được ký"),
                start=certificate.not_valid_before_utc.isoformat(),
                end=certificate.not_valid_after_utc.isoformat(),
            )


def _check_key(certificate: x509.Certificate, signature: bytes, signed: bytes, algorithm: str, path: str) -> None:
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise StatementFault(path, N_("%(path)s: chứng thư của chữ ký phải có khóa RSA"))
    try:
        key.verify(signature, signed, PKCS1v15(), _ALGORITHMS[algorithm])
    except InvalidSignature:
        raise StatementFault(path, N_("%(path)s: chữ ký không khớp với chứng thư trong x5c")) from None
