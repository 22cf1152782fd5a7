"""Certification authorities and people who sign, made for a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

PASSPHRASE = "mật khẩu con dấu"  # of a test's own key


@dataclass(frozen=True)
class Keys:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def write_pem(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def write_pkcs12(self, path: Path) -> Path:
        protection = serialization.BestAvailableEncryption(PASSPHRASE.encode())
        path.write_bytes(pkcs12.serialize_key_and_certificates(b"seal", self.key, self.certificate, [], protection))
        return path


def authority(name: str = "Cơ quan chứng thực thử") -> Keys:
    return _keys(name, None, since=3650, until=3650)


def signer(name: str, issuer: Keys, *, since: int = 2, until: int = 365) -> Keys:
    """A certificate from so many days ago until so many days from now."""
    return _keys(name, issuer, since=since, until=until)


def _keys(name: str, issuer: Keys | None, *, since: int, until: int) -> Keys:
    key, at = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Sở Khoa học và Công nghệ")]
    )
    ca = issuer is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=since))
        .not_valid_after(at + timedelta(days=until))
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(x509.KeyUsage(not ca, not ca, False, False, False, ca, ca, False, False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Keys(builder.sign((issuer.key if issuer else key), hashes.SHA256()), key)
