"""The centre's settings: `centre.toml`, overridden by `BAILIWICK_CENTRE__<SECTION>__<KEY>` in the environment."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

SUPERUSER = "bw_super"
OWNER_ROLE = "bw_owner"
SERVICE_ROLES = ("bw_api", "bw_console", "bw_worker")
# What the set-up of the database creates, with the passwords of `keys/db-<role>.pw`; none of them has BYPASSRLS.
DATABASE_ROLES = (OWNER_ROLE, *SERVICE_ROLES)


class SettingsError(Exception):
    """The settings cannot be read; the text says where and why."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class CentreSection(_Section):
    """Who this centre is and where it keeps its files."""

    name: str = Field(default="bailiwick", pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")
    home: Path


class Listener(_Section):
    """A TCP address to listen on."""

    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)

    @property
    def address(self) -> str:
        """`host:port`, with brackets around an IPv6 address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class ServerListener(Listener):
    """A listener with a certificate: `names` are further DNS names or addresses for it.

    `advertised` is what invitations tell regions to dial, when that is not `host:port`.
    """

    names: tuple[str, ...] = ()
    advertised: str = ""

    @property
    def dialled(self) -> str:
        """What a region dials."""
        return self.advertised or self.address


class ConsoleListener(Listener):
    """REST and pages. `public_url` is what people's browsers call it by, where an ingress with TLS stands before it.

    `secure_cookie`: whether sessions travel by TLS only; by default they do, except on a loopback address.
    """

    public_url: str = Field(default="", pattern=r"^(https?://[^\s/]+)?$")
    secure_cookie: bool | None = None

    @property
    def url(self) -> str:
        """The address in links."""
        return self.public_url or f"http://{self.address}"

    @property
    def cookie_needs_tls(self) -> bool:
        """Whether the session's cookie is marked `Secure`."""
        if self.secure_cookie is not None:
            return self.secure_cookie
        return self.public_url.startswith("https://") or not _is_loopback(self.host)


class TemporalSection(_Section):
    """The Temporal cluster; `ui` is the address of its web pages, for links.

    TLS is on as soon as anything of it is set. `ca` is for a cluster whose certificate no public authority signed;
    `certificate` and `key` are for mTLS; all three are PEM files. `server_name` is the name in the cluster's
    certificate, where that is not the host of `address`. An API key (Temporal Cloud) is given here or, better, in a
    file that only the centre's user reads.
    """

    address: str = "127.0.0.1:8703"
    namespace: str = "default"
    ui: str = "http://127.0.0.1:8704"
    tls: bool = False
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    server_name: str = ""
    api_key: SecretStr | None = None
    api_key_file: Path | None = None

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is by TLS."""
        return any((self.tls, self.ca, self.certificate, self.server_name, self.api_key, self.api_key_file))

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            message = "mTLS takes both `certificate` and `key`"
            raise ValueError(message)
        if self.api_key is not None and self.api_key_file is not None:
            message = "give `api_key` or `api_key_file`, not both"
            raise ValueError(message)
        return self


class DatabaseSection(_Section):
    """PostgreSQL by host and port, or by a `dsn` in which `{role}` and `{password}` are filled in."""

    host: str = "127.0.0.1"
    port: int = Field(default=8706, ge=1, le=65535)
    name: str = "bailiwick"
    dsn: SecretStr | None = None
    pool: int = Field(default=8, ge=1, le=100)


class AuthoritySection(_Section):
    """Certificates and TUF.

    `offline` is where `init` puts the offline keys of a federation on one machine. In production it is "" and the keys
    are made in a ceremony elsewhere. Times are in seconds.
    """

    offline: str | None = None
    client_seconds: int = Field(default=86400, ge=300, le=86400 * 7)
    invitation_seconds: int = Field(default=86400, ge=60, le=86400)
    timestamp_seconds: int = Field(default=86400, ge=3600, le=86400 * 30)
    snapshot_seconds: int = Field(default=7 * 86400, ge=3600, le=86400 * 90)


class VocabularySection(_Section):
    """Registered words. A dimension that lists none takes any word of the right form."""

    cost_centre: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    project: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    use_case: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    tier: tuple[str, ...] = ()


class FleetSection(_Section):
    """The regions' links, in seconds: how often changes are polled for, and when a silent region counts as away."""

    poll_seconds: float = Field(default=1.0, gt=0, le=60)
    away_seconds: int = Field(default=30, ge=2, le=3600)


class CentreSettings(BaseSettings):
    """Everything that the centre's processes can be told."""

    model_config = SettingsConfigDict(
        env_prefix="BAILIWICK_CENTRE__",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    centre: CentreSection
    console: ConsoleListener = ConsoleListener(port=8700)
    agents: ServerListener = ServerListener(port=8701)
    enrolment: ServerListener = ServerListener(port=8702)
    temporal: TemporalSection = TemporalSection()
    database: DatabaseSection = DatabaseSection()
    authority: AuthoritySection = AuthoritySection()
    vocabulary: VocabularySection = VocabularySection()
    fleet: FleetSection = FleetSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes before the file."""
        return env_settings, init_settings

    @property
    def keys(self) -> Path:
        """Directory of the centre's online keys, mode 0700."""
        return self.centre.home / "keys"

    @property
    def data(self) -> Path:
        """Directory of what the centre keeps."""
        return self.centre.home / "data"

    @property
    def offline(self) -> Path | None:
        """Directory of the offline TUF keys of a local federation; None where they are kept elsewhere."""
        if self.authority.offline is None:
            return self.centre.home.parent / "offline"
        return Path(self.authority.offline) if self.authority.offline else None

    @property
    def admin_socket(self) -> Path:
        """The unix socket that trusts the operating system's owner."""
        return self.centre.home / "run" / "admin.sock"

    def dsn(self, role: str, password: str) -> str:
        """A libpq connection address for a role."""
        if self.database.dsn is not None:
            return self.database.dsn.get_secret_value().format(role=role, password=password)
        place = self.database
        return f"postgresql://{role}:{password}@{place.host}:{place.port}/{place.name}"

    def printable(self) -> str:
        """The effective settings as JSON, secrets masked."""
        return self.model_dump_json(indent=2)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def load(path: Path) -> CentreSettings:
    """Read and check a `centre.toml`; `BAILIWICK_TEMPORAL_ADDRESS` names the Temporal cluster in short.

    Raises `SettingsError` where the file cannot be read, and pydantic's `ValidationError` where a value is not allowed.
    """
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from error
    temporal = os.environ.get("BAILIWICK_TEMPORAL_ADDRESS")
    if temporal:
        values["temporal"] = {**values.get("temporal", {}), "address": temporal}
    return CentreSettings(**values)
