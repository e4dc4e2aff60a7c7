"""Texts and keys that people and their programs send."""

from core.errors import Missing


def required(text: str, what: str) -> str:
    """`text` without its margins. Raises Missing, naming `what`, when nothing is left."""
    stripped = str(text or "").strip()
    if not stripped:
        raise Missing([what])
    return stripped


def whole_key(value: object) -> int:
    """The key of a row as a form or JSON gives it: a whole number, or its digits. Raises ValueError for anything else, for
    True and 1.9 would name a row that nobody meant."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 19:
        return int(value)
    raise ValueError(value)
