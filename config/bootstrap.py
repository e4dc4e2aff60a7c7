"""Sets a machine up for `quickstart` and `test` with nothing but Python's standard library.

A fresh Debian has python3 and pip, and no make, gcc, git or ensurepip. So: a venv without pip, filled by the *system's* pip
from hash-pinned wheels; npm from the machine or from a wheel; the front end built. Each step is stamped by the hash of its
inputs, so a second run costs a fraction of a second. All messages go to stderr: stdout belongs to the command's result.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from pathlib import Path

from config import env
from config.bootstrap_failure import Failure
from config.bootstrap_steps import Steps

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
KNOWN_PYTHONS = ("python3.13", "python3.12", "python3.11", "python3.14", "python3")
# The venv, the front end's packages and the demo together, with room for pip's unpacking.
NEEDED_BYTES = {"quickstart": 2 * 1024**3, "test": 3 * 1024**3}
DONE = "JINSHAO_BOOTSTRAPPED"


def main(argv: list[str]) -> None:
    """Prepare everything for argv's verb, then replace this process by the venv's Python running it.

    Returns only in that second process, where nothing is left to prepare.
    """
    if os.environ.pop(DONE, None):
        return
    verb, rest = argv[1], argv[2:]
    if verb == "quickstart" and {"-h", "--help"} & set(rest) and not venv_python(ROOT).exists():
        print("python3 manage.py quickstart [--check] [--port N] [--host ADDRESS]", file=sys.stderr)
        raise SystemExit(0)
    try:
        _use_a_good_python(argv)
        _check_ground(verb)
        _prepare(verb)
    except Failure as failure:
        print(failure.for_people(), file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("\n已中断 / interrupted", file=sys.stderr)
        raise SystemExit(130) from None
    os.chdir(ROOT)
    command = [str(venv_python(ROOT)), *command_for(verb, rest)]
    os.environ[DONE] = "1"
    os.execv(command[0], command)


def command_for(verb: str, rest: list[str]) -> list[str]:
    """The arguments of the venv's Python that carry the verb out."""
    if verb == "test":
        return ["-m", "tests.run", *rest]
    return ["manage.py", verb, *rest]


def venv_python(root: Path) -> Path:
    """The venv's interpreter, whether it exists yet or not."""
    return root / ".venv" / "bin" / "python"


def pick_python(version: tuple[int, ...], interpreters: dict[str, tuple[int, ...]]) -> str | None:
    """None when `version` will do; else the first of the `interpreters` that does.

    Raises Failure when there is none.
    """
    if version >= OLDEST_PYTHON:
        return None
    for name, other in interpreters.items():
        if other >= OLDEST_PYTHON:
            return name
    have = ".".join(map(str, version[:2]))
    raise Failure(
        "检查 Python / checking Python",
        f"Python {have} 太旧，需要 3.11 或更新 / Python {have} is too old: 3.11 or newer is needed",
        "安装 python3.11 或更新版本后重试（Debian 12+: apt-get install python3） / install python3.11 or newer and try again",
    )


def _use_a_good_python(argv: list[str]) -> None:
    interpreters: dict[str, tuple[int, ...]] = {}
    if sys.version_info < OLDEST_PYTHON:
        for name in KNOWN_PYTHONS:
            path = shutil.which(name)
            minor = name.rpartition(".")[2]
            if path and minor.isdigit():
                interpreters[path] = (3, int(minor))
    other = pick_python(tuple(sys.version_info[:2]), interpreters)
    if other:
        os.execv(other, [other, *argv])


def _check_ground(verb: str) -> None:
    """Refuse before a minute of downloads what would fail after it: a full disk, a network drive."""
    step = "检查磁盘 / checking the disk"
    # Set up before: only the demo's few files are still to be written.
    needed = 200 * 1024**2 if venv_python(ROOT).exists() else NEEDED_BYTES[verb]
    free = shutil.disk_usage(ROOT).free
    if free < needed:
        raise Failure(
            step,
            f"磁盘空间不足：剩余 {free >> 20} MB，需要 {needed >> 20} MB / disk full: {free >> 20} MB free, {needed >> 20} MB needed",
            f"清理 {ROOT} 所在磁盘后重试 / free some space on the disk of {ROOT} and try again",
        )
    home = env.home_folder(ROOT)
    kind = env.filesystem_of(home)
    if verb == "quickstart" and env.uses_sqlite() and env.unsafe_for_sqlite(kind):
        raise Failure(
            step,
            f"{home} 在网络盘上（{kind}），SQLite 不能使用 / {home} is on a network drive ({kind}), where SQLite is not safe",
            "把 JINSHAO_HOME 设为本机磁盘上的目录 / set JINSHAO_HOME to a folder on a local disk",
        )


def _prepare(verb: str) -> None:
    try:
        lock = (ROOT / ".bootstrap.lock").open("w")
    except OSError as error:
        raise Failure.of_output("写入项目目录 / writing to the project's folder", str(error)) from None
    with lock:
        # Two set-ups at once would tear the venv apart; the second waits and then finds everything stamped.
        fcntl.flock(lock, fcntl.LOCK_EX)
        steps = Steps(ROOT)
        steps.venv()
        steps.packages("test" if verb == "test" else "base")
        steps.front_end()
