"""What the settings refuse to start with, in words; a process of its own for each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import env

ROOT = Path(__file__).resolve().parents[2]
WEB = [sys.executable, "-c", "import config.wsgi"]
WORKER = [sys.executable, "-m", "celery", "-A", "config.celery", "report"]
COMMAND = [sys.executable, "manage.py", "check"]


def start(command: list[str], home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {
        key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG", "PYTHONDONTWRITEBYTECODE")
    }
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**kept, "JINSHAO_HOME": str(home), **settings},
        capture_output=True,
        text=True,
        check=False,
        umask=0o022,
    )


@pytest.mark.parametrize("command", [WEB, WORKER, COMMAND], ids=["web", "worker", "command"])
def test_behind_tls_nothing_starts_without_the_proxies(command, tmp_path):
    refused = start(command, tmp_path, JINSHAO_HTTPS="1")
    assert refused.returncode == 1, refused.stderr
    assert "拒绝启动：设置了 JINSHAO_HTTPS=1，没有设置 TRUSTED_PROXIES" in refused.stderr
    assert "TRUSTED_PROXIES=127.0.0.1" in refused.stderr
    assert start(command, tmp_path, JINSHAO_HTTPS="1", TRUSTED_PROXIES="127.0.0.1").returncode == 0


@pytest.mark.parametrize(
    ("words", "https", "proxies"),
    [
        ([], False, []),
        (["10.0.0.1"], False, ["10.0.0.1"]),
        ([" 10.0.0.0/24 ", "", "fd00::1", "unix"], True, ["10.0.0.0/24", "fd00::1", "unix"]),
    ],
)
def test_the_proxies_are_read_without_blanks(words, https, proxies):
    assert env.trusted_proxies(words, https=https) == proxies


@pytest.mark.parametrize(
    ("words", "https", "reason"),
    [
        ([], True, "没有设置 TRUSTED_PROXIES"),
        (["", " "], True, "没有设置 TRUSTED_PROXIES"),
        (["proxy.example"], False, "“proxy.example”不是 IP 地址"),
        (["10.0.0.1", "10.0.0.0/33"], True, "“10.0.0.0/33”不是 IP 地址"),
        (["0.0.0.0/0"], True, "所有地址"),
        (["::/0"], False, "所有地址"),
    ],
)
def test_proxies_that_are_none_are_refused(words, https, reason):
    with pytest.raises(SystemExit, match=reason):
        env.trusted_proxies(words, https=https)


def modes_for_others(folder: Path) -> dict[str, str]:
    """{path: mode} of all that other users could read, were the folders above it open."""
    paths = [folder, *folder.rglob("*")]
    return {str(path): oct(path.stat().st_mode) for path in paths if path.stat().st_mode & 0o007}


def test_a_fresh_home_and_its_backup_are_readable_by_their_owner_alone(tmp_path):
    home, backups = tmp_path / "home", tmp_path / "backups"
    for command in (["migrate"], ["collectstatic", "--noinput"], ["watch", "--once"], ["journal", "head"]):
        done = start([sys.executable, "manage.py", *command], home)
        assert done.returncode == 0, done.stderr
    for command in (WEB, WORKER):
        assert start(command, home).returncode == 0
    assert (home / "jinshao.sqlite3").is_file()
    assert (home / "broker" / "spool").is_dir()
    assert modes_for_others(home) == {}
    shared = home / "files" / "photo.jpg"
    shared.parent.mkdir(exist_ok=True, mode=0o755)
    shared.touch(mode=0o644)
    done = start([sys.executable, "manage.py", "backup", "--to", str(backups)], home)
    assert done.returncode == 0, done.stderr
    copies = [path for path in backups.rglob("*") if path != backups]
    assert {path.name for path in copies} >= {"jinshao.sqlite3", "manifest.json", "secret_key", "photo.jpg"}
    assert {oct(path.stat().st_mode & 0o777) for path in copies if path.is_dir()} == {"0o700"}
    assert {oct(path.stat().st_mode & 0o777) for path in copies if path.is_file()} == {"0o600"}


def test_an_older_home_is_closed_to_others_by_the_next_start_and_stays_open_to_its_group(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "secret_key").write_text("an old key")
    home.chmod(0o775)
    assert start(WEB, home).returncode == 0
    assert oct(home.stat().st_mode & 0o777) == "0o770"


@pytest.mark.parametrize(("mode", "holds"), [(0o1777, "secret_key"), (0o755, "letters.txt")])
def test_a_folder_that_is_not_a_deployments_own_is_not_closed(tmp_path, mode, holds):
    home = tmp_path / "home"
    home.mkdir()
    (home / holds).write_text("something")
    home.chmod(mode)
    env.keep_private(home)
    assert home.stat().st_mode & 0o7777 == mode


def test_a_folder_that_nobody_may_close_is_told_by_the_check_and_in_the_logs(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "photo.jpg").touch()
    (home / "photo.jpg").chmod(0o644)
    home.chmod(0o1755)  # shared, as /tmp is
    for command in (WEB, COMMAND):
        told = start(command, home, SECRET_KEY="for this test", CELERY_BROKER_URL="memory://")
        assert told.returncode == 0, told.stderr
        assert "其他用户读得到 2 个文件或文件夹" in told.stderr
        assert f"chmod -R o-rwx {home}" in told.stderr
    home.chmod(0o750)
    assert "其他用户" not in start(COMMAND, home, SECRET_KEY="for this test").stderr
