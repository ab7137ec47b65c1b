"""The supervisor: order, restart, stop, and what a crash leaves behind."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from bailiwick_local.control import PortsTakenError
from bailiwick_local.supervisor import logs
from bailiwick_local.supervisor.plan import Unit
from tests.unit.local.supervised import PARENT, STEADY, STUBBORN, Supervised, eventually, program, step

pytestmark = pytest.mark.faults


@pytest.fixture
def supervised(tmp_path):
    ours = Supervised.at(tmp_path)
    yield ours
    ours.control.stop(lambda _: None)
    assert not ours.left()


def test_stages_start_in_order_and_nothing_is_left_after_stop(supervised, tmp_path):
    order = tmp_path / "order"
    note = f"open({str(order)!r}, 'a').write"
    first = step(tmp_path, "first", f"{note}('first ')")
    second = program(tmp_path, "second", f"{note}('second '); {STEADY}")
    third = program(tmp_path, "third", f"{note}('third '); {STEADY}")
    supervised.start(Unit("eu-de", ((first,), (second,), (third,))))
    supervised.wait("third", "running")
    eventually(lambda: True if supervised.control.state().phase == "ready" else None)
    assert order.read_text().split() == ["first", "second", "third"]
    assert supervised.item("first").state == "done"
    assert supervised.control.stop(lambda _: None) == 0
    assert not supervised.control.running()
    assert not supervised.left()
    assert {item.state for item in supervised.control.state().items} == {"done", "stopped"}


def test_a_failed_step_holds_back_what_follows_it(supervised, tmp_path):
    bad = step(tmp_path, "migrate", "print('no such table'); raise SystemExit(3)")
    after = program(tmp_path, "gateway", STEADY)
    supervised.start(Unit("eu-de", ((bad,), (after,))))
    failed = supervised.wait("migrate", "failed")
    assert failed.detail == "ended with 3"
    assert logs.tail(Path(failed.log), 5) == ["no such table"]
    assert supervised.item("gateway").state == "waiting"
    assert supervised.control.hopeless()


def test_a_killed_program_is_started_again(supervised, tmp_path):
    supervised.start(Unit("eu-de", ((program(tmp_path, "gateway", STEADY),),)))
    before = supervised.wait("gateway", "running")
    os.kill(before.pid, signal.SIGKILL)
    eventually(lambda: True if supervised.item("gateway").restarts == 1 else None)
    after = supervised.wait("gateway", "running")
    assert after.pid != before.pid


def test_restarts_back_off_and_are_told(supervised, tmp_path):
    supervised.start(Unit("eu-de", ((program(tmp_path, "gateway", "raise SystemExit(7)"),),)))
    supervised.wait("gateway", "backoff")
    eventually(lambda: True if supervised.item("gateway").restarts >= 3 else None)
    item = supervised.wait("gateway", "backoff", "failed")
    assert item.detail.startswith("ended with 7, again in ")
    assert float(item.detail.split()[-2]) >= 2


def test_what_a_crashed_supervisor_left_is_ended_by_the_next(supervised, tmp_path):
    supervised.start(Unit("eu-de", ((program(tmp_path, "engines", PARENT),),)))
    supervised.wait("engines", "running")
    eventually(lambda: True if supervised.item("engines").descendants else None)
    supervised.crash()
    assert len(supervised.left()) == 2
    assert supervised.control.reap() == 2
    assert not supervised.left()
    supervised.start(Unit("eu-de", ((program(tmp_path, "engines", STEADY),),)))
    supervised.wait("engines", "running")


def test_children_of_a_killed_program_do_not_outlive_it(supervised, tmp_path):
    supervised.start(Unit("eu-de", ((program(tmp_path, "engines", PARENT),),)))
    before = supervised.wait("engines", "running")
    orphans = eventually(lambda: supervised.item("engines").descendants or None)
    os.kill(before.pid, signal.SIGKILL)
    supervised.wait("engines", "backoff", "starting")
    eventually(lambda: True if orphans[0][0] not in {process.pid for process in supervised.left()} else None)


def test_who_ignores_the_signal_is_killed(supervised, tmp_path):
    supervised.start(Unit("eu-de", ((program(tmp_path, "agent", STUBBORN, stop_seconds=0.5),),)))
    supervised.wait("agent", "running")
    supervised.control.stop(lambda _: None)
    assert not supervised.left()


def test_a_second_supervisor_leaves_at_once(supervised, tmp_path):
    unit = Unit("eu-de", ((program(tmp_path, "agent", STEADY),),))
    supervised.start(unit)
    first = supervised.wait("agent", "running")
    supervised.start(unit)
    log = tmp_path / "supervisor" / "supervisor.log"
    eventually(lambda: True if "another supervisor" in log.read_text() else None)
    assert [process.pid for process in supervised.left()].count(first.pid) == 1


def test_a_taken_port_is_named_with_who_has_it(supervised, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortsTakenError) as refused:
            supervised.start(ports={port: "centre console"})
    assert f"port {port} (centre console) is taken by process {os.getpid()}" in str(refused.value)
    assert not supervised.control.running()


def test_a_log_is_cut_and_kept(tmp_path):
    log = tmp_path / "gateway.log"
    for number in range(5):
        log.write_text(f"{number}" * 100)
        assert logs.rotate(log, limit=50)
    assert log.read_text() == ""
    assert [log.with_name(f"gateway.log.{n}").read_text()[0] for n in (1, 2, 3)] == ["4", "3", "2"]
    assert not logs.rotate(log, limit=50)
