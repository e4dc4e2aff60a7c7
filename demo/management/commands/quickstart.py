"""`manage.py quickstart`: database, demo deployment, reports, then web and worker until Ctrl-C; `--check` proves it and ends.

With `--check` stdout holds one JSON object and nothing else; everything said on the way goes to stderr.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import signal
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connections

from core import ways
from core.errors import Refused
from demo import proof, static_files
from demo.services import logins
from demo.services.load import load_demo
from demo.serving import ChildStopped, PortTaken, Serving, reserve

DEFAULT_PORT = 8000


class Command(BaseCommand):
    """Set up the demo deployment and serve it."""

    help = "建立演示部署并启动网页与后台（Ctrl-C 停止）"
    # The database may not be there yet.
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="做完全部步骤并自检一次，输出一个 JSON 对象后退出")
        parser.add_argument("--port", type=int, help=f"网页端口（默认 {DEFAULT_PORT}，被占用时自动换下一个）")
        parser.add_argument("--host", default="127.0.0.1", help="监听地址（默认只限本机）")

    def handle(self, *, check: bool, port: int | None, host: str, **options: Any) -> None:
        self.seconds: dict[str, float] = {}
        signal.signal(signal.SIGTERM, _stop_on_signal)
        if "JINSHAO_LOG_LEVEL" not in os.environ:
            logging.getLogger().setLevel(
                logging.WARNING
            )  # the steps say what happens; a line per import would bury them
        try:
            with _people_words(), ways.coming(ways.Way.COMMAND, f"quickstart · {ways.system_user()}"):
                self._whole(check, port, host)
        except KeyboardInterrupt:
            self.say("已停止 / stopped")

    def _whole(self, check: bool, port: int | None, host: str) -> None:
        # A check takes any free port: it must not fail because somebody works on the usual one.
        at = reserve(host, (0 if check else DEFAULT_PORT) if port is None else port, insist=port is not None)
        with self._timed("migrate", "迁移数据库 / migrating the database"), contextlib.redirect_stdout(sys.stderr):
            call_command("migrate", interactive=False, verbosity=0)
        with self._timed("static", "整理静态文件 / collecting static files"):
            static_files.collect()
        with self._timed("demo", "载入演示数据 / loading the demo"), contextlib.redirect_stdout(sys.stderr):
            done = load_demo(progress=self.say)
        # The children open their own; a connection carried along would hold SQLite's files.
        connections.close_all()
        serving = Serving(root=settings.BASE_DIR, logs=settings.JINSHAO_HOME / "log", at=at, say=self.say)
        with self._timed("start", "启动网页与后台 / starting web and worker"):
            serving.start()
        try:
            if check:
                self._check(serving, done)
            else:
                self._serve(serving, done, port=port)
        finally:
            serving.stop()

    def _check(self, serving: Serving, done: dict[str, Any]) -> None:
        with self._timed("prove", "自检首页与接口 / proving the home page and the API"):
            # Signed in by the form in the run that made the account; a later check must leave no trace in the journal.
            person = done["logins"][0] if done["logins"] else _nobody()
            answers = proof.prove(serving.url, username=person["username"], password=person["password"])
            worker = proof.wait_for_worker()
        people = [{key: value for key, value in row.items() if key != "password"} for row in done["logins"]]
        result = {"ok": True, **done, "logins": people, "answers": answers, "worker": worker}
        result["seconds"] = {**self.seconds, "demo_steps": done["seconds"]}
        self.stdout.write(json.dumps(result, ensure_ascii=False, default=str))

    def _serve(self, serving: Serving, done: dict[str, Any], port: int | None) -> None:
        self._show(done)
        if port is None and serving.port != DEFAULT_PORT:
            self.stdout.write(f"端口 {DEFAULT_PORT} 被占用，改用 {serving.port} / port {DEFAULT_PORT} is taken")
        self.stdout.write(
            f"\n打开 / open  {serving.url}\n按 Ctrl-C 停止 / Ctrl-C stops it   日志 / logs: {serving.logs}"
        )
        self.stdout.flush()
        serving.watch()

    def _show(self, done: dict[str, Any]) -> None:
        self.stdout.write(f"\n{done['batch']['name']}（演示数据）/ the month of the demonstration, {done['month']}")
        total = (
            f"合计 {done['total']['daxie']}",
            str(done["total"]["points"]),
            f"{done['total']['amount_fen'] // 100:,}",
        )
        self.stdout.write(_table(("县（区）", "处", "元"), [*map(_county, done["counties"]), total]))
        rows = [
            (login["username"], login["password"] or "（见文件）", login["name"], login["role"])
            for login in done["logins"]
        ]
        self.stdout.write(_table(("用户", "密码", "姓名", "角色"), rows))
        self.stdout.write(f"密码文件 / passwords: {done['logins_file']}\n报表 / reports: {done['reports']}")

    def say(self, message: str) -> None:
        """One line about progress, on stderr."""
        print(f"  {message}", file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def _timed(self, key: str, title: str) -> Iterator[None]:
        print(f"· {title} …", file=sys.stderr, flush=True)
        started = time.monotonic()
        yield
        self.seconds[key] = round(time.monotonic() - started, 2)


def _nobody() -> NoReturn:
    raise proof.Unproved(
        f"密码文件不在：{logins.path()}。用 manage.py user password clerk 重设 / the file of passwords is gone"
    )


def _county(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["name"], str(row["points"]), f"{row['amount_fen'] // 100:,}"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Columns that stand straight in a terminal, where a Chinese character is two cells wide; numbers to the right."""
    columns = list(zip(head, *rows, strict=True))
    widths = [max(map(_cells, column)) for column in columns]
    numeric = [all(cell.replace(",", "").isdecimal() for cell in column[1:]) for column in columns]

    def line(row: tuple[str, ...]) -> str:
        parts = []
        for cell, width, is_number in zip(row, widths, numeric, strict=True):
            gap = " " * (width - _cells(cell))
            parts.append(gap + cell if is_number else cell + gap)
        return "  ".join(parts).rstrip()

    return "\n".join([line(head), "  ".join("-" * width for width in widths), *map(line, rows), ""])


def _cells(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def _stop_on_signal(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


@contextlib.contextmanager
def _people_words() -> Iterator[None]:
    """Raise the expected failures as CommandError, which says what happened and what to do (exit code 1)."""
    try:
        yield
    except Refused as refused:
        raise CommandError(refused.message) from refused
    except PortTaken as error:
        raise CommandError(
            f"端口 {error.port} 被占用，请换一个，例如 --port {error.free} / port {error.port} is taken, try --port {error.free}"
        ) from error
    except ChildStopped as stopped:
        raise CommandError(
            f"{stopped.log}\n{stopped.name} 意外停止，日志见上 / stopped by itself, its log is above"
        ) from stopped
    except proof.Unproved as unproved:
        raise CommandError(f"自检未通过 / the check failed: {unproved}") from unproved
    except (OSError, OperationalError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC or "disk is full" in str(error):
            raise CommandError(
                f"磁盘已满，清理后重试 / the disk is full, free some space: {settings.JINSHAO_HOME}"
            ) from error
        raise
