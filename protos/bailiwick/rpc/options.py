"""Channel and server options, the same at both ends of the link."""

from typing import Final, TypeAlias

Options: TypeAlias = tuple[tuple[str, int | str], ...]

MAX_MESSAGE: Final = 8 * 1024 * 1024
"""Largest message either way, in bytes: a report of 4 MiB, an artifact's chunk, with room."""
MAX_METADATA: Final = 16 * 1024
KEEPALIVE_MS: Final = 10_000
KEEPALIVE_TIMEOUT_MS: Final = 5_000

_BOTH: Final[Options] = (
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.max_metadata_size", MAX_METADATA),
    ("grpc.keepalive_time_ms", KEEPALIVE_MS),
    ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
)

SERVER: Final[Options] = (
    *_BOTH,
    ("grpc.so_reuseport", 0),  # grpcio's default lets two federations share a port in silence
    ("grpc.http2.min_ping_interval_without_data_ms", KEEPALIVE_MS // 2),
    ("grpc.max_concurrent_streams", 1024),
)

CHANNEL: Final[Options] = (
    *_BOTH,
    ("grpc.enable_retries", 0),  # the caller retries, with its own back-off and the same bytes
    ("grpc.use_local_subchannel_pool", 1),  # a new channel with a new certificate must not reuse an old connection
    ("grpc.initial_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)


def with_server_name(name: str) -> Options:
    """Channel options for a server certificate that bears another name than the address dialled."""
    return (*CHANNEL, ("grpc.ssl_target_name_override", name), ("grpc.default_authority", name))
