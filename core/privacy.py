"""The check for files of the deployment that other users of the machine can read: they hold passwords, sessions, phones.

The settings make new files private and close the home (config/env.py). What is left is told here: a home that is not ours
to close, a database outside it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import Any

import structlog
from django.conf import settings
from django.core.checks import CheckMessage, Warning

log = structlog.get_logger(__name__)

ENTER, READ_OR_WRITE = stat.S_IXOTH, stat.S_IROTH | stat.S_IWOTH
EXAMPLES = 5


def open_to_others() -> Iterator[Path]:
    """The files that any user can read or write, and the folders that any user can list or write to."""
    home = Path(settings.JINSHAO_HOME)
    yield from _open_below(home)
    for file in _database_files():
        if home not in file.parents and file.is_file() and file.stat().st_mode & READ_OR_WRITE:
            yield file


def _database_files() -> list[Path]:
    if not settings.IS_SQLITE:
        return []
    name = str(settings.DATABASES["default"]["NAME"])
    return [Path(f"{name}{ending}") for ending in ("", "-wal", "-shm")]


def _open_below(path: Path) -> Iterator[Path]:
    """The open files and folders below one that others can enter; one that they cannot hides all that it holds."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return
        if mode & READ_OR_WRITE:
            yield path
        if stat.S_ISDIR(mode) and mode & ENTER:
            for entry in os.scandir(path):
                yield from _open_below(Path(entry.path))
    except OSError:
        return  # gone meanwhile, or hidden from us as well


def message() -> str:
    """The sentence that says what is open and how to close it; "" when nothing is."""
    paths = list(open_to_others())
    if not paths:
        return ""
    examples = "、".join(map(str, paths[:EXAMPLES])) + (" 等" if len(paths) > EXAMPLES else "")
    commands = [f"chmod -R o-rwx {quote(str(settings.JINSHAO_HOME))}"]
    outside = [file for file in paths if Path(settings.JINSHAO_HOME) not in [file, *file.parents]]
    commands += [f"chmod o-rwx {quote(str(file))}" for file in outside]
    return f"这台机器上的其他用户读得到 {len(paths)} 个文件或文件夹：{examples}。请执行：{' && '.join(commands)}"


def check(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """The warnings of the system check that runs before every command."""
    text = message()
    return [Warning(text, id="journal.W001")] if text else []


def warn() -> None:
    """Log the same sentence when web or worker starts."""
    if text := message():
        log.warning("home.open_to_others", message=text)
