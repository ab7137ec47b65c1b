"""The embedded PostgreSQL of one plane: the binaries of a wheel, a cluster, roles and a database of our own.

`python -m bailiwick_local.postgres initdb|prepare DIRECTORY PORT ROLE...` are two idempotent steps of `bailiwick up`:
`initdb` before the server first starts, `prepare` once it answers. DIRECTORY is `centre/` or `regions/<id>/`.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

from bailiwick_local import cache, unprivileged

SUPERUSER = "bw_super"
OWNER = "bw_owner"
DATABASE = "bailiwick"
REGION_ROLES = ("bw_gateway", "bw_ledger", "bw_console", "bw_agent")
CENTRE_ROLES = ("bw_api", "bw_console", "bw_worker")
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "log_checkpoints": "off",
    "log_connections": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


def cluster_dir(directory: Path) -> Path:
    """Where the cluster's files lie."""
    return directory / "data" / "pg"


def socket_dir(directory: Path) -> Path:
    """Where the server puts its socket; a directory of its own, because another user owns it."""
    return directory / "run" / "postgres"


def server_command(directory: Path, port: int) -> list[str]:
    """How to run the server in the foreground."""
    options = [word for name, value in OPTIONS.items() for word in ("-c", f"{name}={value}")]
    words = ["-D", str(cluster_dir(directory)), "-p", str(port), "-k", str(socket_dir(directory)), *options]
    return _as_server_user([str(cache.postgres_bin() / "postgres"), *words], directory)


def initdb(directory: Path) -> None:
    """Make the cluster if it is not there. A half-made one, left by a crash, is made anew."""
    cluster, sockets = cluster_dir(directory), socket_dir(directory)
    sockets.mkdir(parents=True, exist_ok=True, mode=0o700)
    unprivileged.give(sockets)
    password = _password(directory, SUPERUSER)
    if (cluster / "PG_VERSION").exists() and (cluster / "global" / "pg_control").exists():
        return
    cluster.mkdir(parents=True, exist_ok=True, mode=0o700)
    for leftover in cluster.iterdir():
        subprocess.run(["/bin/rm", "-rf", "--", str(leftover)], check=True)
    password_file = sockets / "initial"
    with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(password)
    unprivileged.give(sockets)
    unprivileged.give(cluster)
    words = [str(cache.postgres_bin() / "initdb"), "-D", str(cluster), "-U", SUPERUSER, f"--pwfile={password_file}"]
    words += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--data-checksums"]
    try:
        subprocess.run(_as_server_user(words, directory), check=True)
    finally:
        password_file.unlink()


def prepare(directory: Path, port: int, roles: tuple[str, ...]) -> None:
    """Make or mend roles, passwords, database and grants. Service roles own nothing and bypass no row's security."""
    _psql(
        directory, port, "postgres", "\n".join(_role_sql(role, _password(directory, role)) for role in (OWNER, *roles))
    )
    found = _psql(directory, port, "postgres", f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}';")  # noqa: S608 - constant
    if "1" not in found.split():
        _psql(directory, port, "postgres", f"CREATE DATABASE {DATABASE} OWNER {OWNER} TEMPLATE template0;")
    grants = [
        "CREATE EXTENSION IF NOT EXISTS vector;",
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;",
        f"GRANT CONNECT ON DATABASE {DATABASE} TO {', '.join(roles)};",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
        f"GRANT ALL ON SCHEMA public TO {OWNER};",
    ]
    _psql(directory, port, DATABASE, "\n".join(grants))


def _role_sql(role: str, password: str) -> str:
    options = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') THEN "  # noqa: S608 - our own names
        f"CREATE ROLE {role}; END IF; END $$;\nALTER ROLE {role} {options} PASSWORD '{password}';"
    )


def _psql(directory: Path, port: int, database: str, script: str) -> str:
    words = [str(cache.postgres_bin() / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
    words += ["-h", "127.0.0.1", "-p", str(port), "-U", SUPERUSER, "-d", database, "-f", "-"]
    environment = {
        **os.environ,
        "PGPASSWORD": _password(directory, SUPERUSER),
        "PGOPTIONS": "-c client_min_messages=warning",
    }
    done = subprocess.run(words, input=script, env=environment, text=True, check=False, capture_output=True)
    if done.returncode != 0:
        raise SystemExit(f"psql: {done.stderr.strip()}")
    return done.stdout


def _password(directory: Path, role: str) -> str:
    path = directory / "keys" / f"db-{role}.pw"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(24) + "\n")
    return path.read_text(encoding="ascii").strip()


def _as_server_user(words: list[str], directory: Path) -> list[str]:
    return unprivileged.command(words, (cache.postgres_bin(), cluster_dir(directory)))


def main(arguments: list[str]) -> int:
    """Run one of the two steps."""
    step, directory, port, *roles = arguments
    if step == "initdb":
        initdb(Path(directory))
    elif step == "prepare":
        prepare(Path(directory), int(port), tuple(roles))
    else:
        raise SystemExit(f"no step {step!r}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
