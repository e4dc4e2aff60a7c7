"""Files between preview and import: kept by content under JINSHAO_HOME/uploads for some days, known by their sha256."""

import os
import re
import time
from pathlib import Path

from django.conf import settings

from core.errors import BadInput
from firepoints.models import ImportRun
from papers import filing

MAX_UPLOAD_BYTES = 100 * 1024 * 1024
KEPT_S = 7 * 86400
KIND = "uploads"
SUFFIXES = (".csv", ".xlsx", ".xls", ".json", ".txt")
_TOKEN = re.compile(r"[0-9a-f]{64}")


def suffix_of(filename: str) -> str:
    """The ending if it is one that we know, else "": the content decides how a file is read, never its name."""
    suffix = Path(filename).suffix.lower()
    return suffix if suffix in SUFFIXES else ""


def keep(content: bytes, *, filename: str) -> str:
    """Keep uploaded bytes and return their token (sha256 hex); forgotten uploads of the last week are cleared away."""
    _clear_old()
    relative = filing.store_bytes(content, kind=KIND, suffix=suffix_of(filename))
    os.utime(filing.stored_path(relative))
    return filing.digest_of(content)


def path_of(token: str, *, filename: str) -> Path:
    """The path of an upload, or of the file of a failed import: it is looked at again from there.

    Raises BadInput when it was cleared away, or the token is none of ours.
    """
    if _TOKEN.fullmatch(token):
        path = filing.stored_path(f"{KIND}/{token[:2]}/{token}{suffix_of(filename)}")
        if path.is_file():
            return path
        failed = ImportRun.objects.filter(sha256=token, state=ImportRun.State.FAILED).exclude(stored_as="").first()
        if failed is not None and (path := filing.stored_path(failed.stored_as)).is_file():
            return path
    raise BadInput("上传的文件已经清理，请重新选择文件", where="文件")


def _clear_old() -> None:
    limit = time.time() - KEPT_S
    for path in (Path(settings.JINSHAO_HOME) / KIND).glob("*/*"):
        # Another worker may clear the same file at this moment.
        if path.is_file() and path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
