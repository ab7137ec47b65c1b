"""Channels and servers with the options and interceptors that every one of them has."""

from collections.abc import Sequence

import grpc
import grpc.aio

from bailiwick.rpc import options
from bailiwick.rpc.deadlines import DefaultDeadline


def channel(
    target: str,
    credentials: grpc.ChannelCredentials,
    *,
    server_name: str | None = None,
    deadline_seconds: float = 15.0,
) -> grpc.aio.Channel:
    """A channel to ``host:port`` on which a unary call without its own timeout gets `deadline_seconds`.

    grpcio cannot reload a client certificate: after a renewal, open a fresh channel and close the old one.
    """
    chosen = options.CHANNEL if server_name is None else options.with_server_name(server_name)
    return grpc.aio.secure_channel(
        target, credentials, options=chosen, interceptors=[DefaultDeadline(deadline_seconds)]
    )


def server(interceptors: Sequence[grpc.aio.ServerInterceptor]) -> grpc.aio.Server:
    """A server without ports; add services and a secure port, then start it."""
    return grpc.aio.server(interceptors=list(interceptors), options=options.SERVER)
