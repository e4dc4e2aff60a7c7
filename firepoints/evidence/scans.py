"""Whether the scan of a paper can be opened: what proves a notice must not be ten bytes with the name of a PDF."""

from firepoints.evidence.originals import path_of
from firepoints.models import Evidence

TAIL_BYTES = 2048
"""A PDF names the place of its table in its last lines; some programs append a little after it."""


def is_legible(piece: Evidence) -> bool:
    """Whether the original is there and whole. A picture was decoded when it came; a PDF has objects and its end."""
    path = path_of(piece)
    if not path.is_file():
        return False
    if piece.content_type != "application/pdf":
        return True
    content = path.read_bytes()
    tail = content[-TAIL_BYTES:]
    return b" obj" in content and b"startxref" in tail and b"%%EOF" in tail
