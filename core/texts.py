"""Texts and keys that people and their programs send."""

from core.errors import Missing


def stripped(text: str) -> str:
    """`text` without its margins and without NUL, which no database keeps in a text."""
    return str(text or "").replace("\x00", "").strip()


def required(text: str, what: str) -> str:
    """`text` without its margins. Raises Missing, naming `what`, when nothing is left."""
    if not (plain := stripped(text)):
        raise Missing([what])
    return plain


def whole_key(value: object) -> int:
    """The key of a row as a form or JSON gives it: a whole number, or its digits. Raises ValueError for anything else, for
    True and 1.9 would name a row that nobody meant."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 19:
        return int(value)
    raise ValueError(value)
