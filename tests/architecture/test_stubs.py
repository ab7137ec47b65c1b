"""The committed stubs are what protos/generate.py writes."""

import filecmp
import subprocess
import sys
from pathlib import Path

from tests.architecture.tree import ROOT, SKIPPED_PARTS

PATTERNS = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi")


def _stubs(root: Path) -> set[Path]:
    found = (path for pattern in PATTERNS for path in root.rglob(pattern))
    return {path.relative_to(root) for path in found if not SKIPPED_PARTS.intersection(path.parts)}


def test_committed_stubs_have_not_drifted(tmp_path):
    subprocess.run([sys.executable, ROOT / "protos" / "generate.py", tmp_path], check=True)
    protos = ROOT / "protos"
    assert _stubs(protos) == _stubs(tmp_path)
    assert [str(p) for p in sorted(_stubs(tmp_path)) if not filecmp.cmp(protos / p, tmp_path / p, shallow=False)] == []
