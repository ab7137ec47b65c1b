"""Write the stubs beside their ``.proto`` files: ``python protos/generate.py [OUT]``.

The committed stubs are what this script writes; tests/architecture holds them against a fresh run.
"""

import subprocess
import sys
from importlib import resources
from pathlib import Path

HERE = Path(__file__).resolve().parent


def sources() -> list[str]:
    """Each treaty file, relative to this directory."""
    return sorted(str(path.relative_to(HERE)) for path in HERE.glob("bailiwick/**/*.proto"))


def generate(out: Path) -> int:
    """Write modules and type stubs (``_pb2``, ``_pb2_grpc``) below `out`; return protoc's exit status."""
    scripts = Path(sys.executable).parent
    builtin = resources.files("grpc_tools") / "_proto"
    command = [
        sys.executable,
        "-m",
        "grpc_tools.protoc",
        f"-I{HERE}",
        f"-I{builtin}",
        f"--plugin=protoc-gen-mypy={scripts / 'protoc-gen-mypy'}",
        f"--plugin=protoc-gen-mypy_grpc={scripts / 'protoc-gen-mypy_grpc'}",
        f"--python_out={out}",
        f"--grpc_python_out={out}",
        f"--mypy_out=quiet:{out}",
        f"--mypy_grpc_out=quiet:{out}",
        *sources(),
    ]
    return subprocess.run(command, check=False, cwd=HERE).returncode


def main() -> int:
    """Generate into the tree, or below the directory given as the one argument."""
    return generate(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HERE)


if __name__ == "__main__":
    sys.exit(main())
