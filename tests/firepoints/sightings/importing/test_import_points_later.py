"""A large file on the command line: the answer comes at the commit, the points from a worker."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from firepoints.management.commands import ingest as command
from firepoints.models import FirePoint, ImportRun
from firepoints.sightings.importing.order import run_named
from journal.jobs import jobs
from tests.factories.city import IN_EAST, IN_WEST
from tests.safety.conftest import HEADER, firms_row


@pytest.fixture
def path(tmp_path: Path, city, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(command, "POINTS_AT_ONCE", 1)
    path = tmp_path / "large.csv"
    rows = (firms_row(IN_WEST), firms_row(IN_EAST))
    path.write_text("\n".join((HEADER, *rows)) + "\n")
    return path


def told(capsys: pytest.CaptureFixture[str], path: Path, **options: bool) -> dict:
    call_command("ingest", str(path), source="firms", as_json=True, **options)
    return json.loads(capsys.readouterr().out)


def test_a_large_file_is_in_force_at_the_answer_and_a_worker_forms_its_points(path, capsys):
    done = told(capsys, path)
    assert (done["kept"], done["points"], done["points_pending"]) == (2, 0, True)
    run = ImportRun.objects.get()
    assert (run.state, run.phase, FirePoint.objects.count()) == ("committed", "grouping", 0)
    jobs.run_due()
    run.refresh_from_db()
    assert (run.phase, run.turn, run.points, FirePoint.objects.count()) == ("", None, 2, 2)


def test_the_same_file_again_is_known_while_its_points_are_still_to_come(path, capsys):
    told(capsys, path)
    again = told(capsys, path)
    assert (again["kept"], again["identical"], again["points_pending"]) == (0, 2, False)
    jobs.run_due()
    assert FirePoint.objects.count() == 2


def test_the_next_file_first_finishes_what_the_large_one_left(path, capsys, tmp_path):
    told(capsys, path)
    other = tmp_path / "other.csv"
    other.write_text("\n".join((HEADER, firms_row((123.78, 41.22)))) + "\n")
    assert told(capsys, other)["points_pending"] is False
    assert ImportRun.objects.filter(phase="").count() == 2
    assert FirePoint.objects.count() == 3


def test_who_wants_to_wait_waits_for_the_points(path, capsys):
    assert told(capsys, path, wait=True)["points_pending"] is False
    assert FirePoint.objects.count() == 2


def test_a_run_left_to_a_worker_can_be_resumed_by_hand(path, capsys):
    done = told(capsys, path)
    call_command("ingest", "resume", done["run"], as_json=True)
    assert json.loads(capsys.readouterr().out)["points"] == 2
    assert run_named(done["run"]).is_over
