"""Throw-away deployments: a folder with a SQLite database of its own, played by a process of its own, then removed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from core.errors import Refused
from demo.fairness.worldfile import World, load

MARK = "throw-away"
OURS = ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "SECRET_KEY", "JINSHAO_HOME", "DJANGO_SETTINGS_MODULE")


def is_throw_away() -> bool:
    """Whether this process runs in a deployment that was made to be thrown away."""
    return (Path(settings.JINSHAO_HOME) / MARK).exists()


@contextmanager
def homes() -> Iterator[Homes]:
    """The homes of worlds, under one temporary folder that goes away at the end."""
    with tempfile.TemporaryDirectory(prefix="jinshao-fairness-") as folder:
        yield Homes(Path(folder))


class Homes:
    """One prepared home for each set of borders, and a copy of it for each world."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def judge(self, world: Path, keep: Path | None = None) -> dict[str, Any]:
        """Play and score a world in a fresh home; `keep` is where the home stays, for looking at it. Raises Refused."""
        read = load(world)
        home = keep or Path(tempfile.mkdtemp(dir=self.folder))
        shutil.copytree(self._prepared(read, world), home, dirs_exist_ok=True)
        try:
            answer: dict[str, Any] = json.loads(_manage(home, "fairness", "--world", str(world), "--inside", "--json"))
        finally:
            if keep is None:
                shutil.rmtree(home, ignore_errors=True)
        return answer

    def _prepared(self, read: World, world: Path) -> Path:
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in read.cells.values())).hexdigest()[:16]
        home = self.folder / f"prepared-{digest}"
        if not home.exists():
            home.mkdir()
            (home / MARK).touch()
            _manage(home, "migrate", "--no-input", "--skip-checks", "-v", "0")
            _manage(home, "fairness", "--world", str(world), "--prepare", "--json")
        return home


def _manage(home: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    environment |= {"JINSHAO_HOME": str(home), "JINSHAO_LOG_LEVEL": "WARNING"}
    done = subprocess.run(
        [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), *arguments],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Refused(f"在一次性部署里没有做完：{done.stderr.strip()[-2000:]}", code="fairness_failed")
    return done.stdout
