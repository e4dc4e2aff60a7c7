"""The broker only wakes: away, slow or empty, it loses nothing and fails no act."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.db import transaction
from kombu import Connection, Exchange, Message, Queue
from kombu.exceptions import ChannelError

from journal import tasks
from journal.jobs import jobs, waking
from journal.models import Entry, Job
from journal.record import sealing, services
from tests.journal.conftest import ACT, THING

pytestmark = [pytest.mark.embedded, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("handlers")]


@pytest.fixture
def dead_broker(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nobody listens: each publish fails as it does when Redis is down."""
    calls: list[str] = []

    def refuse(*args: object, **kwargs: object) -> None:
        calls.append("publish")
        raise ConnectionRefusedError("broker away")

    monkeypatch.setattr(tasks.run_jobs, "apply_async", refuse)
    return calls


def handle() -> None:
    @jobs.handler("test.work")
    def work(payload: dict) -> None:
        services.record(ACT, THING, None, after=payload)


def test_an_act_is_done_and_its_job_kept_when_the_broker_is_away(dead_broker):
    handle()
    with transaction.atomic():
        services.record(ACT, THING, 7)
        jobs.enqueue("test.work", "k", {"n": 1})
    assert dead_broker == ["publish"]
    assert Entry.objects.count() == 1
    assert Job.objects.get().state == Job.State.QUEUED
    tasks.run_jobs()
    assert Job.objects.get().state == Job.State.DONE
    assert Entry.objects.count() == 2


def test_an_act_never_waits_for_a_broker_that_hangs(monkeypatch):
    monkeypatch.setattr(waking, "sends_inline", lambda: False)
    monkeypatch.setattr(waking, "_waker", waking.Waker())
    hanging, released, sent = threading.Event(), threading.Event(), threading.Semaphore(0)

    def hang(**options: object) -> None:
        hanging.set()
        released.wait(20)
        sent.release()

    monkeypatch.setattr(tasks.run_jobs, "apply_async", hang)
    jobs.enqueue("test.work", "first")
    assert hanging.wait(20), "a thread is stuck in the broker"
    for n in range(50):
        jobs.enqueue("test.work", f"k{n}")
    assert Job.objects.count() == 51
    released.set()
    assert sent.acquire(timeout=20)
    assert sent.acquire(timeout=20), "and what came meanwhile is woken for, once"
    assert waking._waker._waiting.empty()


def test_many_jobs_of_one_act_wake_once(dead_broker):
    with transaction.atomic():
        for n in range(5):
            jobs.enqueue("test.work", f"k{n}")
    assert dead_broker == ["publish"]


def test_a_rolled_back_act_wakes_nobody(dead_broker):
    with transaction.atomic():
        jobs.enqueue("test.work", "k")
        transaction.set_rollback(True)
    assert dead_broker == []


def test_the_tasks_seal_run_and_sweep(dead_broker):
    handle()
    with transaction.atomic():
        services.record(ACT, THING, 7)
        jobs.enqueue("test.work", "k")
    assert tasks.run_jobs() == 1
    assert tasks.seal() == 2
    assert sealing.head()[0] == 2
    assert tasks.sweep() == 0


@pytest.fixture
def spool(tmp_path):
    """The broker of one machine on folders of its own: (connection, queue, its folder of messages)."""
    for name in ("spool", "control", "claimed", "unreadable"):
        (tmp_path / name).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "spool"),
        "data_folder_out": str(tmp_path / "spool"),
        "control_folder": str(tmp_path / "control"),
        "processed_folder": str(tmp_path / "claimed"),
        "unreadable_folder": str(tmp_path / "unreadable"),
    }
    with Connection("spool://localhost", transport_options=options) as connection:
        yield connection, Queue("woken", routing_key="woken"), tmp_path / "spool"


def _publish(connection: Connection, queue: Queue, body: dict) -> None:
    with connection.Producer() as producer:
        producer.publish(body, exchange=queue.exchange, routing_key=queue.routing_key, declare=[queue])


def _drain(connection: Connection, queue: Queue) -> list[dict]:
    """What a consumer takes until nothing comes any more."""
    bodies: list[dict] = []

    def keep(body: dict, message: Message) -> None:
        bodies.append(body)
        message.ack()

    with connection.Consumer([queue], callbacks=[keep]):
        while True:
            try:
                connection.drain_events(timeout=0.05)
            except TimeoutError:
                return bodies


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"body": "e30=", "propert',
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b'{"body": "e30="}',
        b'{"body": "abc", "properties": {"body_encoding": "base64", "delivery_tag": "1", "delivery_info": {}}}',
        b'{"body": "e30=", "properties": {"delivery_tag": "1"}}',
    ],
)
def test_an_unreadable_message_is_set_aside_and_the_next_ones_are_taken(spool, content):
    connection, queue, folder = spool
    _publish(connection, queue, {"n": 1})
    (folder / "0_half.woken.msg").write_bytes(content)
    _publish(connection, queue, {"n": 2})
    assert sorted(body["n"] for body in _drain(connection, queue)) == [1, 2]
    assert [file.name for file in (folder.parent / "unreadable").iterdir()] == ["0_half.woken.msg"]
    assert not list(folder.iterdir())
    assert not list((folder.parent / "claimed").iterdir())


def test_a_message_has_its_name_only_when_it_is_whole(spool, monkeypatch):
    connection, queue, folder = spool
    _publish(connection, queue, {"n": 0})
    assert _drain(connection, queue) == [{"n": 0}]
    seen_half_way: list[list[dict]] = []
    write_text = Path.write_text

    def write_slowly(path: Path, text: str, **options: str) -> int:
        write_text(path, text[: len(text) // 2], **options)
        seen_half_way.append(_drain(connection, queue))
        return write_text(path, text, **options)

    monkeypatch.setattr(Path, "write_text", write_slowly)
    _publish(connection, queue, {"n": 1})
    monkeypatch.undo()
    assert seen_half_way == [[]], "half of it is on the disk, and no consumer sees it"
    assert _drain(connection, queue) == [{"n": 1}]
    assert not list((folder.parent / "unreadable").iterdir())


def test_a_message_that_does_not_fit_on_the_disk_leaves_nothing(spool, monkeypatch):
    connection, queue, folder = spool
    _publish(connection, queue, {"n": 0})
    _drain(connection, queue)

    def full(path: Path, text: str, **options: str) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ChannelError):
        _publish(connection, queue, {"n": 1})
    assert not list(folder.iterdir())


@pytest.mark.parametrize("content", [b"", b'[["wo', b"[1]"])
def test_a_damaged_table_of_queues_is_made_again(spool, content):
    connection, _, folder = spool
    name = f"everybody-{len(content)}"  # kombu remembers for the life of a process which queues it has bound
    queue = Queue(name, exchange=Exchange(name, type="fanout"))
    (folder.parent / "control" / f"{name}.exchange").write_bytes(content)
    _publish(connection, queue, {"n": 1})
    assert _drain(connection, queue) == [{"n": 1}]


def test_the_broker_of_a_machine_without_another_is_the_one_whose_files_are_whole():
    code = (
        "from django.conf import settings\n"
        "from config.celery import app\n"
        "with app.connection_for_write() as connection:\n"
        "    print(type(connection.transport).__module__)"
    )
    environment = {key: value for key, value in os.environ.items() if key != "CELERY_BROKER_URL"}
    answer = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["core.spool"]
