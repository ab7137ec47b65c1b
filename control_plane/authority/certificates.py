"""The centre's certificate authority: ECDSA P-256, one level, one URI name per region.

What a certificate request must be, in the order in which it is checked:

1. DER, whole, and the same bytes when encoded again; signed by its own key.
2. An ECDSA key on P-256.
3. Subject empty, or exactly one common name: the region's id.
4. Exactly one extension, the subject alternative name, with exactly one name: the URI of the region.

So no certificate request can carry text of a person's choosing into the centre.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from control_plane.domain.errors import InvalidError, StateError
from control_plane.domain.regions import Certificate
from control_plane.domain.words import RegionId

BACKDATE = timedelta(minutes=5)
CA_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=90)
# A name of the server that a region may expect, by whatever address it dials.
SERVER_NAME = "bailiwick-centre"
_URI = "bailiwick://region/"


def region_uri(region: RegionId) -> str:
    """The name by which a certificate calls a region."""
    return f"{_URI}{region}"


def region_of(uri: str) -> str | None:
    """The region id in a certificate's URI name; None for any other URI."""
    return uri.removeprefix(_URI) if uri.startswith(_URI) else None


def make_ca(name: str, now: datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A new self-signed CA for a centre of that name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _common_name(f"{name} CA")
    builder = _builder(subject, subject, key.public_key(), now, CA_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return key, builder.sign(key, hashes.SHA256())


def make_server(
    ca_key: ec.EllipticCurvePrivateKey, ca: x509.Certificate, names: Sequence[str], now: datetime
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A new server key and certificate for the loopback names, `SERVER_NAME` and further names or addresses."""
    key = ec.generate_private_key(ec.SECP256R1())
    known = dict.fromkeys([SERVER_NAME, "localhost", "127.0.0.1", "::1", *names])
    builder = _builder(_common_name(SERVER_NAME), ca.subject, key.public_key(), now, SERVER_LIFE)
    builder = builder.add_extension(
        x509.SubjectAlternativeName([_general_name(name) for name in known]), critical=False
    )
    builder = _leaf(builder, ca_key, ExtendedKeyUsageOID.SERVER_AUTH)
    return key, builder.sign(ca_key, hashes.SHA256())


class CertificateAuthority:
    """Issues the regions' client certificates. Keeps nothing but its key."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, life: timedelta) -> None:
        self._key = key
        self._certificate = certificate
        self._life = life

    def ca(self) -> bytes:
        """The CA's certificate in DER."""
        return self._certificate.public_bytes(Encoding.DER)

    def check(self, csr: bytes, region: RegionId) -> None:
        """Raise `InvalidError` unless the request is well-formed and `StateError` unless it is for `region`."""
        _checked(csr, region)

    def issue(self, csr: bytes, region: RegionId, now: datetime) -> tuple[bytes, Certificate]:
        """(certificate in DER, its record), after the same check."""
        request = _checked(csr, region)
        public = request.public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)  # noqa: S101 - checked by rule 2
        builder = _builder(_common_name(region), self._certificate.subject, public, now, self._life)
        name = x509.UniformResourceIdentifier(region_uri(region))
        builder = builder.add_extension(x509.SubjectAlternativeName([name]), critical=False)
        builder = _leaf(builder, self._key, ExtendedKeyUsageOID.CLIENT_AUTH)
        certificate = builder.sign(self._key, hashes.SHA256())
        record = Certificate(
            serial=serial_text(certificate),
            region=region,
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
        )
        return certificate.public_bytes(Encoding.DER), record


def serial_text(certificate: x509.Certificate) -> str:
    """A certificate's serial as the registry keeps it: lower-case hex."""
    return f"{certificate.serial_number:x}"


def identify(pem: bytes) -> tuple[str, str] | None:
    """(region id, serial) of a peer's certificate that TLS has verified; None where it names no region."""
    certificate = x509.load_pem_x509_certificate(pem)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    regions = [region_of(uri) for uri in names.get_values_for_type(x509.UniformResourceIdentifier)]
    if len(regions) != 1 or regions[0] is None:
        return None
    return regions[0], serial_text(certificate)


def _checked(csr: bytes, region: RegionId) -> x509.CertificateSigningRequest:
    request = _parsed(csr)
    if not isinstance(request.public_key(), ec.EllipticCurvePublicKey) or not _on_p256(request):
        raise InvalidError("csr-key", "The certificate request's key is not ECDSA on P-256.")
    if list(request.subject) and request.subject != _common_name(region):
        raise InvalidError("csr-subject", "The certificate request's subject may only name the region.")
    extensions = list(request.extensions)
    if [extension.oid for extension in extensions] != [ExtensionOID.SUBJECT_ALTERNATIVE_NAME]:
        raise InvalidError("csr-extensions", "The certificate request may only hold a subject alternative name.")
    names = extensions[0].value
    found = list(names) if isinstance(names, x509.SubjectAlternativeName) else []
    if len(found) != 1 or not isinstance(found[0], x509.UniformResourceIdentifier):
        raise InvalidError("csr-name", "The certificate request must hold one URI name.")
    if found[0].value != region_uri(region):
        raise StateError("csr-region", "The certificate request is for another region.", "Request this region's name.")
    return request


def _parsed(csr: bytes) -> x509.CertificateSigningRequest:
    malformed = InvalidError("csr", "That is no certificate request.")
    try:
        request = x509.load_der_x509_csr(csr)
        whole = request.public_bytes(Encoding.DER) == csr
        valid = request.is_signature_valid
        attributes = [attribute.oid.dotted_string for attribute in request.attributes]
        list(request.extensions)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        raise malformed from error
    if not (whole and valid) or attributes not in ([], ["1.2.840.113549.1.9.14"]):
        raise malformed
    return request


def _on_p256(request: x509.CertificateSigningRequest) -> bool:
    key = request.public_key()
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


def _common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - BACKDATE).not_valid_after(now + life)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)


def _leaf(
    builder: x509.CertificateBuilder, ca_key: ec.EllipticCurvePrivateKey, use: x509.ObjectIdentifier
) -> x509.CertificateBuilder:
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    return builder.add_extension(authority, critical=False)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
