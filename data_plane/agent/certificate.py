"""The region's certificate: asking for one, judging one, and knowing when to ask again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from data_plane.agent.errors import ProtocolBreachError
from data_plane.privacy.documents import region_uri

RENEWABLE = timedelta(days=90)


@dataclass(frozen=True)
class Held:
    """The certificate that the region holds."""

    pem: bytes
    issued: datetime
    expires: datetime

    def expired(self, now: datetime) -> bool:
        """Whether a peer would refuse it."""
        return now >= self.expires

    def renew_at(self, spread: float) -> datetime:
        """Half of its life, moved by up to a tenth of it either way; `spread` lies in [-1, 1]."""
        life = self.expires - self.issued
        return self.issued + life * (0.5 + 0.1 * spread)


def request(key: EllipticCurvePrivateKey, region: str) -> bytes:
    """A certificate request (PKCS#10, DER) that names the region by its URI and nothing else."""
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(region_uri(region))])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.add_extension(names, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@lru_cache(maxsize=4)
def parsed(pem: bytes) -> Held:
    """`held`, remembered: the same file is looked at every second."""
    return held(pem)


def held(pem: bytes) -> Held:
    """Reads a certificate file.

    Raises:
        ValueError: it holds no certificate.
    """
    certificate = x509.load_pem_x509_certificate(pem)
    return Held(pem, certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def accept(issued: bytes, ca_pem: bytes, key: EllipticCurvePrivateKey, region: str) -> Held:
    """Judges a certificate (DER) that the centre issued.

    Raises:
        ProtocolBreachError: it is not by the pinned CA, not for our key, or not for this region.
    """
    try:
        certificate = x509.load_der_x509_certificate(issued)
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(ca_pem))
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound) as error:
        raise ProtocolBreachError("the certificate is not one by the pinned CA") from error
    spki = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if certificate.public_key().public_bytes(*spki) != key.public_key().public_bytes(*spki):
        raise ProtocolBreachError("the certificate is for another key")
    if names.get_values_for_type(x509.UniformResourceIdentifier) != [region_uri(region)]:
        raise ProtocolBreachError("the certificate is for another region")
    return held(certificate.public_bytes(Encoding.PEM))
