"""Who is at the other end: the region named by the URI SAN of the client's certificate."""

from dataclasses import dataclass
from typing import Final

import grpc.aio
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from bailiwick.contract import fields
from bailiwick.contract.errors import MalformedError

SCHEME: Final = "bailiwick://region/"


class PeerError(Exception):
    """The peer shows no certificate, or one that names no region."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A region by its certificate; `serial` is what revocation goes by."""

    region: str
    serial: int


def region_uri(region: str) -> str:
    """The URI SAN of a region's certificate."""
    return SCHEME + fields.identifier(region)


def parse_region_uri(uri: str) -> str:
    """The region that a URI SAN names; raises PeerError."""
    try:
        return fields.identifier(uri.removeprefix(SCHEME) if uri.startswith(SCHEME) else None)
    except MalformedError as error:
        raise PeerError("the certificate's URI names no region") from error


def peer_of_certificate(pem: bytes) -> Peer:
    """Region and serial of a certificate with exactly one URI SAN; raises PeerError."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        names = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except (ValueError, x509.ExtensionNotFound) as error:
        raise PeerError("the certificate cannot be read") from error
    if not isinstance(names, x509.SubjectAlternativeName):
        raise PeerError("the certificate has no alternative names")
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if len(uris) != 1 or len(list(names)) != 1:
        raise PeerError("a region's certificate names exactly one URI and nothing else")
    return Peer(parse_region_uri(uris[0]), certificate.serial_number)


def peer_of(context: grpc.aio.ServicerContext[object, object]) -> Peer:
    """The calling region, verified by TLS against the CA; raises PeerError."""
    certificates = context.auth_context().get("x509_pem_cert", ())
    first = next(iter(certificates), None)
    if first is None:
        raise PeerError("the peer shows no certificate")
    return peer_of_certificate(first)
