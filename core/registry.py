"""Registries, in three shapes: where an app asks what only the apps above it can answer.

The app that asks makes the registry at the top of a module; the apps above fill it on import or from their `ready()`.
Each says who asks and what for, and remembers who answered: the table in docs/architecture.md is printed from them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")
_NOTHING: Final[Any] = object()
_registries: dict[str, Registry[Any]] = {}


class DoubleAnswer(ValueError):
    """A defect: two answers where there is room for one."""


class NoAnswer(LookupError):
    """A defect: nobody has registered what is asked for."""


class Registry(Generic[T]):
    """The common part of the three shapes: a name, who asks, what for, the module that asks, the answers and who answered.

    Raises DoubleAnswer for a name in use.
    """

    def __init__(self, name: str, *, asked_by: str, what_for: str) -> None:
        if name in _registries:
            raise DoubleAnswer(f"two registries are called {name}")
        self.name, self.asked_by, self.what_for, self.module = name, asked_by, what_for, _module_at_work()
        self._answers: dict[str, T] = {}
        self._apps: set[str] = set()
        _registries[name] = self

    @property
    def answered_by(self) -> list[str]:
        """The apps that have answered."""
        return sorted(self._apps)

    def __len__(self) -> int:
        return len(self._answers)

    def _keep(self, key: str, answer: T) -> T:
        """Add an answer; the same one again changes nothing, another one is a defect."""
        if key in self._answers and self._answers[key] != answer:
            raise DoubleAnswer(f"{self.name}: {key or 'the one place'} is taken by {self._answers[key]!r}")
        self._answers.setdefault(key, answer)
        self._apps.add(_module_at_work().partition(".")[0])
        return answer

    @contextmanager
    def _in_place(self, answers: dict[str, T]) -> Iterator[None]:
        before, self._answers = self._answers, answers
        try:
            yield
        finally:
            self._answers = before


class Slot(Registry[T]):
    """Exactly one answer, set once; without one the `default`, and without a default NoAnswer."""

    def __init__(self, name: str, *, asked_by: str, what_for: str, default: T = _NOTHING) -> None:
        super().__init__(name, asked_by=asked_by, what_for=what_for)
        self._default = default

    def set(self, answer: T) -> T:
        """Set the answer. Usable as a decorator. Raises DoubleAnswer when somebody else has."""
        return self._keep("", answer)

    def get(self) -> T:
        """The answer, or the default. Raises NoAnswer."""
        answer: T = self._answers.get("", self._default)
        if answer is _NOTHING:
            raise NoAnswer(f"{self.name}: no app has answered {self.asked_by}")
        return answer

    @contextmanager
    def overridden(self, answer: T = _NOTHING) -> Iterator[None]:
        """For tests: this answer alone, or none."""
        with self._in_place({} if answer is _NOTHING else {"": answer}):
            yield


class Listeners(Registry[T]):
    """Any number of answers, asked in the order in which they were added."""

    def add(self, listener: T) -> T:
        """Add an answer to the others. Usable as a decorator; the same one again changes nothing."""
        key = next((key for key, answer in self._answers.items() if answer == listener), str(len(self._answers)))
        return self._keep(key, listener)

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._answers.values()))

    @contextmanager
    def overridden(self, *listeners: T) -> Iterator[None]:
        """For tests: these alone."""
        with self._in_place({str(at): listener for at, listener in enumerate(listeners)}):
            yield


class Named(Registry[T]):
    """Answers by name, each name once. `unknown` makes the error for a name that nobody registered."""

    def __init__(
        self, name: str, *, asked_by: str, what_for: str, unknown: Callable[[str], Exception] | None = None
    ) -> None:
        super().__init__(name, asked_by=asked_by, what_for=what_for)
        self._unknown = unknown or (lambda key: NoAnswer(f"{name}: nobody has registered {key!r}"))

    def add(self, name: str, answer: T) -> T:
        """Answer under a name. Raises DoubleAnswer when it has another answer."""
        return self._keep(name, answer)

    def __getitem__(self, name: str) -> T:
        if name not in self._answers:
            raise self._unknown(name)
        return self._answers[name]

    def get(self, name: str) -> T | None:
        """The answer under a name, or None."""
        return self._answers.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._answers

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._answers))

    def items(self) -> list[tuple[str, T]]:
        """(name, answer), by name."""
        return [(name, self._answers[name]) for name in self]

    @contextmanager
    def overridden(self, answers: Mapping[str, T] | None = None) -> Iterator[None]:
        """For tests: these alone, or none."""
        with self._in_place(dict(answers or {})):
            yield


def registries() -> list[Registry[Any]]:
    """Every registry of the modules loaded so far, by module and name."""
    return sorted(_registries.values(), key=lambda registry: (registry.module, registry.name))


def _module_at_work() -> str:
    """The module whose body or `ready()` is running: it makes a registry, or answers one."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_name not in ("<module>", "ready"):
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", "")) if frame else ""
