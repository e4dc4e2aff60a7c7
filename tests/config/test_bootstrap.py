"""The set-up of a bare machine: its decisions, its stamps and what it says when something fails."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from config import bootstrap, env
from config.bootstrap_failure import Failure, explain
from config.bootstrap_steps import Steps, hash_of_files, node_version, sources_of
from tests.run import wants_workers

MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/export /data nfs4 rw 0 0
/dev/sdb1 /data/local xfs rw 0 0
sshfs /mnt/my\\040files fuse.sshfs rw 0 0
/dev/sdc1 /mnt/usb fuseblk rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind", "unsafe"),
    [
        ("/srv/jinshao", "ext4", False),
        ("/data/jinshao", "nfs4", True),
        ("/data/local/jinshao", "xfs", False),
        ("/data/localised", "nfs4", True),
        ("/mnt/my files/var", "fuse.sshfs", True),
        ("/mnt/usb/var", "fuseblk", False),
    ],
)
def test_the_file_system_of_a_folder_is_that_of_its_nearest_mount(folder: str, kind: str, unsafe: bool) -> None:
    assert env.filesystem_of(Path(folder), MOUNTS) == kind
    assert env.unsafe_for_sqlite(kind) is unsafe


def test_a_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    first = env.secret_key(tmp_path / "home")
    path = tmp_path / "home" / "secret_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert env.secret_key(tmp_path / "home") == first
    assert env.secret_key(tmp_path / "other") != first
    monkeypatch.setenv("SECRET_KEY", "from outside")
    assert env.secret_key(tmp_path / "home") == "from outside"


def test_processes_that_start_together_in_a_new_home_share_one_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All have seen that there is none before the first makes it."""
    monkeypatch.delenv("SECRET_KEY", raising=False)
    everyone, place = threading.Barrier(8, timeout=30), env._place_key

    def together(path: Path) -> None:
        everyone.wait()
        place(path)

    monkeypatch.setattr(env, "_place_key", together)
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: env.secret_key(tmp_path / "home"), range(8)))
    assert len(keys) == 1
    assert len(keys.pop()) > 60
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secret_key"]


def test_a_key_file_that_appears_is_never_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a second process reads at the moment when the file of the first comes into being."""
    monkeypatch.delenv("SECRET_KEY", raising=False)
    seen, link = [], os.link

    def linked(source: Path, target: Path) -> None:
        link(source, target)
        seen.append(env.secret_key(tmp_path / "home"))

    monkeypatch.setattr(os, "link", linked)
    assert [env.secret_key(tmp_path / "home")] == seen


def test_a_disk_without_links_has_a_key_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(source: Path, target: Path) -> None:
        raise OSError("Operation not supported")

    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setattr(os, "link", no_links)
    first = env.secret_key(tmp_path / "home")
    assert first == env.secret_key(tmp_path / "home")
    assert stat.S_IMODE((tmp_path / "home" / "secret_key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("output", "word"),
    [
        ("OSError: [Errno 28] No space left on device", "磁盘已满"),
        ("npm error code ENOTFOUND", "连不上软件源"),
        ("Retrying after NewConnectionError\nERROR: No matching distribution found for django", "连不上软件源"),
        ("ERROR: No matching distribution found for django==5.2", "没有适合本机的安装包"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "哈希不符"),
        ("[Errno 13] Permission denied: '.venv'", "没有写权限"),
        ("Segmentation fault", "命令失败"),
    ],
)
def test_a_failure_is_told_by_its_cause_and_not_by_its_last_symptom(output: str, word: str) -> None:
    assert word in explain(output)[0]


def test_a_failure_says_the_step_the_cause_and_the_way_out() -> None:
    said = Failure.of_output("安装 Python 包", "line\n" * 100 + "No space left on device").for_people()
    assert said.index("No space left") < said.index("安装 Python 包") < said.index("磁盘已满") < said.index("→")
    assert len(said.splitlines()) < 30


def test_a_newer_python_is_taken_when_this_one_is_too_old_and_none_is_said_so() -> None:
    assert bootstrap.pick_python((3, 11), {}) is None
    assert bootstrap.pick_python((3, 13), {}) is None
    assert (
        bootstrap.pick_python((3, 9), {"/usr/bin/python3.10": (3, 10), "/usr/bin/python3.12": (3, 12)})
        == "/usr/bin/python3.12"
    )
    with pytest.raises(Failure, match=r"3\.9"):
        bootstrap.pick_python((3, 9), {"/usr/bin/python3.10": (3, 10)})


def test_a_full_disk_is_refused_before_anything_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda path: SimpleNamespace(free=1024**3))
    with pytest.raises(Failure, match="disk full"):
        bootstrap._check_ground("test")
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda path: SimpleNamespace(free=10 * 1024**3))
    bootstrap._check_ground("test")


def test_sqlite_on_a_network_drive_is_refused_and_postgresql_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.env, "filesystem_of", lambda folder: "nfs4")
    monkeypatch.setenv("DATABASE_URL", "sqlite:////srv/x.sqlite3")
    with pytest.raises(Failure, match="network drive"):
        bootstrap._check_ground("quickstart")
    monkeypatch.setenv("DATABASE_URL", "postgres://somewhere/jinshao")
    bootstrap._check_ground("quickstart")


def test_the_second_process_prepares_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(bootstrap.DONE, "1")
    monkeypatch.setattr(bootstrap, "_prepare", lambda verb: pytest.fail("prepared twice"))
    bootstrap.main(["manage.py", "quickstart"])
    # Not handed on: what the deployment starts must be able to bootstrap a copy of its own.
    assert bootstrap.DONE not in os.environ


def test_the_bootstrap_needs_only_the_standard_library() -> None:
    code = "import sys; sys.path.insert(0, '.'); import config.bootstrap; print('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True, cwd=bootstrap.ROOT)
    assert (done.stdout.strip(), done.stderr) == ("False", "")


class RecordedSteps(Steps):
    """Steps that note their commands instead of running them."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.ran: list[list[str]] = []

    def _run(self, step, command, folder=None, environment=None) -> None:
        self.ran.append([*command])
        if "build" in command:
            (self.root / "frontend/dist").mkdir(exist_ok=True)
            (self.root / "frontend/dist/manifest.json").write_text("{}")
        if "ci" in command:
            (self.root / "frontend/node_modules").mkdir(exist_ok=True)

    def _pip(self) -> list[str]:
        return ["pip"]

    def _npm(self):
        return ["npm"], {}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / ".venv").mkdir()
    (tmp_path / "requirements").mkdir()
    for name in ("base", "test"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"{name}==1")
    (tmp_path / "frontend/src").mkdir(parents=True)
    (tmp_path / "frontend/package.json").write_text("{}")
    (tmp_path / "frontend/src/main.ts").write_text("1")
    return tmp_path


def test_packages_are_installed_again_only_when_the_lock_changed(tree: Path) -> None:
    def ran(name: str) -> list[list[str]]:
        steps = RecordedSteps(tree)
        steps.packages(name)
        return steps.ran

    [command] = ran("base")
    assert {"--require-hashes", ":all:"} <= set(command)
    assert ran("base") == []
    assert len(ran("test")) == 1
    # The test lock holds the base lock: nothing is left to do for quickstart.
    assert ran("base") == ran("test") == []
    (tree / "requirements/base.txt").write_text("base==2")
    assert len(ran("base")) == 1


def test_the_front_end_is_built_again_only_when_a_source_changed(tree: Path) -> None:
    def ran() -> list[str]:
        steps = RecordedSteps(tree)
        steps.front_end()
        return [command[1] for command in steps.ran]

    assert ran() == ["ci", "run"]
    assert ran() == []
    (tree / "frontend/src/main.ts").write_text("2")
    assert ran() == ["run"]
    (tree / "frontend/package.json").write_text('{"name": "x"}')
    assert ran() == ["ci", "run"]


def test_what_npm_and_vite_write_is_not_a_source(tree: Path) -> None:
    folder = tree / "frontend"
    before = hash_of_files(folder, sources_of(folder))
    (folder / "dist").mkdir()
    (folder / "dist/main.js").write_text("built")
    assert hash_of_files(folder, sources_of(folder)) == before
    (folder / "src/main.ts").rename(folder / "src/other.ts")
    assert hash_of_files(folder, sources_of(folder)) != before


def test_a_missing_node_has_no_version() -> None:
    assert node_version("/nowhere/node") == ()


@pytest.mark.parametrize(
    ("arguments", "cores", "parallel"),
    [
        ([], 2, True),
        (["-q"], 4, True),
        ([], 1, False),
        (["tests/config"], 2, False),
        (["-n0"], 2, False),
        (["--pdb"], 2, False),
    ],
)
def test_only_the_whole_suite_is_shared_out_to_workers(arguments: list[str], cores: int, parallel: bool) -> None:
    assert wants_workers(arguments, cores) is parallel
