"""The certificate authority of emulated databases, and where clients get its certificate.

"Using SSL/TLS to encrypt a connection to a DB instance" (Amazon RDS User Guide): the bundle of all certificate authorities stands at
truststore.pki.rds.amazonaws.com. Here it has one, made anew by each emulator, of which the key is never written down.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from emulator import machines
from emulator.server import RawRequest, RawResponse

HOST = "truststore.pki.rds.amazonaws.com"
#: Region bundles have the same one.
SUFFIX = "-bundle.pem"
DAYS = 365


def is_meant(raw: RawRequest) -> bool:
    """Whether the trust store is asked, where there are databases that need it."""
    return raw.host == HOST and machines.FOLLOWED.is_set()


def answer(raw: RawRequest) -> RawResponse:
    if raw.target.partition("?")[0].endswith(SUFFIX):
        return RawResponse(200, [("Content-Type", "binary/octet-stream")], authority().bundle())
    return RawResponse(404, [("Content-Type", "text/plain")], b"There are only bundles, as /global/global-bundle.pem.\n")


@functools.cache
def authority() -> Authority:
    return Authority()


class Authority:
    """Signs the certificates of databases."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "refarch emulator"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Emulated RDS Root CA"),
        ])  # fmt: skip
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        self.certificate = (
            _builder(name, name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def bundle(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, name: str) -> tuple[bytes, bytes]:
        """A private key and a certificate for the host *name*, as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "refarch emulator")])
        certificate = (
            _builder(subject, self.certificate.subject, key.public_key())
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return private, certificate.public_bytes(serialization.Encoding.PEM)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=DAYS))
    )
