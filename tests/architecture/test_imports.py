"""What import-linter cannot say: which modules outside the project the contract and the verifier may use at all."""

import ast
import sys
from collections.abc import Iterator

from tests.architecture.tree import Source, sources

CONTRACT = frozenset({"bailiwick.contract", "cedarpy", "cryptography"})
VERIFIER = frozenset(
    {"bailiwick", "cedarpy", "cryptography", "google.protobuf", "pyrage", "rfc8785", "securesystemslib", "tuf.api"}
)
IMPURE = frozenset(
    {"asyncio", "http", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil", "socket", "subprocess"}
    | {"tempfile", "threading", "time", "urllib", "uuid"}
)


def _imported(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module


def _within(module: str, allowed: frozenset[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


def _foreign(package: str, allowed: frozenset[str], refused: frozenset[str]) -> list[str]:
    standard = frozenset(sys.stdlib_module_names) - refused
    return [
        f"{source.name}: {module}"
        for source in sources(package)
        for module in _imported(source)
        if module.split(".")[0] not in standard and not _within(module, allowed)
    ]


def test_the_contract_is_pure():
    assert _foreign("protos/bailiwick/contract", CONTRACT, IMPURE) == []


def test_the_verifier_needs_no_network_and_no_platform():
    network = frozenset({"asyncio", "http", "multiprocessing", "socket", "subprocess", "urllib"})
    assert _foreign("protos/bailiwick/verify", VERIFIER, network) == []
