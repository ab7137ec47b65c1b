"""Writes `centre.toml` and `region.toml` of a local federation, once.

The files belong to whoever runs the region afterwards: what is there is never overwritten.
"""

from __future__ import annotations

import base64
import os
import tomllib
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from bailiwick_local import cache, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bailiwick_local.federation import Federation, Region

REPORT_SECONDS = 15
PAD = 16
# vLLM tells cached tokens only when asked to.
CHAT_OPTIONS = ("--max-model-len", "1024", "--enable-prompt-tokens-details")
ENGINE_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    # The worker shares its process with the engine core: a third less time to load, half a gigabyte less each.
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_NUM_THREADS": "1",
}


def write(federation: Federation) -> list[Path]:
    """Make the directories, the demo officers' keys and the settings files that are missing; returns what is new."""
    private_directory(federation.home)
    new = []
    centre = federation.centre_dir
    for directory in (centre, *(centre / name for name in ("data", "keys", "logs", "run"))):
        private_directory(directory)
    new += _write_once(centre / "centre.toml", _centre_toml(federation))
    for region in federation.regions:
        own = federation.region_dir(region)
        for directory in (own, *(own / name for name in ("data", "keys", "logs", "run", "code"))):
            private_directory(directory)
        officer = officer_public_key(federation.officer_key(region))
        new += _write_once(own / "region.toml", _region_toml(federation, region, officer))
    return new


def engine_urls(region_dir: Path) -> list[str]:
    """Addresses of the engines that the region starts itself; none where they run elsewhere."""
    engines = tomllib.loads((region_dir / "region.toml").read_text(encoding="utf-8")).get("engines", {})
    if engines.get("mode", "process") != "process":
        return []
    return [engine["url"].rstrip("/") for engine in engines.get("engine", ())]


def private_directory(path: Path) -> None:
    """Make a directory (and its parents) that only its owner may enter."""
    if not path.is_dir():
        path.mkdir(parents=True, mode=0o700)


def officer_public_key(path: Path) -> str:
    """The public half (`ed25519:<base64>`) of the officer's key in `path`, which is made if missing."""
    if path.exists():
        key = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{path} holds no Ed25519 key")
    else:
        key = Ed25519PrivateKey.generate()
        private_directory(path.parent)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return "ed25519:" + base64.b64encode(raw).decode()


def _write_once(path: Path, text: str) -> list[Path]:
    if path.exists():
        return []
    path.write_text(text, encoding="utf-8")
    return [path]


def _centre_toml(federation: Federation) -> str:
    ports = federation.centre_ports
    return f"""\
# The centre of a federation on this machine. Every key can also be set as BAILIWICK_CENTRE__SECTION__KEY.
[centre]
name = "bailiwick-local"
home = "{federation.centre_dir}"

[console]
host = "127.0.0.1"
port = {ports.console}

[agents]
host = "127.0.0.1"
port = {ports.agents}

[enrolment]
host = "127.0.0.1"
port = {ports.enrolment}

[temporal]
address = "127.0.0.1:{ports.temporal}"
namespace = "default"
ui = "http://127.0.0.1:{ports.temporal_ui}"

[database]
host = "127.0.0.1"
port = {ports.postgres}
name = "bailiwick"

# The words that reports may hold: what stands in another one is refused, so no name can pass for a team.
[vocabulary]
cost_centre = {_strings(vocabulary.COST_CENTRES)}
team = {_strings(vocabulary.TEAMS)}
project = {_strings(vocabulary.PROJECTS)}
product = {_strings(vocabulary.PRODUCTS)}
use_case = {_strings(vocabulary.USE_CASES)}
environment = {_strings(vocabulary.ENVIRONMENTS)}
"""


def _region_toml(federation: Federation, region: Region, officer: str) -> str:
    ports, centre = federation.region_ports(region), federation.centre_ports
    pots = "\n".join(_pot(pot, vocabulary.SCALE[region.currency]) for pot in vocabulary.POTS)
    chat = _engine(vocabulary.CHAT_MODEL, "chat", ports.engine(0), CHAT_OPTIONS)
    embedding = _engine(vocabulary.EMBEDDING_MODEL, "embedding", ports.engine(1), ("--runner", "pooling"))
    return f"""\
# Boundary settings of the region {region.id}: they belong to the region, and no release changes them without its
# officers. Every key can also be set as BAILIWICK_REGION__SECTION__KEY.
[region]
id = "{region.id}"
jurisdiction = "{region.jurisdiction}"
timezone = "{region.timezone}"
currency = "{region.currency}"
home = "{federation.region_dir(region)}"

[database]
host = "127.0.0.1"
port = {ports.postgres}
name = "bailiwick"

[gateway]
host = "127.0.0.1"
port = {ports.gateway}
workers = 1

[console]
host = "127.0.0.1"
port = {ports.console}

[metrics]
port = {ports.metrics}

[centre]
agents = "127.0.0.1:{centre.agents}"
enrolment = "127.0.0.1:{centre.enrolment}"

[reports]
every_seconds = {REPORT_SECONDS}  # a demo's pace; an hour is the default
profile = "floor"
k = 10
p_permille = 500

[ledger]
seal_seconds = 1
pad = {PAD}  # 256 by default; a report every {REPORT_SECONDS} s would fill the demo's ledger with padding

[vocabulary]
cost_centre = {_strings(vocabulary.COST_CENTRES)}
team = {_strings(vocabulary.TEAMS)}
project = {_strings(vocabulary.PROJECTS)}
product = {_strings(vocabulary.PRODUCTS)}
use_case = {_strings(vocabulary.USE_CASES)}
environment = {_strings(vocabulary.ENVIRONMENTS)}

[officers]
threshold = 1
keys = ["{officer}"]

[engines]
startup_seconds = 1200  # four engines load side by side, on whatever the machine has
mode = "process"

{chat}
{embedding}
{pots}"""


def _engine(model: str, kind: str, port: int, extra: Sequence[str]) -> str:
    command = [
        *(str(cache.engine_python()), "-m", "vllm.entrypoints.openai.api_server"),
        *("--model", str(cache.model_dir(model)), "--served-model-name", model),
        *("--host", "127.0.0.1", "--port", str(port)),
        *("--enforce-eager", "--dtype", "float32", "--kv-cache-memory-bytes", str(64 * 2**20)),
        *extra,
    ]
    variables = {**ENGINE_ENVIRONMENT, "VLLM_CACHE_ROOT": str(cache.cache_dir() / "vllm")}
    environment = ", ".join(f'{name} = "{value}"' for name, value in variables.items())
    return f"""\
[[engines.engine]]
model = "{model}"
kind = "{kind}"
url = "http://127.0.0.1:{port}"
command = {_strings(command)}
environment = {{ {environment} }}
"""


def _pot(pot: vocabulary.Pot, scale: int) -> str:
    lines = ["[[budgets.pot]]", f'id = "{pot.id}"']
    if pot.limit is not None:
        lines.append(f"limit = {pot.limit * scale}  # micro-units")
    match = ", ".join(f'{tag} = "{value}"' for tag, value in pot.match)
    rungs = ", ".join(f'{{ at_permille = {at}, action = "{action}" }}' for at, action in pot.thresholds)
    lines += [
        f'window = "{pot.window}"',
        f"match = {{ {match} }}" if match else "match = {}",
        f"thresholds = [{rungs}]",
    ]
    return "\n".join(lines) + "\n"


def _strings(values: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"
