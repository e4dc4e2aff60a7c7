"""Keeping files as they came, by content, under JINSHAO_HOME: written whole with fsync and rename, never rewritten."""

import hashlib
import os
import tempfile
from pathlib import Path

from django.conf import settings


def digest_of(content: bytes) -> str:
    """sha256 in hex: the name by which a stored file is known."""
    return hashlib.sha256(content).hexdigest()


def store_bytes(content: bytes, *, kind: str, suffix: str) -> str:
    """Write `content` and return its path relative to JINSHAO_HOME; the same bytes are kept once."""
    digest = digest_of(content)
    relative = f"{kind}/{digest[:2]}/{digest}{suffix}"
    target = Path(settings.JINSHAO_HOME) / relative
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    return relative


def stored_path(relative: str) -> Path:
    """Where a stored file lies on this machine."""
    return Path(settings.JINSHAO_HOME) / relative
