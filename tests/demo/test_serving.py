"""The supervisor of web and worker: ports, a child that dies, and leaving nothing behind."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import textwrap
import urllib.request
from pathlib import Path

import pytest

from demo.serving import STEADY_S, ChildStopped, Pauses, PortTaken, Serving, reserve


@pytest.fixture
def taken_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_gives_way_to_the_next_free_one_unless_the_user_insists(taken_port: int) -> None:
    with reserve("127.0.0.1", taken_port, insist=False) as other:
        assert other.getsockname()[1] > taken_port
    with pytest.raises(PortTaken) as refused:
        reserve("127.0.0.1", taken_port, insist=True)
    assert refused.value.port == taken_port
    assert refused.value.free > taken_port


def test_a_reserved_port_cannot_be_taken_while_the_deployment_is_made_ready() -> None:
    with reserve("127.0.0.1", 0, insist=False) as ours:
        port = ours.getsockname()[1]
        with pytest.raises(PortTaken):
            reserve("127.0.0.1", port, insist=True)
    reserve("127.0.0.1", port, insist=True).close()


class OddServing(Serving):
    """A Serving whose children run the given code instead of web and worker."""

    def run(self, web: str, worker: str) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        self.worker = worker
        self._spawn("web", ["-c", textwrap.dedent(web)])
        self._start_worker()

    def _start_worker(self) -> None:
        self._spawn("worker", ["-c", textwrap.dedent(self.worker)])


@pytest.fixture
def serving(tmp_path: Path):
    odd = OddServing(root=tmp_path, logs=tmp_path / "log", at=reserve("127.0.0.1", 0, insist=False))
    yield odd
    odd.stop()


FOREVER = "import signal; signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True)\nwhile True: signal.pause()"


def test_a_child_that_ends_by_itself_is_reported_with_its_log(serving: OddServing) -> None:
    serving.run("raise SystemExit('the web could not bind')", FOREVER)
    serving.children["web"].wait()
    with pytest.raises(ChildStopped) as stopped:
        serving.watch()
    assert stopped.value.name == "web"
    assert "could not bind" in stopped.value.log


def test_a_worker_that_ends_is_started_again_with_words_while_the_web_goes_on(
    serving: OddServing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.serving.FIRST_PAUSE_S", 0.01)
    lines: list[str] = []
    serving.say, serving.pauses = lines.append, Pauses()
    serving.run(FOREVER, f"print('at work', flush=True); {FOREVER}")
    web, first = serving.children["web"], serving.children["worker"]
    first.kill()
    wait_for(lambda: serving._tend() or serving.children["worker"] is not first)
    second = serving.children["worker"]
    assert second.poll() is None
    assert serving.children["web"] is web
    assert web.poll() is None
    assert ["停止" in line for line in lines] == [True, False]
    assert "worker.log" in lines[0]
    assert "已重新启动" in (serving.logs / "worker.log").read_text()
    second.kill()
    wait_for(lambda: serving._tend() or serving.children["worker"] is not second)


def test_what_a_worker_began_ends_before_another_is_started(
    serving: OddServing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.serving.FIRST_PAUSE_S", 0.01)
    serving.pauses = Pauses()
    beat = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {FOREVER!r}]); print(p.pid, flush=True); {FOREVER}"
    serving.run(FOREVER, beat)
    first = serving.children["worker"]
    wait_for(lambda: (serving.logs / "worker.log").read_text().strip())
    pid = int((serving.logs / "worker.log").read_text())
    first.kill()
    wait_for(lambda: serving._tend() or serving.children["worker"] is not first)
    assert not alive(pid)


def test_a_worker_that_cannot_be_started_at_all_leaves_the_web_alone(
    serving: OddServing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.serving.FIRST_PAUSE_S", 0.01)
    lines: list[str] = []
    serving.say, serving.pauses = lines.append, Pauses()
    serving.run(FOREVER, "raise SystemExit(1)")
    serving.children["worker"].wait()

    def no_memory() -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(serving, "_start_worker", no_memory)
    wait_for(lambda: serving._tend() or len(lines) == 3)
    assert "Cannot allocate memory" in lines[1]
    assert serving.children["web"].poll() is None


def test_the_pauses_grow_to_a_minute_and_begin_anew_after_a_steady_run() -> None:
    pauses, now, lengths = Pauses(), 0.0, []
    for _ in range(9):
        lengths.append(pauses.ended(now))
        assert not pauses.over(now)
        now += lengths[-1]
        assert pauses.over(now)
        pauses.started(now)
    assert lengths == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    pauses.runs(now + 1)
    assert pauses.ended(now + 1) == 60
    pauses.started(now + 61)
    pauses.runs(now + 61 + STEADY_S)
    assert pauses.ended(now + 200) == 1


@pytest.mark.slow
def test_the_web_of_a_quickstart_answers_while_its_worker_is_killed_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(__file__).resolve().parents[2]
    monkeypatch.setenv("JINSHAO_HOME", str(tmp_path))
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.delenv(name, raising=False)
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=root, check=True)
    lines: list[str] = []
    serving = Serving(root=root, logs=tmp_path / "log", at=reserve("127.0.0.1", 0, insist=False), say=lines.append)
    unreadable = tmp_path / "broker" / "unreadable"

    def put_half_a_message(name: str) -> None:
        (tmp_path / "broker" / "spool" / f"{name}.celery.msg").write_bytes(b'{"body": ')

    def set_aside() -> list[str]:
        return sorted(file.name.partition(".")[0] for file in unreadable.iterdir())

    serving.start()
    try:
        web, killed = serving.children["web"], serving.children["worker"]
        put_half_a_message("0_a")
        wait_for(lambda: set_aside() == ["0_a"], rounds=3000)
        assert killed.poll() is None, "an unreadable message does not end the worker"
        killed.kill()
        killed.wait()
        put_half_a_message("0_b")
        assert answers(serving), "the web answers without a worker"
        wait_for(lambda: serving._tend() or set_aside() == ["0_a", "0_b"], rounds=3000)
        assert serving.children["worker"].pid != killed.pid
        assert serving.children["worker"].poll() is None
        assert serving.children["web"] is web
        assert answers(serving)
    finally:
        serving.stop()
    assert len(lines) == 2


def answers(serving: Serving) -> bool:
    with urllib.request.urlopen(f"{serving.url}healthz", timeout=30) as answer:
        return answer.status == 200


def test_stopping_ends_the_children_and_their_children(serving: OddServing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.serving.STOP_TIMEOUT_S", 0.3)
    grandchild = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {FOREVER!r}]); print(p.pid, flush=True); {FOREVER}"
    serving.run(grandchild, STUBBORN)
    pids = [child.pid for child in serving.children.values()]
    wait_for(lambda: (serving.logs / "web.log").read_text().strip() and (serving.logs / "worker.log").read_text())
    pids.append(int((serving.logs / "web.log").read_text()))
    serving.stop()
    wait_for(lambda: not any(alive(pid) for pid in pids))
    assert serving.children == {}


def test_the_children_go_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    code = f"""
        from pathlib import Path
        from demo.serving import Serving, reserve
        serving = Serving(root=Path({str(tmp_path)!r}), logs=Path({str(tmp_path)!r}), at=reserve("127.0.0.1", 0, insist=False))
        serving._spawn("web", ["-c", {FOREVER!r}])
        print(serving.children["web"].pid, flush=True)
        {FOREVER}
    """
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True, cwd=root
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    wait_for(lambda: not alive(child))
    assert not alive(child)


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits for its parent counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(ready, rounds: int = 500) -> None:
    """Poll without a fixed pause: each round asks a real process, which takes its own few milliseconds."""
    for _ in range(rounds):
        if ready():
            return
        os.sched_yield()
        subprocess.run([sys.executable, "-S", "-c", ""], check=True)
    raise AssertionError("it never happened")
