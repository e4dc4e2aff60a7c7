"""The base of our management commands: one JSON object or words for people, and exit codes that mean something.

0 done; 1 refused, with the reason; 2 usage.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from core import deciding, ways
from core.errors import Refused
from core.month import Month, NotAMonth
from core.room import refusal_of


class Usage(CommandError):
    """The command was called wrongly: exit code 2."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=2)


def month(text: str) -> str:
    """An argparse type: YYYY-MM."""
    try:
        return str(Month.parse(text))
    except NotAMonth as error:
        raise argparse.ArgumentTypeError(str(error)) from None


class JinshaoCommand(BaseCommand):
    """Subclasses write `run(**options) -> dict` and, for people, `show(result)`.

    With `--json` (before or after a subcommand) stdout holds exactly one JSON object, also for a refusal or a wrong call:
    `{"error": code, "message": …}`. Whatever else is printed meanwhile goes to stderr.
    """

    _asked_for_json = False

    # The checks import every page and API; `check` and the tests run them, a command at the prompt starts at once.
    requires_system_checks = ()

    # Annotated, not defined: subclasses name the options they take, which a method here would forbid.
    run: Callable[..., dict[str, Any]]

    def show(self, result: dict[str, Any]) -> None:
        """Tell people what was done; by default the values line by line."""
        for key, value in result.items():
            self.stdout.write(f"{key}: {value}")

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Add `--json` to the parser and to every parser below it, so that it may stand anywhere."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", dest="as_json", help="标准输出只给一个 JSON 对象")
        for child in _below(parser):
            # SUPPRESS: the child's default must not overwrite what the parent has read.
            child.add_argument("--json", action="store_true", dest="as_json", default=argparse.SUPPRESS)
        for command_parser in (parser, *_below(parser)):
            command_parser.error = self._wrong_call(command_parser)  # type: ignore[assignment,method-assign]
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        """Django's, remembering what was asked for: a call that cannot be parsed has no options yet."""
        self._asked_for_json = "--json" in argv
        super().run_from_argv(argv)

    def _wrong_call(self, parser: argparse.ArgumentParser) -> Callable[[str], NoReturn]:
        usual = parser.error

        def error(message: str) -> NoReturn:
            if self._asked_for_json:
                self.stdout.write(_json({"error": "usage", "message": message}))
            usual(message)

        return error

    def handle(self, *args: Any, **options: Any) -> None:
        as_json = options.pop("as_json", False)
        stdout = self.stdout
        try:
            with self._quiet() if as_json else contextlib.nullcontext(), self._coming(options):
                deciding.require_may_decide(self._words(options))
                result = self.run(**options)
        except (Refused, OSError, DatabaseError) as error:
            refused = error if isinstance(error, Refused) else refusal_of(error)
            if refused is None:
                raise
            if as_json:
                stdout.write(_json(refused.as_json()))
            raise CommandError(refused.message, returncode=1) from error
        except Usage as usage:
            if as_json:
                stdout.write(_json({"error": "usage", "message": str(usage)}))
            raise
        if as_json:
            stdout.write(_json(result))
        else:
            self.show(result)

    def _coming(self, options: dict[str, Any]) -> contextlib.AbstractContextManager[None]:
        """The way of what the command does: its name, what it was to do, and the system's user who gave it."""
        return ways.coming(ways.Way.COMMAND, f"{' '.join(self._words(options))} · {ways.system_user()}")

    def _words(self, options: dict[str, Any]) -> list[str]:
        """The command's name and what it is to do: ["point", "act", "recognise"]."""
        return [self.__module__.rpartition(".")[2], *(options[key] for key in ("verb", "action") if options.get(key))]

    @contextlib.contextmanager
    def _quiet(self) -> Iterator[None]:
        stdout, self.stdout = self.stdout, self.stderr
        try:
            with contextlib.redirect_stdout(sys.stderr):
                yield
        finally:
            self.stdout = stdout


def _below(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Every parser of a subcommand, at any depth."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield child
                yield from _below(child)


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
