"""The doors: hand a file in, have it worked on now or later, or store rows that were read already."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from core import clock
from core.errors import BadInput, Refused
from firepoints.models import ImportRun, Source
from firepoints.sightings.importing import answers, area, reading, releasing, single
from firepoints.sightings.importing.order import ImportOrder, Resolved, resolve
from firepoints.sightings.importing.preparing import prepare, preview_of
from firepoints.sightings.importing.reading import ListName
from firepoints.sightings.importing.results import COUNTED, Import, Progress, result_of
from firepoints.sightings.importing.turns import MOST_ATTEMPTS, Busy, Turn, TurnLost, begin, take_over
from firepoints.sightings.importing.working import silent, work
from firepoints.sightings.in_force import ANYWHERE, Reach
from firepoints.sightings.readers.base import ParseResult
from grids.models import User
from journal.jobs import jobs
from journal.record.services import record
from papers import filing

JOB = "firepoints.import"
SMALL_BYTES = 600_000  # about 5,000 rows: a page imports such a file within the request
INLINE_WAIT_S = 5  # how long a request waits for its turn
FOREGROUND_S = 90  # after this a worker looks whether whoever began in the foreground has finished
State, Phase = ImportRun.State, ImportRun.Phase


def import_start(order: ImportOrder, *, in_foreground: bool = False) -> ImportRun:
    """Take a file in and answer at once: it is kept by content, and its run waits for a worker (`run.progress`).

    `in_foreground`: the caller goes on with `import_run_now`, and a worker only looks later whether it has. A file that
    is in force already, known by its hash, is committed at once as a repetition. Raises Refused (no such source, no such
    run), BadInput (no such file).
    """
    return _started(resolve(order), in_foreground=in_foreground)


def _started(resolved: Resolved, *, in_foreground: bool) -> ImportRun:
    order, path = resolved.order, resolved.order.path
    reading.refuse_callers(resolved.source)
    if not path.is_file():
        raise BadInput(f"找不到文件 {path.name}", where=str(path))
    digest = filing.digest_of_file(path)
    columns = resolved.columns(digest) | {
        "filename": (order.filename or path.name)[:200],
        "size_bytes": path.stat().st_size,
        "stored_as": filing.store_file(path, kind="imports", suffix=path.suffix.lower()[:8], digest=digest),
        "actor": order.actor,
        "started_at": clock.now(),
    }
    if order.uuid is not None:
        columns["uuid"] = order.uuid
    return _written(columns, order.uuid, in_foreground)


def _written(columns: dict[str, Any], uuid: UUID | None, in_foreground: bool) -> ImportRun:
    try:
        with transaction.atomic():
            if (before := known_by_hash(columns)) is not None:
                return _repeat(before, columns)
            run = ImportRun.objects.create(state=State.WAITING, **columns)
            later = clock.real_now() + timedelta(seconds=FOREGROUND_S) if in_foreground else None
            jobs.enqueue(JOB, str(run.uuid), {"run": str(run.uuid)}, run_after=later)
    except IntegrityError:
        if uuid is None:
            raise
        return ImportRun.objects.get(uuid=uuid)  # the same form, sent twice at the same moment
    return run


def known_by_hash(columns: Mapping[str, Any]) -> ImportRun | None:
    """The run that brought this very file, read in the same way, if everything it found then must be so now.

    Not when boundaries were activated, an import taken back or corrected, or the program learned to read better since,
    nor where a row lay in the future or contradicted another list: then the file is read again. `columns`: those of a
    run by which the file is known (`Resolved.columns`).
    """
    runs = (
        ImportRun.objects.in_force()
        .of_this_file(columns["source"], columns["sha256"])
        .filter(**{name: columns[name] for name in ("datum", "issuer", "period", "list_no", "supersedes")})
        .read_in_full_by(reading.READERS)
        .without_rows_of(reading.MAY_CHANGE)
        .still_true()
        .order_by("-pk")
    )
    # Compared here: the order of keys in a JSON text counts on SQLite.
    way = _way_of_reading(columns["mapping"], columns["options"])
    return next((run for run in runs[:5] if _way_of_reading(run.mapping, run.options) == way), None)


def _way_of_reading(mapping: Mapping[str, str], options: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    return dict(mapping), {name: value for name, value in options.items() if name in reading.OPTIONS}


def _repeat(before: ImportRun, columns: dict[str, Any]) -> ImportRun:
    """A run that repeats another: nothing is read, and every row that was kept is identical."""
    counts = {name: getattr(before, name) for name in COUNTED}
    counts |= {"kept": 0, "identical": before.kept + before.identical}
    run = ImportRun.objects.create(
        state=State.COMMITTED, repeats=before, committed_at=clock.now(), digest=before.digest, header=before.header,
        **counts, **columns,
    )  # fmt: skip
    entry_after = {**counts, "sha256": run.sha256, "repeats": str(before.uuid)}
    record("import.committed", run, run.actor, after=entry_after)
    return run


def import_run_now(
    run: ImportRun,
    *,
    wait_s: float | None = None,
    progress: Progress | None = None,
    parsed: ParseResult | None = None,
    points_at_once: int | None = None,
) -> Import:
    """Work on a run here and now, to its end; if another has the turn, wait for it (`wait_s`, None: as long as it takes).
    With `points_at_once` the end of a larger run is its commit, and a worker forms its points.

    A run whose worker has died is finished first, whoever it belonged to, when there is time to wait. Harmless for a run
    that is over, and for one that another process works on: then its result is awaited. Raises Busy when the time is up
    (the worker does it later), Refused when the file cannot be imported.
    """
    until = None if wait_s is None else time.monotonic() + wait_s
    while True:
        run.refresh_from_db()
        if run.is_over:
            if run.state == State.FAILED:
                raise Refused(run.error, code=run.error_code or "import_failed")
            return result_of(run)
        try:
            turn = _turn_for(run)
            if turn is not None:
                run.refresh_from_db()
                work(run, turn, parsed=parsed, progress=progress or silent, points_at_once=points_at_once)
                run.refresh_from_db()
                if points_at_once is not None and run.phase == Phase.GROUPING:
                    jobs.hasten(JOB, str(run.uuid))
                    return result_of(run)
                continue
        except Busy as busy:
            if busy.holder is not None and wait_s is None and _help(busy.holder):
                continue
        except TurnLost:
            continue
        if until is not None and time.monotonic() >= until:
            raise Busy(ImportRun.objects.at_work().first())
        time.sleep(0.2)


def _turn_for(run: ImportRun) -> Turn | None:
    if run.turn is None:
        return begin(run, state=State.LOADING, phase=Phase.READING, come_from=State.WAITING)
    return take_over(run)


def _help(holder: ImportRun) -> bool:
    """Finish a run whose worker is gone, or say that it cannot be; False while that one may still be at work."""
    turn = take_over(holder)
    if turn is None:
        return False
    holder.refresh_from_db()
    finish(holder, turn)
    return True


def take_up(run: ImportRun) -> bool:
    """Do what is left of a run, for the worker; False when it is not its turn (another import works, or this one lives)."""
    try:
        turn = _turn_for(run)
    except Busy as busy:
        if busy.holder is not None:
            _help(busy.holder)
        return False
    if turn is None:
        return False
    run.refresh_from_db()
    finish(run, turn)
    return True


def finish(run: ImportRun, turn: Turn) -> None:
    """Go on with a run that was interrupted; after too many interruptions it fails, so that it blocks nobody."""
    try:
        if turn.attempt > MOST_ATTEMPTS and run.state == State.LOADING:
            refused = Refused(f"中断了 {turn.attempt - 1} 次，不再重试：请重新导入", code="interrupted")
            releasing.fail(run, turn, refused)
        else:
            work(run, turn)
    except (Refused, TurnLost):
        return  # it says so itself, or another worker has it


def import_file(
    order: ImportOrder,
    *,
    progress: Progress | None = None,
    wait_s: float | None = None,
    points_at_once: int | None = None,
) -> Import:
    """Read a file and import it now: `import_start`, then `import_run_now`. What cannot be read leaves no run behind.

    Raises BadInput (unreadable, with place and remedy; NeedsAnswer; DatumDoubt), Refused (no such source, no edition, no such run),
    Busy when another import has the turn for longer than `wait_s`: the run waits then, and a worker does it.
    """
    resolved = resolve(order)
    if order.uuid is not None and (before := ImportRun.objects.filter(uuid=order.uuid).first()) is not None:
        return result_of(before)
    if _is_known(resolved):
        return result_of(_started(resolved, in_foreground=True))
    result = resolved.read()
    answers.require_answers(result, order.options)
    area.require_edition()
    run = _started(resolved, in_foreground=True)
    return import_run_now(run, wait_s=wait_s, progress=progress, parsed=result, points_at_once=points_at_once)


def import_dry_run(order: ImportOrder) -> Import:
    """What an import of the file would do; nothing is written. Raises as `import_file`."""
    resolved = resolve(order)
    prepared = prepare(
        resolved.read(),
        source=resolved.source,
        name=order.name,
        datum=resolved.datum,
        supersedes=resolved.supersedes,
    )
    return preview_of(prepared, area.doubt_of(prepared, datum=resolved.datum))


def is_known(order: ImportOrder) -> bool:
    """Whether this very file is in force already, so that it need not be read."""
    return _is_known(resolve(order))


def _is_known(resolved: Resolved) -> bool:
    path, runs = resolved.order.path, ImportRun.objects.filter(source=resolved.source, state=State.COMMITTED)
    # By its size first: a large file is hashed where one of that size was taken in before.
    if not path.is_file() or not runs.filter(size_bytes=path.stat().st_size).exists():
        return False
    return known_by_hash(resolved.columns(filing.digest_of_file(path))) is not None


def import_sightings(
    *,
    result: ParseResult,
    source: Source,
    actor: User,
    name: ListName,
    facts: dict[str, Any],
    dry_run: bool = False,
    reach: Reach = ANYWHERE,
) -> Import:
    """Store a few rows that were read already (a form, the API, a mended row), in one transaction and without waiting
    for a long import. `facts` are the run's own columns; `reach` says
    which points the rows may form and join (a finder's must not reach over their county's border by itself).

    Raises Busy when a row is just being loaded by another import, Refused when no edition is active.
    """
    return single.import_at_once(result, source, actor, name, facts, dry_run, reach)
