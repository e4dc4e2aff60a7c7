"""Named places at which a process may die, so that a test can make it die there. In service they do nothing.

`JINSHAO_FAULT="import.chunk.stored:3"` kills this very process (SIGKILL, nothing is tidied up) when it comes to that
place for the third time; `:1` may be left out. A place is named app.act.what-has-just-happened and says in its
registration what must hold if the process dies there.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

from core.registry import Named

ENVIRONMENT = "JINSHAO_FAULT"

POINTS: Named[str] = Named(
    "fault points", asked_by="tests/faults", what_for="where a process may die, and what must hold then"
)
_passed: dict[str, int] = {}


def register(points: Mapping[str, str]) -> None:
    """Declare places: name → what must be so after a death there, in a sentence. Done beside the code that has them."""
    for name, sentence in points.items():
        POINTS.add(name, sentence)


def registered(prefix: str = "") -> dict[str, str]:
    """Every declared place whose name begins so; the tests go through them one by one."""
    return {name: sentence for name, sentence in POINTS.items() if name.startswith(prefix)}


def point(name: str) -> None:
    """Die here, if the environment asks for it. Raises LookupError (a defect) for a name that was not declared."""
    if name not in POINTS:
        raise LookupError(f"no such fault point: {name}")
    armed = os.environ.get(ENVIRONMENT)
    if not armed:
        return
    point_name, _, count = armed.partition(":")
    if point_name != name:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if _passed[name] == int(count or 1):
        os.kill(os.getpid(), signal.SIGKILL)
