"""Strict JSON and paging by key, shared by our API views.

The views of REST framework read these classes from the settings while they are being imported: no view is imported here.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import urlencode

from rest_framework.exceptions import NotFound, ParseError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

MOST_DIGITS = 18


class StrictJSONParser(JSONParser):
    """JSON as the databases can hold it: no null characters, no half surrogate pairs, no nesting without end."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
            check_text(data)
        except RecursionError:
            raise ParseError("JSON 嵌套太深") from None
        return data


def check_text(value: Any) -> None:
    """Raise ParseError for text that PostgreSQL cannot store, anywhere in a JSON value."""
    if isinstance(value, str):
        if not is_storable(value):
            raise ParseError("文字里有空字符或残缺的字符")
    elif isinstance(value, Mapping):
        for name, below in value.items():
            check_text(name)
            check_text(below)
    elif isinstance(value, list):
        for below in value:
            check_text(below)


def is_storable(text: str) -> bool:
    """Whether text has neither a null character nor half a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


class KeyPagination(CursorPagination):
    """Pages by primary key, newest first: a deep page costs what the first costs, and new rows shift nothing."""

    ordering: Any = "-id"
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500
    cursor_query_description = "下一页的位置，取自上一页的 next"
    page_size_query_description = "每页条数，最多 500"

    def decode_cursor(self, request: Request) -> Cursor | None:
        """A cursor of ours holds a key; anything else is answered as an unknown page, not asked of the database."""
        cursor: Cursor | None = super().decode_cursor(request)
        position: Any = cursor.position if cursor else None
        if position is not None and not (position.isascii() and position.isdecimal() and len(position) <= MOST_DIGITS):
            raise NotFound(self.invalid_cursor_message)
        return cursor

    def token_after(self, key: int) -> str:
        """The cursor of the page that begins after the row with this key."""
        query = urlencode({"p": str(key)})
        return b64encode(query.encode("ascii")).decode("ascii")


class OldestFirst(KeyPagination):
    """In the order in which the rows were written."""

    ordering = "id"
