"""What a page has read already is not read again: answers that last as long as one GET, and no longer.

Only what asks again and again within one page belongs here (the posts of the person before it, the rulings of a day), and
only while nothing is written: an act reads everything anew.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from django.http import HttpRequest, HttpResponseBase

T = TypeVar("T")
SAFE = {"GET", "HEAD"}
_memory: ContextVar[dict[Hashable, Any] | None] = ContextVar("jinshao_page_memory", default=None)


def remembered(key: Hashable, read: Callable[[], T]) -> T:
    """The answer of `read`, once per page; outside of a page it is read each time."""
    memory = _memory.get()
    if memory is None:
        return read()
    if key not in memory:
        memory[key] = read()
    return cast(T, memory[key])


class PageMemory:
    """The middleware that opens the memory for a page and forgets it with the answer; streamed rows come after that."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = _memory.set({} if request.method in SAFE else None)
        try:
            return self.get_response(request)
        finally:
            _memory.reset(token)
