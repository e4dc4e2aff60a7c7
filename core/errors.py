"""Refusals: answers that people read (Chinese) and programs branch on (a stable code).

A `Refused` is an expected "no", with what was wrong, where, and what to do. A defect in our own code is any other
exception. Commands turn a refusal into exit code 1, the API into `http_status`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Refused(Exception):
    """An act was refused. `code` is stable, `message` is Chinese for people, `details` goes into the JSON answer."""

    code: str = "refused"
    http_status: int = 409

    def __init__(self, message: str, *, code: str | None = None, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = dict(details or {})
        if code is not None:
            self.code = code

    def as_json(self) -> dict[str, Any]:
        """The one shape of a refusal on every surface: details first, so that they cannot hide the code."""
        return {**self.details, "error": self.code, "message": self.message}


class NotAllowed(Refused):
    """The wrong role, the wrong cell, or the same person twice."""

    code = "not_allowed"
    http_status = 403


class NeedsAnother(Refused):
    """The act takes two persons: nothing has happened, one may propose it and another accept.

    `keys` name the rows of the table that ask for it, `version` is the subject's as it was read.
    """

    code = "needs_another"

    def __init__(self, message: str, *, keys: Sequence[str], version: str, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.keys, self.version = list(keys), version
        self.details.setdefault("two_persons", self.keys)


class StaleVersion(Refused):
    """Someone else acted first; read again and decide again."""

    code = "stale_version"

    def __init__(self, message: str = "已有他人先行办理，请刷新后重试。", **kwargs: Any) -> None:
        super().__init__(message, **kwargs)


class Missing(Refused):
    """The act lacks what it requires; `requirements` names each thing in words."""

    code = "missing"
    http_status = 400

    def __init__(self, requirements: Sequence[str], message: str | None = None, **kwargs: Any) -> None:
        super().__init__(message or "缺少必要材料：" + "、".join(requirements) + "。", **kwargs)
        self.requirements = list(requirements)
        self.details.setdefault("requirements", self.requirements)


class NotThere(Refused):
    """There is no such thing, or the user may not see it: the same answer for both."""

    code = "not_found"
    http_status = 404


class BadInput(Refused):
    """What was handed in cannot be read; `where` is the sheet/row/column or the field."""

    code = "bad_input"
    http_status = 400

    def __init__(self, message: str, where: str = "", **kwargs: Any) -> None:
        super().__init__(f"{where}：{message}" if where else message, **kwargs)
        self.where = where
        if where:
            self.details.setdefault("where", where)


class Conflict(Refused):
    """It contradicts something already on record."""

    code = "conflict"


class UnknownAct(LookupError):
    """A defect: an act was recorded that no acts.py registered."""


class NotInTransaction(RuntimeError):
    """A defect: an entry was to be written outside the transaction of its act."""


class AppendOnly(TypeError):
    """A defect: code tried to change or delete a row that may only be added."""
