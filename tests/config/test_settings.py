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
