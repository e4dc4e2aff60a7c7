"""Web and worker as two child processes of one supervisor: started together, stopped together, never left behind.

Standard library only, so that the test run's services can share it before Django is set up.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
READY_TIMEOUT_S = 60
STOP_TIMEOUT_S = 10
PORTS_TRIED = 50
BACKLOG = 64
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
STEADY_S = 120.0
"""A worker that has run so long was well: the next time it ends, it is started again after the first pause."""


class PortTaken(Exception):
    """The port that was asked for is in use; `free` is one that is not."""

    def __init__(self, port: int, free: int) -> None:
        super().__init__(f"port {port} is taken")
        self.port, self.free = port, free


class ChildStopped(Exception):
    """A child ended by itself, or did not become ready; `name`, and the end of its `log`."""

    def __init__(self, name: str, log: str) -> None:
        super().__init__(f"{name} stopped")
        self.name, self.log = name, log


def die_with_parent(quick: signal.Signals) -> Callable[[], object] | None:
    """A preexec_fn after which the child gets `quick` when its parent dies, even by SIGKILL (Linux; None elsewhere)."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, int(quick))


def reserve(host: str, first_port: int, *, insist: bool) -> socket.socket:
    """A socket listening on `first_port` (0: any free port), or on the next free port; PortTaken when the user insists.

    It listens at once: nobody can take the port while the deployment is made ready, and whoever asks early waits.
    """
    bound = _bind(host, first_port)
    if bound:
        return bound
    following = (_bind(host, port) for port in range(first_port + 1, min(first_port + PORTS_TRIED, 65536)))
    free = next((listener for listener in following if listener), None)
    if free and not insist:
        return free
    number = free.getsockname()[1] if free else 0
    if free:
        free.close()
    raise PortTaken(first_port, number)


def _bind(host: str, port: int) -> socket.socket | None:
    """A socket listening on the port; None when somebody else has it, or when it is for root alone."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return None
        raise
    return listener


class Pauses:
    """The waits before a child is started again: twice as long each time it ends, until it has run steadily."""

    def __init__(self) -> None:
        self._next_s, self._due_at, self._started_at = FIRST_PAUSE_S, float("inf"), float("inf")

    @property
    def waits(self) -> bool:
        """Whether a pause has begun."""
        return self._due_at != float("inf")

    def ended(self, now: float) -> float:
        """Begin a pause; returns its seconds."""
        pause_s, self._due_at = self._next_s, now + self._next_s
        self._next_s = min(2 * pause_s, LONGEST_PAUSE_S)
        return pause_s

    def over(self, now: float) -> bool:
        """Whether the pause that has begun is over."""
        return now >= self._due_at

    def started(self, now: float) -> None:
        """Note that the child was started: no pause any more."""
        self._due_at, self._started_at = float("inf"), now

    def runs(self, now: float) -> None:
        """Note that the child is alive; after a steady run its next pause is the first one again."""
        if now - self._started_at >= STEADY_S:
            self._next_s = FIRST_PAUSE_S


class Serving:
    """The web server on a reserved port and one `celery worker -B`, with their logs in `logs`.

    The web goes on when the worker ends: acts are done without it, and it is started again. `say` gets a line about that.
    """

    def __init__(self, *, root: Path, logs: Path, at: socket.socket, say: Callable[[str], None] = print) -> None:
        self.root, self.logs, self.at, self.say = root, logs, at, say
        self.host, self.port = at.getsockname()[:2]
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.pauses = Pauses()

    @property
    def url(self) -> str:
        """The address for a browser on this machine."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "") else self.host  # noqa: S104  shown, not bound
        return f"http://{host}:{self.port}/"

    def start(self) -> None:
        """Start both and wait until the web answers; raises ChildStopped (and stops both) when it does not."""
        self.logs.mkdir(parents=True, exist_ok=True)
        # One process: SQLite has one writer, and threads are enough for an office.
        web = ["-m", "gunicorn", "config.wsgi:application", "--bind", f"fd://{self.at.fileno()}", "--workers", "1"]
        web += ["--threads", "8", "--timeout", "120", "--graceful-timeout", "5", "--no-control-socket"]
        try:
            self._spawn("web", web)
            # The child has it now: when the child goes, the port is free.
            self.at.close()
            self._start_worker()
            self._wait_ready()
        except BaseException:
            self.stop()
            raise

    def watch(self, every_s: float = 0.5) -> None:
        """Return only by an exception: KeyboardInterrupt from the user, ChildStopped when the web has ended."""
        while True:
            self._tend()
            time.sleep(every_s)

    def stop(self) -> None:
        """Stop both, politely first; safe to call twice."""
        self.at.close()
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            for child in self.children.values():
                child.wait(timeout=max(0.1, deadline - time.monotonic()))
        for child in self.children.values():
            _kill_group(child)
        self.children.clear()

    def _start_worker(self) -> None:
        worker = ["-m", "celery", "-A", "config.celery", "worker", "-B", "--pool", "solo", "--loglevel", "WARNING"]
        worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        self._spawn("worker", worker)

    def _spawn(self, name: str, arguments: list[str]) -> None:
        with (self.logs / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own: Ctrl-C reaches the supervisor alone, which stops both in order.
                start_new_session=True,
                pass_fds=() if self.at.fileno() < 0 else (self.at.fileno(),),
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            self._tend()
            try:
                with urllib.request.urlopen(f"{self.url}healthz", timeout=5) as answer:  # noqa: S310  our own server
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise ChildStopped("web", self._log("web"))

    def _tend(self) -> None:
        """Start a worker again that has ended, after its pause. Raises ChildStopped when the web has ended."""
        web, worker = self.children["web"], self.children["worker"]
        if web.poll() is not None:
            raise ChildStopped("web", self._log("web"))
        now = time.monotonic()
        if worker.poll() is None:
            self.pauses.runs(now)
        elif not self.pauses.waits:
            _kill_group(worker)  # its beat would go on alone
            self._tell(
                f"后台意外停止，{self.pauses.ended(now):g} 秒后重新启动 / the worker stopped and will be started again"
            )
        elif self.pauses.over(now):
            self._start_again(now)

    def _start_again(self, now: float) -> None:
        try:
            self._start_worker()
        except OSError as error:  # no memory, no process left: the web goes on, and the next time may do
            pause_s = self.pauses.ended(now)
            self._tell(f"后台启动不了（{error.strerror}），{pause_s:g} 秒后再试 / the worker cannot be started")
        else:
            self.pauses.started(now)
            self._tell("后台已重新启动 / the worker was started again")

    def _tell(self, line: str) -> None:
        """Write a line to the terminal and to the worker's log."""
        log = self.logs / "worker.log"
        with contextlib.suppress(OSError), log.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
        self.say(f"{line}（日志 / log: {log}）")

    def _log(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text(errors="replace")[-2000:]


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    """End what is left of the child's group (beat, web workers), whether or not the child itself is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
