"""The command contract: one object on stdout, and exit codes that scripts may trust."""

from __future__ import annotations

import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import CommandParser

from core.commands import JinshaoCommand, Usage
from core.errors import BadInput, Missing, NotAllowed, StaleVersion
from journal.jobs import jobs
from journal.record import sealing

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]


class Noisy(JinshaoCommand):
    requires_system_checks: list = []

    def add_arguments(self, parser: CommandParser) -> None:
        below = parser.add_subparsers(dest="verb", required=True)
        for verb in ("do", "refuse", "misuse"):
            below.add_parser(verb)

    def run(self, *, verb: str, **options: object) -> dict:
        print("a library talks")
        self.stdout.write("we talk")
        if verb == "refuse":
            raise NotAllowed("不是本辖区。", details={"cell": "210502"})
        if verb == "misuse":
            raise Usage("缺少文件")
        return {"done": 3}

    def show(self, result: dict) -> None:
        self.stdout.write(f"办了 {result['done']} 件")


def run(*argv: str) -> tuple[int, str, str]:
    """Run as from a shell: exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        Noisy(stdout=out, stderr=err).run_from_argv(["manage.py", "noisy", *argv])
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        sys.stdout, sys.stderr = before
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("argv", [("do", "--json"), ("--json", "do")])
def test_json_is_one_object_on_stdout_and_nothing_else(argv):
    code, out, err = run(*argv)
    assert (code, json.loads(out)) == (0, {"done": 3})
    assert "a library talks" in err
    assert "we talk" in err


def test_a_refusal_is_exit_code_one_with_its_reason():
    code, out, err = run("refuse", "--json")
    assert code == 1
    assert json.loads(out) == {"error": "not_allowed", "message": "不是本辖区。", "cell": "210502"}
    code, out, err = run("refuse")
    assert code == 1
    assert "不是本辖区" in err


@pytest.mark.parametrize("argv", [("misuse",), ("misuse", "--json"), (), ("do", "--no-such-option")])
def test_wrong_use_is_exit_code_two(argv):
    assert run(*argv)[0] == 2


def test_people_read_words():
    assert "办了 3 件" in run("do")[1]


def test_a_refusal_says_where_and_what_is_missing():
    assert BadInput("读不出经度", where="Sheet1!F9").as_json() == {
        "error": "bad_input",
        "message": "Sheet1!F9：读不出经度",
        "where": "Sheet1!F9",
    }
    assert Missing(["批件", "签字"]).as_json()["requirements"] == ["批件", "签字"]
    assert StaleVersion().code == "stale_version"


def call(*argv: str) -> dict:
    out = io.StringIO()
    call_command(*argv, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_journal_seals_shows_its_head_and_verifies(write):
    write()
    assert call("journal", "seal")["sealed"] == 1
    head = call("journal", "head")
    assert head["head"] == sealing.head_text()
    assert call("journal", "verify", "--expect", head["head"])["ok"] is True
    with pytest.raises(CommandError) as refused:
        call_command("journal", "verify", "--expect", "1:" + "0" * 64, stderr=io.StringIO())
    assert refused.value.returncode == 1
    with pytest.raises(CommandError) as wrong:
        call_command("journal", "verify", "--expect", "what", stderr=io.StringIO())
    assert wrong.value.returncode == 2


@pytest.mark.usefixtures("handlers", "no_wake")
def test_jobs_run_and_are_listed_until_they_are_done():
    jobs.handler("test.work")(lambda payload: None)
    jobs.enqueue("test.work", "k")
    assert [job["key"] for job in call("jobs", "list")["jobs"]] == ["k"]
    assert call("jobs", "run") == {"tried": 1}
    assert call("jobs", "sweep") == {"given_back": 0}
    assert call("jobs", "list")["jobs"] == []


def test_every_job_of_ours_has_a_name_that_people_read():
    jobs.discover()
    assert len(jobs.HANDLERS) > 10
    assert [name for name in jobs.HANDLERS if jobs.label(name) == name] == []
