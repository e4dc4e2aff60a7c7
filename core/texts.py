"""Texts that people type."""

from core.errors import Missing


def required(text: str, what: str) -> str:
    """`text` without its margins. Raises Missing, naming `what`, when nothing is left."""
    stripped = str(text or "").strip()
    if not stripped:
        raise Missing([what])
    return stripped
