"""A copy of the database while it is in use, and of the files; and the way back, which is an act of its own.

SQLite by its online backup: one whole state of the database, whoever writes meanwhile. PostgreSQL has pg_dump.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from core import clock
from core.errors import BadInput, Conflict, Refused
from journal.models import Seal
from journal.record import sealing, services

# What is made again, is of this machine only, or is the database itself.
NOT_KEPT = frozenset({"indexes", "copies", "uploads", "static", "log", "broker", "reports", "run"})


def backup(folder: Path) -> dict[str, Any]:
    """Write database, files and a manifest into a new folder below `folder`, for its owner alone; returns the manifest.

    The database first: files are only ever added, so none that it names is missing. Raises Refused("use_pg_dump") on
    PostgreSQL, BadInput for a folder inside the home or one that cannot be written.
    """
    if connection.vendor != "sqlite":
        raise Refused(
            'PostgreSQL 请用 pg_dump 备份：pg_dump --format=custom --file=jinshao.dump "$DATABASE_URL"，'
            f"然后复制 JINSHAO_HOME（不含 {'、'.join(sorted(NOT_KEPT))}），并另记链首 {sealing.head_text()}。",
            code="use_pg_dump",
        )
    home = Path(settings.JINSHAO_HOME).resolve()
    folder = folder.resolve()
    if folder == home or home in folder.parents:
        raise BadInput("备份不要放在 JINSHAO_HOME 里面，最好在另一块盘上", where="--to")
    target = folder / f"jinshao-{clock.real_now().astimezone(clock.BEIJING):%Y%m%d-%H%M%S}"
    try:
        target.mkdir(parents=True, mode=0o700)
        _copy_database(target / "jinshao.sqlite3")
        files = _copy_files(home, target)
    except FileExistsError:
        raise Conflict(f"{target.name} 已经存在，请稍后再试") from None
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        raise BadInput(f"写不进去：{error.strerror}", where="--to") from error
    manifest = {"at": clock.real_now().isoformat(), "database": "jinshao.sqlite3", "files": files} | _head_of(target)
    _write_whole(target / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1).encode())
    _close(target)
    services.access(None, "backup", ("journal.deployment", 1), target.name)
    return {"folder": str(target), **manifest}


def _copy_database(target: Path) -> None:
    connection.ensure_connection()
    draft = target.with_suffix(".draft")
    with closing(sqlite3.connect(draft)) as copy:
        connection.connection.backup(copy)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.rename(target)


def _copy_files(home: Path, target: Path) -> int:
    number = 0
    for folder in sorted(path for path in home.iterdir() if path.is_dir() and path.name not in NOT_KEPT):
        shutil.copytree(folder, target / folder.name, ignore=shutil.ignore_patterns(".draft-*", "*.sqlite3*"))
        number += sum(1 for path in (target / folder.name).rglob("*") if path.is_file())
    for key in (home / "secret_key", home / "identity_key"):
        if key.is_file():
            shutil.copy2(key, target / key.name)
    return number


def _close(target: Path) -> None:
    """Close the backup to all but its owner: the copies came with the modes of the home, which may be a group's."""
    for path in target.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _head_of(target: Path) -> dict[str, Any]:
    """The head of the chain in the copy itself, which may be younger than a head that was asked for before."""
    database = target / "jinshao.sqlite3"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as copy:
        if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise Refused("备份出来的数据库没有通过检查，请检查磁盘后重做。", code="backup_damaged")
        row = copy.execute(f"SELECT seq, hash FROM {Seal._meta.db_table} ORDER BY seq DESC LIMIT 1").fetchone()  # noqa: S608
    digest = hashlib.sha256()
    with database.open("rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            digest.update(part)
    return {"head": f"{row[0]}:{row[1]}" if row else "", "sha256": digest.hexdigest()}


def _write_whole(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".draft")
    draft.write_bytes(content)
    draft.rename(path)


@transaction.atomic
def restored(*, last_head: tuple[int, str] | None, reason: str, actor: Any = None) -> dict[str, Any]:
    """Open a new epoch over a restored backup and name the lost range; to be done before a worker seals again.

    `last_head` is the newest (seq, hash) known outside: what lies after the backup's head up to it is lost. Raises
    Conflict("not_our_chain") when the chain has another hash at that place: then this is no backup of this record.
    """
    seq, _ = sealing.head()
    if last_head is not None and last_head[0] <= seq:
        seal = Seal.objects.filter(seq=last_head[0]).first()
        if last_head[0] and not (seal and seal.hash.startswith(last_head[1])):
            raise Conflict(f"第 {last_head[0]} 环与给出的链首不符：这不是同一部记录的备份。", code="not_our_chain")
    deployment = services.new_epoch(actor=actor, reason=reason, lost_head=last_head)
    lost = max(last_head[0] - seq, 0) if last_head else None
    return {
        "epoch": deployment.epoch,
        "head": sealing.head_text(),
        "lost_acts": lost,
        "lost_from": seq + 1 if lost else None,
        "lost_to": last_head[0] if lost and last_head else None,
    }
