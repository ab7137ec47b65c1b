"""From an invitation to a certificate. There is no trust on first use: the invitation says whom to believe.

1. The invitation must be for this region and jurisdiction, and not expired.
2. Of the chain presented at the enrolment port, the CA with the invitation's digest becomes the only root.
3. Over a connection that trusts it alone, the secret, a certificate request and the region's public keys are sent.
4. The CA and the TUF root that come back must have the invitation's digests; they are pinned, with the witness's key.
5. The certificate is asked for, with the enrolment key's proof, until the centre's operators have approved.

Private keys never leave; a refused invitation is removed, one that could not be redeemed yet stays.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from bailiwick.agent.v1 import enrolment_pb2, enrolment_pb2_grpc
from bailiwick.contract.enrolment import Invitation
from bailiwick.contract.errors import ContractError
from bailiwick.contract.keys import raw_public
from bailiwick.rpc import connect, credentials
from data_plane.agent.certificate import Held, accept, request
from data_plane.agent.errors import CentreAwayError, EnrolmentRefusedError, ProtocolBreachError
from data_plane.agent.files import AgentFiles
from data_plane.agent.peer import Accountant
from data_plane.agent.presented import trusted_ca
from data_plane.privacy import messages
from data_plane.privacy.messages import PublicKeys
from data_plane.privacy.ports import Clock
from data_plane.privacy.rebuild import Outgoing, Rebuilder

PROOF_PREFIX = b"bailiwick-renew-v1\n"
SECONDS = 10.0
AWAY = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}
CODES = {
    grpc.StatusCode.UNAUTHENTICATED: "invitation-refused",
    grpc.StatusCode.FAILED_PRECONDITION: "other-region",
    grpc.StatusCode.PERMISSION_DENIED: "invitation-refused",
}


@dataclass(frozen=True)
class Identity:
    """Who enrols, and where."""

    region: str
    jurisdiction: str
    enrolment: str
    keys: PublicKeys


@dataclass(frozen=True)
class Answer:
    """What the centre said to a request for a certificate: one of the wire's EnrolmentState, and the certificate."""

    state: int
    certificate: Held | None


class Enrolment:
    """The enrolment port, from the region's side."""

    def __init__(
        self,
        identity: Identity,
        files: AgentFiles,
        key: Ed25519PrivateKey,
        rebuilder: Rebuilder,
        accountant: Accountant,
        clock: Clock,
    ) -> None:
        self._identity = identity
        self._files = files
        self._key = key
        self._rebuilder = rebuilder
        self._accountant = accountant
        self._clock = clock

    async def redeem(self, token: str) -> None:
        """Steps 1 to 4.

        Raises:
            EnrolmentRefusedError: it cannot be redeemed, by a fixed code.
            CentreAwayError: not now.
        """
        invitation = self._judged(token, self._clock())
        ca_pem = await asyncio.to_thread(trusted_ca, self._identity.enrolment, invitation.ca.removeprefix("sha256:"))
        csr = request(self._files.tls_key(), self._identity.region)
        outgoing = messages.enrol(
            self._rebuilder, (bytes.fromhex(invitation.id), bytes.fromhex(invitation.secret)), csr, self._identity.keys
        )
        answer = await self._enrol(ca_pem, outgoing)
        der = x509.load_pem_x509_certificate(ca_pem).public_bytes(Encoding.DER)
        if answer.ca != der:
            raise EnrolmentRefusedError("untrusted-centre")
        if f"sha256:{hashlib.sha256(answer.tuf_root).hexdigest()}" != invitation.tuf_root:
            raise EnrolmentRefusedError("untrusted-root")
        await asyncio.to_thread(self._files.pin, ca_pem, answer.tuf_root, invitation.witness)

    async def certificate(self) -> Answer:
        """Step 5, and every renewal after it.

        Raises:
            CentreAwayError: not now.
            EnrolmentRefusedError: the centre will not renew: a new invitation is needed.
            ProtocolBreachError: what came back is no certificate for this region and key.
        """
        ca_pem, key = self._files.ca_pem(), self._files.tls_key()
        csr = request(key, self._identity.region)
        unix_time = int(self._clock().timestamp())
        proof = self._key.sign(PROOF_PREFIX + hashlib.sha256(csr).digest() + unix_time.to_bytes(8, "big"))
        outgoing = messages.renew(self._rebuilder, csr, raw_public(self._key.public_key()), proof, unix_time)
        answer = await self._renew(ca_pem, outgoing)
        if answer.state != enrolment_pb2.ENROLMENT_STATE_ISSUED:
            return Answer(int(answer.state), None)
        issued = accept(answer.certificate, ca_pem, key, self._identity.region)
        await asyncio.to_thread(self._files.keep_certificate, issued.pem)
        return Answer(int(answer.state), issued)

    def _judged(self, token: str, now: datetime) -> Invitation:
        try:
            invitation = Invitation.decode(token)
        except ContractError as error:
            raise EnrolmentRefusedError("unreadable-invitation") from error
        if invitation.region != self._identity.region:
            raise EnrolmentRefusedError("other-region")
        if invitation.jurisdiction != self._identity.jurisdiction:
            raise EnrolmentRefusedError("other-jurisdiction")
        if now >= invitation.expires:
            raise EnrolmentRefusedError("invitation-expired")
        return invitation

    async def _enrol(self, ca_pem: bytes, outgoing: Outgoing) -> enrolment_pb2.EnrolResponse:
        await self._accountant.control(outgoing)
        async with self._stub(ca_pem) as stub:
            answer: enrolment_pb2.EnrolResponse = await stub.Enrol(outgoing.message, timeout=SECONDS)
            return answer

    async def _renew(self, ca_pem: bytes, outgoing: Outgoing) -> enrolment_pb2.RenewResponse:
        await self._accountant.control(outgoing)
        async with self._stub(ca_pem) as stub:
            answer: enrolment_pb2.RenewResponse = await stub.Renew(outgoing.message, timeout=SECONDS)
            return answer

    @asynccontextmanager
    async def _stub(self, ca_pem: bytes) -> AsyncIterator[enrolment_pb2_grpc.EnrolmentServiceAsyncStub]:
        """A fresh channel; gRPC's errors become ours at this edge."""
        async with connect.channel(self._identity.enrolment, credentials.enrolment_channel(ca_pem)) as channel:
            try:
                yield enrolment_pb2_grpc.EnrolmentServiceStub(channel)
            except grpc.aio.AioRpcError as error:
                if error.code() in AWAY:
                    raise CentreAwayError from error
                if error.code() in CODES:
                    raise EnrolmentRefusedError(CODES[error.code()]) from error
                raise ProtocolBreachError("the enrolment port answered with an error of its own") from error
