"""Documents of the protocol that leave: each is parsed, held against its purpose, and written anew.

What a document may carry is fixed by its format: nothing in it is free text of the region.
"""

from __future__ import annotations

from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from bailiwick.contract import dsse, statement
from bailiwick.contract.checkpoint import Checkpoint
from bailiwick.contract.errors import ContractError
from bailiwick.contract.note import Note, parse_note
from data_plane.privacy.errors import ForbiddenValueError
from data_plane.privacy.rebuild import DocumentParser


def region_uri(region: str) -> str:
    """The one name in a region's certificate."""
    return f"bailiwick://region/{region}"


def parsers(region: str, ledger_origin: str) -> Mapping[str, DocumentParser]:
    """The parser of each document field that leaves, by the field's full name."""

    def csr(body: bytes) -> bytes:
        return rebuild_csr(body, region)

    def checkpoint(body: bytes) -> bytes:
        return rebuild_checkpoint(body, ledger_origin)

    def said(body: bytes) -> bytes:
        return rebuild_statement(body, region)

    return {
        "bailiwick.agent.v1.EnrolRequest.csr": csr,
        "bailiwick.agent.v1.RenewRequest.csr": csr,
        "bailiwick.agent.v1.ReleaseState.statement": said,
        "bailiwick.witness.v1.AddCheckpointRequest.checkpoint": checkpoint,
    }


def rebuild_csr(body: bytes, region: str) -> bytes:
    """A PKCS#10 request that names the region by its URI and holds nothing else."""
    try:
        request = x509.load_der_x509_csr(body)
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        subject = [(attribute.oid, attribute.value) for attribute in request.subject]
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
        extensions = len(request.extensions)
    except (ValueError, x509.ExtensionNotFound) as error:
        raise ForbiddenValueError("the certificate request cannot be parsed") from error
    right_names = len(names) == 1 and uris == [region_uri(region)] and extensions == 1
    if not right_names or subject not in ([], [(NameOID.COMMON_NAME, region)]):
        raise ForbiddenValueError("the certificate request names more than the region")
    anew = request.public_bytes(Encoding.DER)
    if anew != body:
        raise ForbiddenValueError("the certificate request carries stray bytes")
    return anew


def rebuild_checkpoint(body: bytes, origin: str) -> bytes:
    """A signed checkpoint of this region's ledger with the ledger's own signature lines and no others."""
    try:
        note = parse_note(body)
        checkpoint = Checkpoint.parse(note.text)
    except ContractError as error:
        raise ForbiddenValueError("the checkpoint cannot be parsed") from error
    own = tuple(line for line in note.signatures if line.name == origin)
    if checkpoint.origin != origin or not own:
        raise ForbiddenValueError("the checkpoint is not one of this region's ledger")
    return Note(checkpoint.text(), own).encode()


def rebuild_statement(body: bytes, region: str) -> bytes:
    """An officers' consent or veto about this region: digests, numbers, a reason out of a closed list, signatures."""
    try:
        envelope = dsse.parse(body)
        said = statement.Statement.decode(envelope.payload)
    except ContractError as error:
        raise ForbiddenValueError("the statement cannot be parsed") from error
    if envelope.payload_type != statement.PAYLOAD_TYPE or said.region != region:
        raise ForbiddenValueError("the statement is not one of this region")
    return dsse.Envelope(statement.PAYLOAD_TYPE, said.encode(), envelope.signatures).encode()
