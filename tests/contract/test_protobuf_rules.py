"""The treaty's files follow buf's rules, and stay compatible with the treaty as it was last released.

``protos/baseline.binpb`` is that release: ``buf build --exclude-source-info -o baseline.binpb`` in ``protos`` when a
version is tagged, never to make this test pass.
"""

import subprocess
import sys
from pathlib import Path

from tests.architecture.tree import ROOT

PROTOS = ROOT / "protos"
BUF = Path(sys.executable).with_name("buf")


def buf(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BUF, *arguments], cwd=PROTOS, check=False, capture_output=True, text=True)


def test_the_files_follow_the_rules():
    done = buf("lint")
    assert (done.returncode, done.stdout) == (0, "")


def test_nothing_breaks_what_was_released():
    done = buf("breaking", "--against", "baseline.binpb")
    assert (done.returncode, done.stdout) == (0, "")


def test_a_break_would_be_found(tmp_path):
    """The check is one that can fail: a field that is gone is found."""
    source = (PROTOS / "bailiwick" / "witness" / "v1" / "witness.proto").read_text(encoding="utf-8")
    for path in sorted(PROTOS.glob("bailiwick/**/*.proto")):
        copy = tmp_path / path.relative_to(PROTOS)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "buf.yaml").write_bytes((PROTOS / "buf.yaml").read_bytes())
    field = next(line for line in source.splitlines() if "uint64 old_size = 1" in line)
    (tmp_path / "bailiwick" / "witness" / "v1" / "witness.proto").write_text(
        source.replace(field, ""), encoding="utf-8"
    )
    done = buf("breaking", str(tmp_path), "--against", "baseline.binpb")
    assert done.returncode != 0
    assert "old_size" in done.stdout
