"""A full disk: said in words, nothing half-written, and the same thing again is done once when there is room."""

import errno
import json
import uuid
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client

from core import clock, room
from core.errors import Refused
from core.room import NoRoom
from firepoints.models import Evidence, FirePoint, ImportRun
from journal.models import Entry
from journal.record.verify import verify
from penalties.batches import steps
from penalties.models import Batch, BatchDocument
from tests.factories import points as make
from tests.factories import scans
from tests.factories.imports import import_file
from tests.safety.conftest import HEADER, firms_row

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]


class Disk:
    """Full until it is told otherwise: every fsync of a new file fails, as the kernel says it."""

    def __init__(self) -> None:
        self.is_full = True

    def fsync(self, handle: int) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def home(settings, tmp_path: Path) -> Path:
    settings.JINSHAO_HOME = tmp_path / "home"
    settings.JINSHAO_HOME.mkdir()
    return settings.JINSHAO_HOME


@pytest.fixture
def disk(monkeypatch, home) -> Disk:
    disk = Disk()
    monkeypatch.setattr(room.os, "fsync", disk.fsync)
    return disk


def originals(home: Path) -> list[str]:
    """What lies in the store, drafts too; not what may be made again."""
    kinds = ("evidence", "imports", "documents", "approvals", "uploads")
    return [str(path.relative_to(home)) for kind in kinds for path in (home / kind).rglob("*") if path.is_file()]


def upload(client: Client, point: FirePoint, key: uuid.UUID, content: bytes):
    file = SimpleUploadedFile("field.jpg", content, "image/jpeg")
    sent = {"uuid": str(key), "file": file, "lon": point.lon, "lat": point.lat}
    return client.post(f"/api/fire-points/{point.pk}/evidence/", sent)


def test_a_photo_that_finds_no_room_is_507_with_a_code_and_stored_when_sent_again(city, disk, home):
    point, key, content = make.dispatched(city), uuid.uuid4(), make.jpeg()
    client = Client()
    client.force_login(city.west)
    told = upload(client, point, key, content)
    assert (told.status_code, told.json()["code"]) == (507, "disk_full")
    assert "磁盘已满" in told.json()["detail"]
    assert (Evidence.objects.count(), originals(home)) == (0, [])
    page = client.post(f"/fire-points/{point.pk}/evidence/", {"file": SimpleUploadedFile("a.jpg", content, "image/jpeg"),
        "lon": point.lon, "lat": point.lat}, headers={"accept": "application/json"})  # fmt: skip
    assert page.status_code == 507, page.content
    disk.is_full = False
    assert upload(client, point, key, content).status_code == 201
    assert Evidence.objects.count() == len(originals(home)) == 1


def test_an_import_that_finds_no_room_leaves_no_run_and_is_done_when_there_is(city, disk, home, tmp_path):
    path = tmp_path / "firms.csv"
    path.write_text(f"{HEADER}\n{firms_row()}\n")
    with pytest.raises(NoRoom):
        import_file(path=path, source_code="firms", actor=city.clerk)
    assert not ImportRun.objects.filter(state=ImportRun.State.COMMITTED).exists()
    assert originals(home) == []
    disk.is_full = False
    assert import_file(path=path, source_code="firms", actor=city.clerk).kept == 1
    assert verify().ok


def test_papers_that_find_no_room_leave_the_batch_frozen_and_are_filed_when_there_is(city, disk, home, tmp_path):
    disk.is_full = False
    make.final(city)
    batch = steps.batch_build(month="2023-10", actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    before, entries = originals(home), Entry.objects.count()
    disk.is_full = True
    with pytest.raises(NoRoom):
        steps.batch_submit(batch_id=batch.pk, actor=city.clerk)
    assert Batch.objects.get(pk=batch.pk).state == "frozen"
    assert (originals(home), Entry.objects.count(), BatchDocument.objects.count()) == (before, entries, 0)
    disk.is_full = False
    assert steps.batch_submit(batch_id=batch.pk, actor=city.clerk).state == "submitted"
    scan = tmp_path / "批件.pdf"
    scan.write_bytes(scans.pdf())
    disk.is_full = True
    given = {
        "batch_id": batch.pk,
        "actor": city.officer,
        "doc_no": "演示批〔2023〕1号",
        "approved_on": clock.today_beijing(),
    }
    with pytest.raises(NoRoom):
        steps.batch_approve(**given, file=scan)
    disk.is_full = False
    assert steps.batch_approve(**given, file=scan).state == "approved"
    assert verify().ok


def test_a_command_on_a_full_disk_is_a_refusal_with_a_code(city, disk, tmp_path, capsys):
    path = tmp_path / "firms.csv"
    path.write_text(f"{HEADER}\n{firms_row()}\n")
    with pytest.raises(CommandError) as refused:
        call_command("ingest", str(path), "--source", "firms", "--json")
    assert refused.value.returncode == 1
    assert json.loads(capsys.readouterr().out)["error"] == "disk_full"


@pytest.fixture
def no_page_more(city):
    """The database itself may not grow: SQLite's own limit, and so its own error."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's own words are in the test below: a full volume cannot be made here")

    def limit(pages: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA max_page_count = {pages}")

    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA page_count")
        used = cursor.fetchone()[0]
    yield lambda: limit(used)
    limit(1 << 30)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_cannot_grow_undoes_the_act_whole_and_says_so_on_page_and_api(city, no_page_more):
    points = [make.suspected() for _ in range(6)]
    client = Client(raise_request_exception=False)
    client.force_login(city.clerk)
    no_page_more()
    answers = []
    for point in points:  # the pages that are there hold some acts more
        before = Entry.objects.count()
        told = {"action": "dispatch", "version": point.version, "data": {"reason": "长" * 400}}
        answer = client.post(f"/api/fire-points/{point.pk}/transitions/", told, content_type="application/json")
        answers.append(answer.status_code)
        if answer.status_code != 200:
            assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
            assert Entry.objects.count() == before
            point.refresh_from_db()
            assert point.state == "suspected"
    assert 507 in answers, answers
    page = client.post(
        f"/fire-points/{points[-1].pk}/act/dispatch/", {"expected_version": points[-1].version, "reason": "长" * 400}
    )
    assert (page.status_code, "磁盘已满" in page.content.decode()) == (507, True)
    assert client.get(f"/fire-points/{points[-1].pk}/").status_code == 200, "reading goes on"
    assert verify().ok


def test_an_io_error_of_sqlite_is_a_full_disk_only_when_the_disk_is_full(monkeypatch, home):
    error = OperationalError("disk I/O error")
    assert room.refusal_of(error) is None, "a broken disk is not a full one"
    monkeypatch.setattr(room.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 20_480}))
    assert isinstance(room.refusal_of(error), NoRoom)


def test_what_postgresql_says_of_a_full_volume_is_the_same_refusal():
    cause = type("DiskFull", (Exception,), {"sqlstate": "53100"})()
    full = OperationalError("could not extend file: No space left on device")
    full.__cause__ = cause
    assert isinstance(room.refusal_of(full), Refused)
    assert room.refusal_of(OperationalError("server closed the connection")) is None
    assert room.refusal_of(OSError(errno.EACCES, "Permission denied")) is None
    assert room.refusal_of(None) is None


def test_a_file_larger_than_the_limit_of_the_process_leaves_no_draft(tmp_path):
    """A real error of the kernel, not a patched one: the process may not write files beyond 4 kB."""
    import resource
    import signal

    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(NoRoom), room.written_whole(tmp_path / "store" / "a.bin") as file:
            file.write(b"x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list((tmp_path / "store").iterdir()) == []
