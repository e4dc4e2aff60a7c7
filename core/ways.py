"""The way by which an act comes in: a page, a token of the API, a command with the system's user, a job of the worker.

Who acts is an account; the way tells the account's own hand from a command that acts in its name. It is set where a way
begins (middleware, authentication, the base of commands, the runner of jobs); what nobody named is "unknown", and visible.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

LONGEST = 120
_NO_LOGIN = 2**32 - 1


class Way(StrEnum):
    PAGE = "page"
    TOKEN = "token"  # noqa: S105  the name of a way
    COMMAND = "command"
    JOB = "job"
    UNKNOWN = "unknown"


LABELS = {
    Way.PAGE: "网页",
    Way.TOKEN: "接口令牌",
    Way.COMMAND: "命令",
    Way.JOB: "后台任务",
    Way.UNKNOWN: "来路不明",
}


@dataclass(frozen=True, slots=True)
class CameBy:
    """The way, and what came by it: the token's number and label, the command and its system user, the job."""

    kind: Way = Way.UNKNOWN
    by: str = ""


NOWHERE = CameBy()
_current: ContextVar[CameBy] = ContextVar("jinshao_way", default=NOWHERE)


def current() -> CameBy:
    """The way of whatever is being done now."""
    return _current.get()


@contextmanager
def coming(kind: Way, by: str = "") -> Iterator[None]:
    """Whatever is done within came in by this way."""
    token = _current.set(CameBy(kind, by[:LONGEST]))
    try:
        yield
    finally:
        _current.reset(token)


def became(kind: Way, by: str = "") -> None:
    """From here on it is known better by which way this came in; it ends with the `coming` around it."""
    _current.set(CameBy(kind, by[:LONGEST]))


def words(kind: str, by: str) -> str:
    """The way for people: 命令 point act · root; "" for what was recorded before ways were."""
    return f"{LABELS[Way(kind)]} {by}".strip() if kind else ""


def system_user() -> str:
    """The user of the operating system: of the process, and who signed in to the machine where that is somebody else.

    From the kernel, not from the environment, which whoever runs a command writes as he likes.
    """
    own = _name(os.getuid()) if hasattr(os, "getuid") else getpass.getuser()
    signed_in = _signed_in()
    return own if signed_in in ("", own) else f"{own}（登录的是 {signed_in}）"


def _signed_in() -> str:
    """The user who signed in to this session, which su and sudo leave as it is; "" where the machine does not say."""
    with suppress(OSError, ValueError):
        uid = int(Path("/proc/self/loginuid").read_text(encoding="ascii"))
        return "" if uid == _NO_LOGIN else _name(uid)
    return ""


def _name(uid: int) -> str:
    import pwd  # only where there are numbers of users

    with suppress(KeyError):
        return pwd.getpwuid(uid).pw_name
    return str(uid)
