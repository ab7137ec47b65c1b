"""TLS credentials from PEM bytes; whoever composes the process reads the files."""

import grpc


def agents_server(ca: bytes, key: bytes, chain: bytes) -> grpc.ServerCredentials:
    """The agents port: both ends show certificates of the one CA."""
    return grpc.ssl_server_credentials([(key, chain)], root_certificates=ca, require_client_auth=True)


def enrolment_server(key: bytes, chain: bytes) -> grpc.ServerCredentials:
    """The enrolment port: only the server shows a certificate."""
    return grpc.ssl_server_credentials([(key, chain)], root_certificates=None, require_client_auth=False)


def agents_channel(ca: bytes, key: bytes, chain: bytes) -> grpc.ChannelCredentials:
    """A region's way to the agents port, with its own key and certificate."""
    return grpc.ssl_channel_credentials(root_certificates=ca, private_key=key, certificate_chain=chain)


def enrolment_channel(ca: bytes) -> grpc.ChannelCredentials:
    """A region's way to the enrolment port: it trusts this CA and no other."""
    return grpc.ssl_channel_credentials(root_certificates=ca)
