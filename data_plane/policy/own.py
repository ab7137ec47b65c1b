"""The region's own policies: Cedar files in `policy/` of its directory. They can only tighten."""

from __future__ import annotations

from pathlib import Path

from bailiwick.contract.decision import lint_own, parse_policies
from bailiwick.contract.errors import PolicyError
from bailiwick.contract.release import Policy

MAX_FILES = 64


def load(directory: Path) -> tuple[Policy, ...]:
    """All policies of `*.cedar` in `directory`, in the order of their files; none where there is no such directory.

    Raises:
        PolicyError: a file does not parse, or holds a `permit`: a region can only tighten. It names the file.
    """
    if not directory.is_dir():
        return ()
    files = sorted(directory.glob("*.cedar"))
    if len(files) > MAX_FILES:
        raise PolicyError(f"{directory} holds more than {MAX_FILES} policy files")
    policies = tuple(policy for file in files for policy in _parsed(file))
    findings = lint_own(policies)
    if findings:
        raise PolicyError(f"{directory}: {'; '.join(findings)}")
    return policies


def _parsed(file: Path) -> tuple[Policy, ...]:
    try:
        policies = tuple(parse_policies(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{file} cannot be read: {type(error).__name__}") from error
    except PolicyError as error:
        raise PolicyError(f"{file}: {error}") from error
    findings = lint_own(policies)
    if findings:
        raise PolicyError(f"{file}: {'; '.join(findings)}: take it out, a region's own policies can only forbid")
    return policies
