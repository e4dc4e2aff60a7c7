"""Text of people and machines: encodings, cells as one line of half-width text, numbers.

Every function is total: it returns None and raises nothing. What the bytes of a file say is papers.encodings.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")


# Marks without a width that come with copies from chats, web pages and dialogs: nobody can see what they spoil.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]"
)


def plain(value: Any) -> str:
    """A cell as one line of half-width text: NFKC, no line breaks, stray spaces, invisible marks or null bytes."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))  # Excel stores 序号 5 as 5.0
    if not isinstance(value, str):
        return str(value)
    if value.isascii() and "\x00" not in value:
        return " ".join(value.split())
    # NFKC would turn the ordinal sign that people type for a degree into the letter o, and split a double prime.
    text = INVISIBLE.sub("", value).replace("º", "°").replace("″", '"').replace("\x00", "\ufffd")
    return " ".join(unicodedata.normalize("NFKC", text).split())


def compact(value: Any) -> str:
    """Like `plain` and without any space: for headings and for names broken over two lines."""
    return plain(value).replace(" ", "")


def parse_number(value: Any) -> float | None:
    """A finite decimal number, full-width digits too; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    text = plain(value).replace("−", "-")
    if not NUMBER.fullmatch(text) or not text.isascii():
        return None
    number = float(text)
    return number if math.isfinite(number) else None
