"""What every page shows of the machinery is a few seconds old at most: answers that a process keeps for a moment.

Only for what nobody decides by (the title, the sign of a worker that is late); what an act rests on is read each time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")
KEPT_S = 5.0
_answers: dict[Hashable, tuple[float, Any]] = {}


def recently(key: Hashable, read: Callable[[], T]) -> T:
    """The answer of `read`, at most KEPT_S old."""
    now = time.monotonic()
    until, answer = _answers.get(key, (0.0, None))
    if now >= until:
        answer = read()
        _answers[key] = (now + KEPT_S, answer)
    return cast(T, answer)


def forget() -> None:
    """Read everything anew from now on; for tests, each of which has a database of its own."""
    _answers.clear()
