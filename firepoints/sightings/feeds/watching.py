"""收件夹: files dropped into inbox/<source>/ are imported, and then lie in done/ or failed/ with the reason beside them.

A file is claimed by a rename into .work/ under a number of its own, which is also that of its import: so two who look at
once take a file once, and after a death the next pass goes on with the same import. What is still being written, and what
is no plain file, is left alone.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from core import clock
from core.errors import Refused
from firepoints.models import Feed, ImportRun, Source
from firepoints.sightings.importing import reading
from firepoints.sightings.importing.area import require_edition
from firepoints.sightings.importing.order import ImportOrder
from firepoints.sightings.importing.start import SMALL_BYTES, import_file
from firepoints.sightings.importing.turns import Busy
from firepoints.sightings.lists.mapping import remembered
from firepoints.sightings.readers.list_names import said_of_list
from grids.models import User
from grids.selectors import system_user
from journal.jobs import jobs
from papers.filing import digest_of_file

FEED = "inbox"
WORK, DONE, FAILED = ".work", "done", "failed"
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".swp", ".lock")
MOST_BYTES = 500_000_000
MOST_FILES = 50  # of one pass
NAME_BYTES = 150  # leaves room for stamp and ending in the 255 of a file system
WAIT_S = 300
TITLE_ROWS = 10
_ODD = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u202a-\u202e\u2066-\u2069\ud800-\udfff]')


@dataclass(frozen=True, slots=True)
class Taken:
    """The result for one file: `state` done, failed or waiting (its import goes on in the background)."""

    source: str
    name: str
    state: str
    said: str
    run: str = ""


def inbox() -> Path:
    """The folder into which files are dropped: JINSHAO_INBOX, else the folder inbox of JINSHAO_HOME."""
    return Path(settings.JINSHAO_INBOX or Path(settings.JINSHAO_HOME) / "inbox")


def inbox_prepare() -> list[str]:
    """Make the folders, one per source that has a reader; returns the sources. 举报 has none: each is taken in by itself."""
    codes = [
        source.code for source in Source.objects.exclude(kind=Source.Kind.HOTLINE) if source.parser in reading.PARSERS
    ]
    for code in codes:
        (inbox() / code).mkdir(parents=True, exist_ok=True)
    return codes


def inbox_take(*, actor: User | None = None) -> dict[str, Any]:
    """One pass: {files: [Taken…], said}. Files whose size or time changed in the last seconds are left for the next one."""
    if not inbox().is_dir():
        return {"files": [], "said": "没有收件夹；先运行 watch --once"}
    try:
        require_edition()
    except Refused as refused:
        return {"files": [], "said": refused.message}
    codes = set(inbox_prepare())
    by = actor or system_user()
    for code in sorted(codes):
        _claim(inbox() / code)
    files = [_import(code, path, by) for code in sorted(codes) for path in _claimed(inbox() / code)]
    _note(files)
    return {"files": [asdict(file) for file in files], "said": f"{len(files)} 份文件" if files else "没有新文件"}


def _claim(folder: Path) -> None:
    """Move what is complete into .work under a number of its own; a rename has one winner."""
    for path, status in _complete(folder):
        target = folder / WORK / f"{uuid4()}__{safe_name(path.name)}"
        target.parent.mkdir(exist_ok=True)
        try:
            now = path.lstat()
            if (now.st_size, now.st_mtime_ns) != (status.st_size, status.st_mtime_ns):
                continue
            path.rename(target)
        except FileNotFoundError:
            continue  # another pass was quicker


def _complete(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Plain files that nobody has touched for JINSHAO_INBOX_STABLE_S seconds; links and folders are left alone."""
    now, count = time.time(), 0
    for path in sorted(folder.iterdir()):
        name = path.name.lower()
        if name.startswith((".", "~$")) or name.endswith((*UNFINISHED, ".reason.txt")):
            continue
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue
        # The change time too: a copy may bring the old modification time with its first byte.
        ages = [now - at for at in (status.st_mtime, status.st_ctime) if at <= now + 1]
        is_stable = bool(ages) and min(ages) >= settings.JINSHAO_INBOX_STABLE_S
        if stat.S_ISREG(status.st_mode) and is_stable and count < MOST_FILES:
            count += 1
            yield path, status


def _claimed(folder: Path) -> list[Path]:
    work = folder / WORK
    return sorted(path for path in work.iterdir() if path.is_file()) if work.is_dir() else []


def _import(code: str, path: Path, actor: User) -> Taken:
    """Import a claimed file, or see how far its import is, and move it when that is over."""
    jobs.renew()
    number, _, name = path.name.partition("__")
    try:
        run = _run_of(code, path, UUID(number), name, actor)
    except FileNotFoundError:
        return Taken(code, name, "waiting", "另一个进程正在处理")
    except (Refused, ValueError) as error:
        return _moved(code, path, name, FAILED, str(error) or "读不懂")
    if run is None or not run.is_over:
        return Taken(code, name, "waiting", "另一份文件正在导入" if run is None else run.progress.words)
    if run.state == ImportRun.State.FAILED:
        return _moved(code, path, name, FAILED, run.error, run)
    return _moved(code, path, name, DONE, f"{run.rows} 行，入库 {run.kept}，隔离 {run.quarantined}", run)


def _run_of(code: str, path: Path, number: UUID, name: str, actor: User) -> ImportRun | None:
    """The run of this file, made and worked on if it is new; None while another import has the turn for long."""
    run = ImportRun.objects.filter(uuid=number).first()
    if run is not None:
        return run
    if not (size := path.stat().st_size):
        raise Refused("文件是空的")
    if size > MOST_BYTES:
        raise Refused(f"文件超过 {MOST_BYTES // 1_000_000} MB，请分成几个")
    source = reading.source_named(code)
    listed = _name_of_list(source, path, name)
    try:
        order = ImportOrder(
            path=path, source_code=code, actor=actor, filename=name, uuid=number, name=listed,
            mapping=remembered(source, listed.issuer) or remembered(source, ""),
        )  # fmt: skip
        done = import_file(order, wait_s=WAIT_S)
    except Busy:
        return ImportRun.objects.filter(uuid=number).first()
    return done.run


def _name_of_list(source: Source, path: Path, name: str) -> reading.ListName:
    """Issuer, period and number of an official list: as somebody imported this very file before, else as its name says
    and, for what the name leaves open, its title. Nothing for other sources."""
    if source.source_class != Source.Class.OFFICIAL_LIST:
        return reading.ListName()
    runs = ImportRun.objects.filter(source=source, state=ImportRun.State.COMMITTED)
    before = runs.filter(sha256=digest_of_file(path)).order_by("pk").first()
    if before is not None:
        return reading.ListName(before.issuer, before.period, before.list_no)
    issuers = list(runs.exclude(issuer="").order_by().values_list("issuer", flat=True).distinct())
    parts = said_of_list([Path(name).stem], issuers)
    if not all(parts) and path.stat().st_size <= SMALL_BYTES:
        parts = said_of_list([Path(name).stem, *_titles(source, path, name)], issuers)
    return reading.ListName(*(text[:room] for text, room in zip(parts, (80, 40, 40), strict=True)))


def _titles(source: Source, path: Path, name: str) -> list[str]:
    """The lines above a list's heading; none where the file cannot be read, which its import then says."""
    try:
        result = reading.read_file(path, source=source, datum=source.datum, way=reading.WayOfReading(filename=name))
    except Refused:
        return []
    rows = [row.row_no for row in result.sightings[:1]] + [row.row_no for row in result.rejected[:1]]
    first = min(rows, default=TITLE_ROWS)
    return [" ".join(part for part in note.raw if part) for note in result.notes if note.row_no < first][:TITLE_ROWS]


def _moved(code: str, path: Path, name: str, state: str, message: str, run: ImportRun | None = None) -> Taken:
    """Put the file away under its name with the time before it; why it failed stands beside it."""
    folder = path.parent.parent / state
    folder.mkdir(exist_ok=True)
    stamp = clock.real_now().astimezone(clock.BEIJING).strftime("%Y%m%dT%H%M%S")
    target = folder / f"{stamp}-{path.name[:8]}-{name}"
    try:
        path.rename(target)
    except FileNotFoundError:
        return Taken(code, name, state, message, str(run.uuid) if run else "")
    if state == FAILED:
        target.with_name(f"{target.name}.reason.txt").write_text(f"{message}\n", encoding="utf-8")
    return Taken(code, name, state, message, str(run.uuid) if run else "")


def safe_name(name: str) -> str:
    """A name that any file system and any page can hold: no control or bidi characters, at most NAME_BYTES of UTF-8, the
    ending kept."""
    plain = _ODD.sub("_", os.fsencode(name).decode("utf-8", "replace")).strip(". ") or "file"
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending) > 10:
        stem, ending = plain, ""
    tail = f".{ending}" if ending else ""
    room = NAME_BYTES - len(tail.encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + tail


def _note(files: list[Taken]) -> None:
    """Note the result of the last pass, for the page of imports."""
    bad = [file for file in files if file.state == "failed"]
    good = [file for file in files if file.state == "done"]
    if not files:
        return
    now = clock.real_now()
    feed = Feed.objects.filter(name=FEED).first() or Feed(name=FEED)
    feed.tried_at = now
    feed.error = f"{bad[-1].source}/{bad[-1].name}：{bad[-1].said}"[:300] if bad else ""
    feed.failures = feed.failures + len(bad) if bad else 0
    if good:
        feed.succeeded_at, feed.said = now, f"{good[-1].source}/{good[-1].name}：{good[-1].said}"[:200]
        feed.run = ImportRun.objects.filter(uuid=good[-1].run).first()
    feed.save()
