"""The region's settings: `region.toml`, then `BAILIWICK_REGION__SECTION__KEY` from the environment above it.

Everything here is a boundary setting: it belongs to the region, and nothing the centre publishes can change it. A
wrong value stops a process at its start with the key's name and what would be right, never later.
"""

from __future__ import annotations

import os
import zoneinfo
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

DATABASE_OWNER = "bw_owner"
DATABASE_ROLES = ("bw_gateway", "bw_ledger", "bw_console", "bw_agent")
ENVIRONMENT_PREFIX = "BAILIWICK_REGION__"
TAGS = ("cost_centre", "team", "project", "product", "use_case", "environment")

Port = Annotated[int, Field(ge=1, le=65535)]
Label = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$")]
Address = Annotated[str, Field(pattern=r"^[A-Za-z0-9._\[\]:-]+:[0-9]{1,5}$")]
Micro = Annotated[int, Field(ge=0, le=2**53 - 1, strict=True)]


class SettingsError(Exception):
    """The settings cannot be used; the message names each key and what would be right."""


class Section(BaseModel):
    """A table of region.toml: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Region(Section):
    """Who this region is, and where its files lie."""

    id: Label
    jurisdiction: Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166 code or bloc, such as EU or IN")]
    timezone: str = Field(default="UTC", description="IANA name; calendar windows and days follow it")
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code")] = "EUR"
    home: Path = Field(description="absolute path of the region's own directory, with data/ keys/ logs/ run/ in it")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("unknown time zone; an IANA name such as Europe/Berlin is right") from error
        return value

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        if not value.is_absolute():
            raise ValueError("a relative path depends on who starts the process; an absolute path is right")
        return value


class Database(Section):
    """How services reach the region's PostgreSQL, each as its own role."""

    host: str = "127.0.0.1"
    port: Port = 8722
    name: str = "bailiwick"
    dsn: str | None = Field(default=None, description="template of an address, with {role} and {password} in it")
    passwords: Mapping[str, str] = Field(default_factory=dict, description="by role; else keys/db-<role>.pw")


class Gateway(Section):
    """Where applications call."""

    host: str = "127.0.0.1"
    port: Port = 8720
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    body_limit: Annotated[int, Field(ge=1024, le=64 * 2**20, description="bytes")] = 1_048_576
    request_seconds: Annotated[float, Field(gt=0, le=7200, description="longest whole answer")] = 900.0
    stall_seconds: Annotated[float, Field(gt=0, le=3600, description="longest silence of an engine")] = 120.0
    concurrency_per_key: Annotated[int, Field(ge=1, le=10_000, description="requests of one key at once")] = 256


class Console(Section):
    """Where officers and auditors call."""

    host: str = "127.0.0.1"
    port: Port = 8721


class Metrics(Section):
    """Prometheus, for the region only."""

    host: str = "127.0.0.1"
    port: Port = 8723


class Centre(Section):
    """Where the agent dials. The centre never dials."""

    agents: Address = "127.0.0.1:8701"
    enrolment: Address = "127.0.0.1:8702"


class Engine(Section):
    """One inference engine inside the region."""

    model: Label
    kind: Literal["chat", "embedding"]
    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+(/.*)?$")]
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = Field(default_factory=dict)


class Engines(Section):
    """The engines and how long they may take to load."""

    startup_seconds: Annotated[int, Field(ge=1, le=7200)] = 300
    mode: Literal["process", "url"] = "process"
    engine: tuple[Engine, ...] = ()

    @model_validator(mode="after")
    def _startable(self) -> Self:
        bare = [engine.model for engine in self.engine if self.mode == "process" and not engine.command]
        if bare:
            raise ValueError(f'engine {bare[0]!r} has no command; give one, or set engines.mode = "url"')
        return self


class Ledger(Section):
    """The clock of the seal and the padding of report boundaries."""

    seal_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    pad: Annotated[int, Field(ge=1, le=65536, description="multiple to which a report boundary is padded")] = 256
    origin: str | None = Field(default=None, pattern=r"^[^\s+]{1,128}$", description="C2SP origin line")


class Reports(Section):
    """What leaves the region, how often, and the floor beneath it."""

    every_seconds: Annotated[int, Field(ge=1, le=7 * 86400)] = 3600
    profile: Literal["floor", "digest-only"] = "floor"
    k: Annotated[int, Field(ge=2, le=10_000, description="distinct people in a released cell")] = 10
    p_permille: Annotated[int, Field(ge=1, le=1000, description="largest share of one person")] = 500


class Vocabulary(Section):
    """The registered values of each tag; anything else is refused at the gateway."""

    cost_centre: tuple[Label, ...] = ()
    team: tuple[Label, ...] = ()
    project: tuple[Label, ...] = ()
    product: tuple[Label, ...] = ()
    use_case: tuple[Label, ...] = ()
    environment: tuple[Label, ...] = ("experiment", "production")


class Signers(Section):
    """Officer keys of the region (`ed25519:<base64>`) and how many must sign."""

    threshold: Annotated[int, Field(ge=1, le=32)] = 1
    keys: tuple[Annotated[str, Field(pattern=r"^ed25519:[A-Za-z0-9+/]{43}=$")], ...] = ()


class Witness(Section):
    """Who outside the region must have seen a checkpoint (C2SP verifier keys)."""

    quorum: Annotated[int, Field(ge=0, le=32)] = 1
    keys: tuple[str, ...] = ()


class Threshold(Section):
    """A rung of a pot's ladder."""

    at_permille: Annotated[int, Field(ge=1, le=1000, description="share of the limit, in thousandths")]
    action: Literal["notify", "economy", "stop"]


class Pot(Section):
    """A budget: every request whose tags match reserves on it."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._/-]{0,127}$")]
    limit: Micro | None = Field(default=None, description="micro-units per window; none: counted, never refused")
    window: Literal["day", "week", "month", "quarter", "year", "never"] = "month"
    match: Mapping[Literal["cost_centre", "team", "project", "product", "use_case", "environment", "key"], str] = Field(
        default_factory=dict
    )
    thresholds: tuple[Threshold, ...] = ()


class Budgets(Section):
    """All pots of the region."""

    pot: tuple[Pot, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        ids = [pot.id for pot in self.pot]
        twice = {name for name in ids if ids.count(name) > 1}
        if twice:
            raise ValueError(f"two pots are called {min(twice)!r}; each needs an id of its own")
        return self


class RegionSettings(BaseSettings):
    """Everything a process of the region may know before it opens anything."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    region: Region
    database: Database = Database()
    gateway: Gateway = Gateway()
    console: Console = Console()
    metrics: Metrics = Metrics()
    centre: Centre = Centre()
    engines: Engines = Engines()
    ledger: Ledger = Ledger()
    reports: Reports = Reports()
    vocabulary: Vocabulary = Vocabulary()
    officers: Signers = Signers()
    witness: Witness = Witness()
    budgets: Budgets = Budgets()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 -- pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- pydantic's signature; no .env file is read
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- pydantic's signature; keys/ holds secrets
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment above the file."""
        return env_settings, init_settings

    @property
    def home(self) -> Path:
        """The region's own directory."""
        return self.region.home

    @property
    def keys_dir(self) -> Path:
        """Private keys and passwords, mode 0700."""
        return self.home / "keys"

    @property
    def data_dir(self) -> Path:
        """Everything durable that is not in PostgreSQL, and the embedded PostgreSQL itself."""
        return self.home / "data"

    @property
    def tiles_dir(self) -> Path:
        """The published ledger, in the layout of C2SP tlog-tiles."""
        return self.data_dir / "tiles"

    @property
    def anchor_path(self) -> Path:
        """The durable (size, root) outside PostgreSQL."""
        return self.data_dir / "ledger" / "anchor.json"

    @property
    def release_dir(self) -> Path:
        """Release blobs by digest and the record of what is applied."""
        return self.data_dir / "release"

    @property
    def run_dir(self) -> Path:
        """Sockets."""
        return self.home / "run"

    @property
    def admin_socket(self) -> Path:
        """The admin API, mode 0600."""
        return self.run_dir / "admin.sock"

    @property
    def ledger_origin(self) -> str:
        """The C2SP origin line, which is also the name in the ledger's verifier key."""
        return self.ledger.origin or f"bailiwick/{self.region.id}"

    def dsn(self, role: str) -> str:
        """The database address for `role`.

        Raises:
            SettingsError: the role has no password anywhere.
        """
        database = self.database
        if database.dsn is not None and "{password}" not in database.dsn:
            return database.dsn.replace("{role}", role)
        password = quote(self._password(role), safe="")
        template = database.dsn or f"postgresql://{{role}}:{{password}}@{database.host}:{database.port}/{database.name}"
        return template.replace("{role}", role).replace("{password}", password)

    def _password(self, role: str) -> str:
        given = self.database.passwords.get(role)
        if given is not None:
            return given
        path = self.keys_dir / f"db-{role}.pw"
        try:
            return path.read_text(encoding="ascii").strip()
        except OSError as error:
            raise SettingsError(
                f"no password for the database role {role}: {path} cannot be read ({error.strerror}). "
                f"Run `python -m data_plane init`, or set {ENVIRONMENT_PREFIX}DATABASE__DSN."
            ) from error

    def effective(self) -> dict[str, object]:
        """All settings as JSON-able values, secrets masked."""
        shown: dict[str, object] = self.model_dump(mode="json")
        database = self.database.model_dump(mode="json")
        database["passwords"] = dict.fromkeys(database["passwords"], "********")
        if database["dsn"] is not None:
            database["dsn"] = _without_password(str(database["dsn"]))
        shown["database"] = database
        return shown


def _without_password(dsn: str) -> str:
    head, separator, tail = dsn.rpartition("@")
    scheme, slashes, user = head.partition("://")
    if not separator or ":" not in user:
        return dsn
    return f"{scheme}{slashes}{user.partition(':')[0]}:********@{tail}"


def load(path: Path) -> RegionSettings:
    """Reads `path` and the environment.

    Raises:
        SettingsError: the file is missing or a value is wrong; every wrong key is named.
    """
    if not path.is_file():
        raise SettingsError(f"no settings at {path}: give --config FILE or set BAILIWICK_CONFIG")
    try:
        values = TomlConfigSettingsSource(RegionSettings, toml_file=path)()
    except (ValueError, OSError) as error:
        raise SettingsError(f"{path} is not readable TOML: {error}") from error
    try:
        return RegionSettings(**values)
    except ValidationError as error:
        raise SettingsError(_explain(path, error)) from error


def _explain(path: Path, error: ValidationError) -> str:
    lines = [f"{path}: {error.error_count()} setting(s) cannot be used"]
    for item in error.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in item["loc"]) or "(file)"
        variable = ENVIRONMENT_PREFIX + "__".join(str(part).upper() for part in item["loc"])
        source = f" (from {variable})" if variable in os.environ else ""
        lines.append(f"  {key}{source}: {item['msg'].removeprefix('Value error, ')}")
    return "\n".join(lines)
