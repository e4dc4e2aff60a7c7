"""The passwords of the demonstration: random, printed once, and in one file that only its owner can read."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

HEAD = "# 演示部署的登录账号（仅本机演示使用）。账号、密码、角色、姓名，以制表符分隔。"


@dataclass(frozen=True, slots=True)
class Login:
    """One account that can sign in; `password` is "" when it was made in an earlier run."""

    username: str
    password: str
    role: str
    name: str

    def as_json(self) -> dict[str, str]:
        """The shape that quickstart prints."""
        return asdict(self)


def path() -> Path:
    """The path of the file of logins."""
    return Path(settings.JINSHAO_HOME) / "logins.txt"


def write(logins: list[Login]) -> Path:
    """Add these to the file, mode 600 from its first byte, whole or not at all."""
    earlier = [login for login in read() if login.username not in {new.username for new in logins}]
    lines = [
        HEAD,
        *("\t".join((login.username, login.password, login.role, login.name)) for login in [*earlier, *logins]),
    ]
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, target)
    return target


def read() -> list[Login]:
    """The logins in the file; none when it is gone."""
    if not path().is_file():
        return []
    lines = path().read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [Login(*row) for row in rows if len(row) == 4]
