"""`bailiwick up`, `down`, `status`, `logs`: a federation on this machine."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bailiwick.cli import places
from bailiwick.cli.options import HomeOption, JsonOption
from bailiwick.cli.output import Exit, Output, fail
from bailiwick_local import cache, configuration, processes, status_table, wheel
from bailiwick_local import status as statuses
from bailiwick_local.control import Control, PortsTakenError
from bailiwick_local.federation import ENGINES, Federation
from bailiwick_local.postgres import socket_dir
from bailiwick_local.progress import STOPPING, Progress
from bailiwick_local.supervisor import logs as log_files
from bailiwick_local.unprivileged import NotReachableError

if TYPE_CHECKING:
    from bailiwick_local.supervisor.state import State

START_SECONDS = 1500.0
SHOWN_LINES = 15
MOST_SOCKET_PATH = 107


def up(
    *,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", help="Leave this process out, such as engines; repeatable.", show_default=False),
    ] = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Start the centre and the regions; they keep running when this command ends."""
    output = Output(json_)
    federation = find(home)
    start(federation, output, frozenset(without or ()))
    document = statuses.document(federation, control(federation).state())
    if json_:
        output.document(document)
    else:
        status_table.show(output, document)


def down(*, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Stop everything in order, and end what a crash may have left."""
    output = Output(json_)
    federation = find(home)
    ours = control(federation)
    was_running = ours.running()
    with Progress(output.errors, STOPPING) as progress:
        killed = ours.stop(progress)
    if killed and not was_running:
        output.note(f"ended {killed} processes that a crash had left")
    if json_:
        output.document({"stopped": was_running, "reaped": killed})
    else:
        output.say("stopped" if was_running or killed else "nothing was running")


def status(*, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Show what runs and in which state; exit code 1 when something is not well."""
    output = Output(json_)
    federation = find(home)
    ours = control(federation)
    document = statuses.document(federation, ours.state() if ours.running() else None)
    if json_:
        output.document(document)
    else:
        status_table.show(output, document)
    if not statuses.healthy(document):
        raise SystemExit(int(Exit.NOT_SO))


def logs(
    process: Annotated[str, typer.Argument(help="Such as centre/api or eu-de/gateway; nothing: list them.")] = "",
    *,
    home: HomeOption = None,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the last lines.", min=1)] = 40,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on showing new lines.")] = False,
) -> None:
    """Show the log of a process."""
    output = Output()
    federation = find(home)
    last = control(federation).state()
    known = {f"{item.unit}/{item.name}": Path(item.log) for item in last.items} if last else {}
    known["supervisor"] = federation.supervisor_dir / "supervisor.log"
    if not process:
        output.table(("process", "log"), sorted((name, str(path)) for name, path in known.items()))
        return
    if process not in known:
        fail(f"there is no process {process!r}", f"one of: {', '.join(sorted(known))}", Exit.USAGE)
    for line in log_files.tail(known[process], lines):
        typer.echo(line)
    if follow:
        _follow(known[process])


def find(home: Path | None) -> Federation:
    """The federation under `--home`, on the ports that its own settings name where it has some."""
    base = places.port_base()
    directory = places.home(home)
    if (directory / "centre" / "centre.toml").exists():
        console = places.centre_settings(home).get("console")
        if isinstance(console, dict) and isinstance(console.get("port"), int):
            base = console["port"]
    return Federation(directory, base)


def control(federation: Federation) -> Control:
    """How to reach the federation's supervisor."""
    return Control(federation.supervisor_dir, str(federation.home))


def start(federation: Federation, output: Output, without: frozenset[str] = frozenset()) -> None:
    """Start the federation unless it runs, and wait until all of it is ready. Ctrl-C before that stops it again."""
    _need_setup()
    _need_short_paths(federation)
    configuration.write(federation)
    ours = control(federation)
    stopping = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if ours.hopeless():
            ours.stop(lambda _: None)
        if ours.ready():
            output.note("  it runs already")
            return
        if not ours.running():
            _launch(federation, ours, output, without)
        with Progress(output.errors) as progress:
            last = ours.follow(progress, START_SECONDS)
    except KeyboardInterrupt:
        output.note("interrupted before everything was ready: stopping")
        with Progress(output.errors, STOPPING) as progress:
            ours.stop(progress)
        raise SystemExit(130) from None
    finally:
        signal.signal(signal.SIGTERM, stopping)
    if last is None or last.phase != "ready":
        _explain(last, federation, output)


def _launch(federation: Federation, ours: Control, output: Output, without: frozenset[str]) -> None:
    left = ours.reap()
    if left:
        output.note(f"ended {left} processes that a crash had left")
    try:
        plan = processes.plan(federation, wheel.build()).without(without)
        ours.start(plan, _wanted(federation))
    except PortsTakenError as error:
        fix = "stop it, or choose other ports with BAILIWICK_PORT_BASE (and another BAILIWICK_HOME)"
        fail("\n       ".join(error.sentences), fix, Exit.NOT_SO)
    except NotReachableError as error:
        fail(str(error), "run as an ordinary user, or put BAILIWICK_HOME where others may enter")


def _need_short_paths(federation: Federation) -> None:
    longest = max(len(str(socket_dir(federation.region_dir(region)))) for region in federation.regions)
    if longest + len("/.s.PGSQL.65535") > MOST_SOCKET_PATH:
        fail(
            f"{federation.home} is too long: sockets below it would not fit into the kernel's {MOST_SOCKET_PATH} bytes",
            "choose a shorter one with BAILIWICK_HOME",
            Exit.USAGE,
        )


def _wanted(federation: Federation) -> dict[int, str]:
    """The ports that the federation's own processes take; engines that run elsewhere keep theirs."""
    wanted = federation.ports()
    for region in federation.regions:
        if not configuration.engine_urls(federation.region_dir(region)):
            for index in range(len(ENGINES)):
                del wanted[federation.region_ports(region).engine(index)]
    return wanted


def _explain(last: State | None, federation: Federation, output: Output) -> None:
    if last is None:
        log = federation.supervisor_dir / "supervisor.log"
        fail("the supervisor did not start", f"read {log}")
    stuck = [item for item in last.items if item.state not in {"running", "done", "waiting"}]
    for item in stuck[:3]:
        output.note(f"[bold red]{item.unit} {item.name}[/]: {item.state} {item.detail}; the end of {item.log}:")
        for line in log_files.tail(Path(item.log), SHOWN_LINES):
            output.errors.print(f"    {line}", markup=False)
    names = ", ".join(f"{item.unit}/{item.name}" for item in stuck) or "the federation"
    fail(f"not ready: {names}", "what runs was left running; look with `bailiwick logs`, stop with `bailiwick down`")


def _need_setup() -> None:
    missing = [
        name
        for name, there in (
            ("the engine environment", cache.engine_python().exists()),
            ("the chat model", (cache.model_dir("tiny-chat") / "config.json").exists()),
            ("the embedding model", (cache.model_dir("minilm") / "config.json").exists()),
            ("the Temporal server", cache.temporal() is not None),
            ("the installer", cache.uv() is not None),
        )
        if not there
    ]
    if missing:
        fail(f"set-up is not complete: {', '.join(missing)} not found in {cache.cache_dir()}", "make setup")


def _follow(path: Path) -> None:
    with path.open(encoding="utf-8", errors="replace") as file:
        file.seek(0, 2)
        while True:
            line = file.readline()
            if line:
                typer.echo(line, nl=False)
            else:
                time.sleep(0.2)
