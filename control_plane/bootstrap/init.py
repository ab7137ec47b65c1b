"""`python -m control_plane init`: makes the keys and directories that are missing. Says nothing on the second run."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from control_plane.authority import certificates, keyfiles, tuf
from control_plane.bootstrap.passwords import password_file
from control_plane.settings import DATABASE_ROLES, SUPERUSER, CentreSettings

ONLINE = ("witness", "log", "tuf-snapshot", "tuf-timestamp")
OFFLINE = ("root-1", "root-2", "targets-1", "targets-2")
ROTATE_BEFORE = timedelta(days=45)


def main(settings: CentreSettings) -> int:
    """Make what is missing; every step is safe to repeat."""
    try:
        made = [text for text in _steps(settings, datetime.now(UTC)) if text]
    except keyfiles.KeyFileError as error:
        print(f"control_plane init: {error}", file=sys.stderr)  # noqa: T201 - a set-up step, not a service
        return 1
    for text in made:
        print(text, file=sys.stderr)  # noqa: T201 - a set-up step, not a service
    return 0


def _steps(settings: CentreSettings, now: datetime) -> list[str]:
    home = settings.centre.home
    made = [
        f"made {home / name}" for name in ("", "keys", "data", "run", "logs") if keyfiles.private_directory(home / name)
    ]
    made.extend(_once(password_file(settings, role), _new_password) for role in (SUPERUSER, *DATABASE_ROLES))
    made.extend(_once(settings.keys / f"{name}.pem", _new_key) for name in ONLINE)
    made.append(_once(settings.keys / "session.key", lambda: secrets.token_bytes(32)))
    made.append(_certificate_authority(settings, now))
    made.append(server_certificate(settings, now))
    if settings.offline is not None:
        made.append(_offline(settings.offline))
        made.append(_repository(settings, settings.offline, now))
    return made


def _new_password() -> bytes:
    return f"{secrets.token_urlsafe(32)}\n".encode()


def _new_key() -> bytes:
    return keyfiles.pem(Ed25519PrivateKey.generate())


def _once(path: Path, body: Callable[[], bytes]) -> str:
    if path.exists():
        return ""
    keyfiles.write_once(path, body())
    return f"made {path}"


def _certificate_authority(settings: CentreSettings, now: datetime) -> str:
    path = settings.keys / "ca.crt"
    if path.exists():
        return ""
    key, certificate = certificates.make_ca(settings.centre.name, now)
    keyfiles.replace(settings.keys / "ca.pem", keyfiles.pem(key))
    keyfiles.write_once(path, certificate.public_bytes(Encoding.PEM), 0o644)
    return f"made {path}"


def server_certificate(settings: CentreSettings, now: datetime) -> str:
    """Make the server's key and certificate anew when they are missing or past half of their life.

    The chain holds the CA too: a region that has only an invitation finds the CA there and checks its digest.
    """
    path = settings.keys / "server.crt"
    if path.exists() and keyfiles.certificate(path).not_valid_after_utc - now > ROTATE_BEFORE:
        return ""
    ca_key, ca = keyfiles.p256(settings.keys / "ca.pem"), keyfiles.certificate(settings.keys / "ca.crt")
    names = dict.fromkeys([*_names(settings), *settings.agents.names, *settings.enrolment.names])
    key, certificate = certificates.make_server(ca_key, ca, tuple(names), now)
    keyfiles.replace(settings.keys / "server.pem", keyfiles.pem(key))
    chain = certificate.public_bytes(Encoding.PEM) + ca.public_bytes(Encoding.PEM)
    keyfiles.replace(path, chain, 0o644)
    return f"made {path}"


def _names(settings: CentreSettings) -> list[str]:
    """The hosts that regions dial, but for those that mean every address."""
    hosts = [listener.dialled.rpartition(":")[0].strip("[]") for listener in (settings.agents, settings.enrolment)]
    return [host for host in hosts if host not in {"", "0.0.0.0", "::"}]  # noqa: S104 - compared, not bound


def _offline(directory: Path) -> str:
    keyfiles.private_directory(directory)
    made = [_once(directory / f"{name}.pem", _new_key) for name in OFFLINE]
    return f"made the offline TUF keys in {directory}" if any(made) else ""


def _repository(settings: CentreSettings, offline: Path, now: datetime) -> str:
    directory = settings.data / "tuf"
    if (directory / "timestamp.json").exists():
        return ""
    keyfiles.private_directory(directory)
    keys = {name: keyfiles.ed25519(offline / f"{name}.pem") for name in OFFLINE}
    online = [keyfiles.ed25519(settings.keys / f"tuf-{role}.pem") for role in ("snapshot", "timestamp")]
    made = tuf.first_repository(
        [keys["root-1"], keys["root-2"]], [keys["targets-1"], keys["targets-2"]], (online[0], online[1]), now
    )
    for role in ("root", "targets", "snapshot", "timestamp"):
        keyfiles.replace(directory / f"{role}.json", made[role], 0o644)
    return f"made {directory}"
