"""Backup while it is in use, and the way back: a new epoch that names what was lost, and no number given twice."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from core import clock
from core.errors import BadInput, Conflict, Missing, Refused
from firepoints.models import NumberSeries
from journal import backup
from journal.models import Access, Entry
from journal.record import sealing, services
from journal.record.verify import verify
from journal.selectors import deployment
from tests.journal.conftest import ACT, THING

pytestmark = [pytest.mark.embedded, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def home(settings, tmp_path: Path) -> Path:
    """A home with an original, and with what a backup leaves out."""
    settings.JINSHAO_HOME = tmp_path / "home"
    for name in ("evidence/ab/abc.jpg", "indexes/1-ff/cells.bin", "log/web.log"):
        path = settings.JINSHAO_HOME / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"demo")
    return settings.JINSHAO_HOME


def acts(number: int) -> None:
    with transaction.atomic():
        for _ in range(number):
            services.record(ACT, THING, 7)


def test_a_backup_is_one_whole_state_with_its_files_and_its_head(home, tmp_path, capsys):
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's online backup; PostgreSQL has pg_dump")
    acts(3)
    sealing.seal_all()
    call_command("backup", "--to", str(tmp_path / "away"), "--json")
    told = json.loads(capsys.readouterr().out)
    acts(2)
    folder = Path(told["folder"])
    assert told["head"] == sealing.head_text()
    assert json.loads((folder / "manifest.json").read_text())["sha256"] == told["sha256"]
    assert (folder / "evidence/ab/abc.jpg").read_bytes() == b"demo"
    assert not (folder / "indexes").exists()
    with closing(sqlite3.connect(folder / "jinshao.sqlite3")) as copy:
        assert copy.execute("SELECT count(*) FROM journal_entry").fetchone() == (3,)
        assert copy.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").fetchone()[0] > 10
    assert Access.objects.get().kind == "backup"


def test_a_backup_into_the_home_itself_or_onto_a_full_disk_is_refused_and_leaves_nothing(home, tmp_path, monkeypatch):
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's online backup; PostgreSQL has pg_dump")
    with pytest.raises(BadInput, match="JINSHAO_HOME"):
        backup.backup(home / "backups")

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(BadInput, match="写不进去"):
        backup.backup(tmp_path / "away")
    assert list((tmp_path / "away").iterdir()) == []


def test_on_postgresql_the_command_says_how(home, tmp_path):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite does it itself")
    with pytest.raises(Refused, match="pg_dump"):
        backup.backup(tmp_path)


def restore(kept: int, lost: int) -> tuple[int, str]:
    """A record of which `lost` acts are gone again; returns the head that was printed before the disk broke."""
    acts(kept)
    sealing.seal_all()
    seq, _ = sealing.head()
    assert seq == kept
    return kept + lost, "ab" * 32


def test_a_restored_backup_opens_an_epoch_that_names_the_lost_range(capsys):
    last = restore(3, 4)
    NumberSeries.objects.create(year=clock.today_beijing().year, last=12)
    call_command(
        "journal", "restored", "--from-head", f"{last[0]}:{last[1]}", "--reason", "恢复 11-02 的备份", "--json"
    )
    told = json.loads(capsys.readouterr().out)
    assert (told["epoch"], told["lost_acts"], told["lost_from"], told["lost_to"]) == (2, 4, 4, 7)
    sealing.seal_all()
    report = verify(last)
    assert len(report.problems) == 1
    assert "恢复备份时遗失，见纪元 2" in report.problems[0]
    assert verify().ok
    entry = Entry.objects.get(act="journal.epoch_opened")
    assert entry.reason == "恢复 11-02 的备份"
    assert NumberSeries.objects.get(year=clock.today_beijing().year).last == 16, "each lost act may have given a number"
    assert entry.after["skipped"]["numbers"][str(clock.today_beijing().year)] == 16


def test_a_backup_that_lost_nothing_opens_an_epoch_and_skips_no_number():
    restore(3, 0)
    seq, head_hash = sealing.head()
    NumberSeries.objects.create(year=clock.today_beijing().year, last=12)
    told = backup.restored(last_head=(seq, head_hash), reason="换机器")
    assert (told["epoch"], told["lost_acts"]) == (2, 0)
    assert NumberSeries.objects.get().last == 12


def test_when_nobody_kept_a_head_a_thousand_numbers_are_left_out():
    restore(3, 0)
    assert backup.restored(last_head=None, reason="没有抄链首")["lost_acts"] is None
    assert set(NumberSeries.objects.values_list("last", flat=True)) == {1000}


def test_the_backup_of_another_record_is_refused_and_opens_nothing():
    restore(3, 0)
    with pytest.raises(Conflict, match="不是同一部记录"):
        backup.restored(last_head=(2, "cd" * 32), reason="拿错了")
    with pytest.raises(Missing):
        backup.restored(last_head=None, reason=" ")
    with pytest.raises(CommandError):
        call_command("journal", "restored", "--from-head", "nonsense", "--reason", "x")
    assert deployment().epoch == 1
