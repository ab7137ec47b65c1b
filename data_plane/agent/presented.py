"""Who answers at the enrolment port, before anything secret is said to it.

The invitation carries the SHA-256 of the centre's CA. The chain that the server presents is read without trusting it;
the one certificate in it with that digest becomes the only root of the connection that then carries the secret.
"""

from __future__ import annotations

import hashlib
import socket
import ssl

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from data_plane.agent.errors import CentreAwayError, EnrolmentRefusedError

SECONDS = 5.0


def trusted_ca(address: str, digest: str) -> bytes:
    """The CA certificate (PEM) with SHA-256 `digest` (hex) out of the chain presented at `address` ("host:port").

    Raises:
        CentreAwayError: nobody answers.
        EnrolmentRefusedError: somebody answers whose chain holds no such CA.
    """
    for der in presented_chain(address):
        if hashlib.sha256(der).hexdigest() == digest:
            return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
    raise EnrolmentRefusedError("untrusted-centre")


def presented_chain(address: str) -> list[bytes]:
    """The certificates (DER) that a TLS server presents, unverified.

    Raises:
        CentreAwayError: no TLS server answers.
    """
    host, _, port = address.rpartition(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    try:
        with (
            socket.create_connection((host.strip("[]"), int(port)), timeout=SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host.strip("[]")) as secured,
        ):
            return _chain(secured)
    except (OSError, ValueError) as error:
        raise CentreAwayError from error


def _chain(secured: ssl.SSLSocket) -> list[bytes]:
    public = getattr(secured, "get_unverified_chain", None)
    if public is not None:  # public from Python 3.13 on
        return [bytes(der) for der in public()]
    inner = getattr(secured, "_sslobj", None)
    chain = inner.get_unverified_chain() if inner is not None else ()
    return [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in chain or ()]
