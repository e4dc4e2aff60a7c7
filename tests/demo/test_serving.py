"""The supervisor of web and worker: ports, a child that dies, and leaving nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from demo.serving import ChildStopped, PortTaken, Serving, reserve


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
        self._spawn("web", ["-c", textwrap.dedent(web)])
        self._spawn("worker", ["-c", textwrap.dedent(worker)])


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
