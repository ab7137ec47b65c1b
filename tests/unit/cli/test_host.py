"""The command host: it finds verbs, answers quickly, and fails with the exit codes that scripts rely on."""

from __future__ import annotations

import json
import subprocess
import sys

import httpx
import pytest

from bailiwick.cli import host, output, places


def test_help_lists_every_noun(capsys):
    assert host.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert "trust" in shown
    assert "export" in shown


def test_help_imports_nothing_heavy():
    heavy = "{'typer', 'httpx', 'rich'}"
    code = f"import sys; from bailiwick.cli import host; host.main(['-h']); print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_version(capsys):
    assert host.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("bailiwick ")


@pytest.mark.parametrize("words", [["nonsense"], ["trust"], ["trust", "nonsense"], ["trust", "export", "--nonsense"]])
def test_wrong_usage_is_2(words):
    assert host.main(words) == output.Exit.USAGE


def test_nobody_there_is_3(tmp_path, capsys):
    assert host.main(["trust", "export", "--home", str(tmp_path)]) == output.Exit.UNREACHABLE
    said = capsys.readouterr()
    assert said.out == ""
    assert "bailiwick up" in said.err


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, output.Exit.FORBIDDEN),
        (422, output.Exit.USAGE),
        (404, output.Exit.NOT_SO),
        (409, output.Exit.NOT_SO),
        (503, output.Exit.UNREACHABLE),
    ],
)
def test_a_problem_becomes_the_commands_error(status, code, capsys):
    response = httpx.Response(status, json={"detail": "the [region] is away", "fix": "wait for it"})
    with pytest.raises(SystemExit) as left:
        places.raise_problem(response)
    assert left.value.code == code
    said = capsys.readouterr().err
    assert "the [region] is away" in said
    assert "wait for it" in said


def test_a_problem_without_a_document_still_says_something(capsys):
    with pytest.raises(SystemExit):
        places.raise_problem(httpx.Response(500, text="<html>"))
    assert "HTTP status 500" in capsys.readouterr().err


def test_json_is_one_document_on_standard_output(capsys):
    shown = output.Output(json=True)
    shown.say("for people")
    shown.table(("A",), [("b",)])
    shown.document({"a": 1})
    assert json.loads(capsys.readouterr().out) == {"a": 1}


@pytest.mark.parametrize("region", ["", "../x", "eu de", "eu/de"])
def test_a_region_id_is_no_path(region):
    with pytest.raises(SystemExit) as left:
        places.region_dir(region)
    assert left.value.code == output.Exit.USAGE
