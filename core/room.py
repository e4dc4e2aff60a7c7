"""Refusals for a full disk, which is no defect: said in words, with nothing half-written, and the same act can be
sent again when there is room."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import server_error as usual

from core.errors import Refused

log = structlog.get_logger(__name__)

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# SQLite's SQLITE_FULL; PostgreSQL's class 53 (disk_full), which psycopg gives in sqlstate.
SQLITE_SAYS, POSTGRESQL_STATE = "database or disk is full", "53100"
# Seen on a real full volume: without 32 kB for its shared memory SQLite cannot begin, and calls that an I/O error.
SQLITE_CANNOT_EVEN_OPEN, LEAST_BYTES = "disk I/O error", 1 << 20
DRAFT = ".draft-"


class NoRoom(Refused):
    """The disk is full: nothing was changed."""

    code = "disk_full"
    http_status = 507

    def __init__(self) -> None:
        super().__init__("服务器磁盘已满，这次没有存下，也没有改动任何数据；请联系管理员清理，之后原样再办一次。")


def refusal_of(error: BaseException | None) -> NoRoom | None:
    """The refusal that an error of the file system or the database is when there is no room; else None."""
    if isinstance(error, OSError) and error.errno in FULL:
        return NoRoom()
    if isinstance(error, DatabaseError):
        state = getattr(error.__cause__, "sqlstate", "")
        if SQLITE_SAYS in str(error) or state == POSTGRESQL_STATE:
            return NoRoom()
        if SQLITE_CANNOT_EVEN_OPEN in str(error) and _nothing_left():
            return NoRoom()
    return None


def _nothing_left() -> bool:
    return shutil.disk_usage(settings.JINSHAO_HOME).free < LEAST_BYTES


@contextmanager
def written_whole(target: Path) -> Iterator[IO[bytes]]:
    """A file that is there whole or not at all: a draft beside it, fsync, rename. Raises NoRoom; no draft is left."""
    draft = ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=DRAFT)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, 0o640)
        os.replace(draft, target)
        _fsync_folder(target.parent)
    except BaseException as error:
        if draft:
            Path(draft).unlink(missing_ok=True)
        if full := refusal_of(error):
            log.error("disk_full", path=str(target))
            raise full from error
        raise


def _fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: a full disk is told as such (507), wherever it was met: reading an upload, keeping a session.

    Anything else is a defect and gets Django's own answer.
    """
    if full := refusal_of(sys.exc_info()[1]):
        return render(request, "errors/full.html", {"message": full.message}, status=full.http_status)
    return usual(request)
