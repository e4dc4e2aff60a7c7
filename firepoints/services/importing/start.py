"""The doors: hand a file in, have it worked on now or later, or store rows that were read already."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from firepoints.models import ImportRun, Source
from firepoints.services import reading
from firepoints.services.importing import area, releasing, single
from firepoints.services.importing.preparing import prepare, preview_of
from firepoints.services.importing.results import COUNTED, Import, Progress, result_of
from firepoints.services.importing.turns import MOST_ATTEMPTS, Busy, Turn, TurnLost, begin, take_over
from firepoints.services.importing.working import silent, work
from firepoints.services.mapping_memory import remembered
from firepoints.services.reading import ListName
from firepoints.sources.base import ParseResult
from grids.models import Edition, User
from journal import clock, jobs
from journal.errors import BadInput, Refused
from journal.services import record
from papers import filing

JOB = "firepoints.import"
SMALL_BYTES = 600_000  # about 5,000 rows: a page imports such a file within the request
INLINE_WAIT_S = 5  # how long a request waits for its turn
FOREGROUND_S = 90  # after this a worker looks whether whoever began in the foreground has finished
State, Phase = ImportRun.State, ImportRun.Phase


def import_start(
    *,
    path: Path,
    source_code: str,
    actor: User,
    datum: str | None = None,
    name: ListName | None = None,
    supersedes: str | None = None,
    mapping: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    filename: str = "",
    uuid: UUID | None = None,
    in_foreground: bool = False,
) -> ImportRun:
    """Take a file in and answer at once: it is kept by content, and its run waits for a worker (`run.progress`).

    `mapping` (field → heading): None takes what is remembered for the source and issuer.
    `options`: further ways of reading (reading.OPTIONS), and `datum_confirmed` where a person has looked. `uuid` names
    the run beforehand: the second time the same run is returned. `in_foreground`: the caller goes on with
    `import_run_now`, and a worker only looks later whether it has. A file that is in force already, known by its hash,
    is committed at once as a repetition. Raises Refused (no such source, no such run), BadInput (no such file).
    """
    source = reading.source_named(source_code)
    reading.refuse_callers(source)
    if not path.is_file():
        raise BadInput(f"找不到文件 {path.name}", where=str(path))
    used = datum or source.datum
    if used not in reading.DATUMS:
        raise BadInput(f"不认识的坐标系“{used}”，可用：{'、'.join(reading.DATUMS)}", where="datum")
    digest = filing.digest_of_file(path)
    listed = name or ListName()
    mapping = remembered(source, listed.issuer) if mapping is None else mapping
    facts: dict[str, Any] = {
        "source": source,
        "issuer": listed.issuer,
        "period": listed.period,
        "list_no": listed.list_no,
        "filename": (filename or path.name)[:200],
        "sha256": digest,
        "size_bytes": path.stat().st_size,
        "stored_as": filing.store_file(path, kind="imports", suffix=path.suffix.lower()[:8], digest=digest),
        "datum": used,
        "mapping": dict(mapping or {}),
        "options": {**(options or {}), "readers": reading.READERS},
        "supersedes": run_named(supersedes) if supersedes else None,
        "actor": actor,
        "started_at": clock.now(),
    }
    if uuid is not None:
        facts["uuid"] = uuid
    return _written(facts, uuid, in_foreground)


def _written(facts: dict[str, Any], uuid: UUID | None, in_foreground: bool) -> ImportRun:
    try:
        with transaction.atomic():
            if (before := known_by_hash(facts)) is not None:
                return _repeat(before, facts)
            run = ImportRun.objects.create(state=State.WAITING, **facts)
            later = clock.real_now() + timedelta(seconds=FOREGROUND_S) if in_foreground else None
            jobs.enqueue(JOB, str(run.uuid), {"run": str(run.uuid)}, run_after=later)
    except IntegrityError:
        if uuid is None:
            raise
        return ImportRun.objects.get(uuid=uuid)  # the same form, sent twice at the same moment
    return run


def known_by_hash(facts: Mapping[str, Any]) -> ImportRun | None:
    """The run that brought this very file, read in the same way, if everything it found then must be so now.

    Not when boundaries were activated, an import taken back or corrected, or the program learned to read better since,
    nor where a row lay in the future or contradicted another list: then the file is read again.
    """
    same = ("source", "sha256", "datum", "mapping", "issuer", "period", "list_no", "supersedes")
    runs = ImportRun.objects.filter(**{name: facts[name] for name in same if name != "mapping"})
    runs = runs.filter(
        state=State.COMMITTED, phase__in=("", Phase.GROUPING), repeats__isnull=True, options__readers=reading.READERS
    ).order_by("-pk")
    for run in runs[:5]:
        how = ({k: v for k, v in one.items() if k in reading.OPTIONS} for one in (run.options, facts["options"]))
        since = run.committed_at or run.started_at
        changed = (
            run.mapping != facts["mapping"]
            or next(how) != next(how)
            or run.raw_rows.filter(code__in=reading.MAY_CHANGE).exists()
            or Edition.objects.filter(activated_at__gte=run.started_at).exists()
            or ImportRun.objects.filter(
                Q(withdrawn_at__gte=since) | Q(supersedes__isnull=False, started_at__gte=run.started_at) & ~Q(pk=run.pk)
            ).exists()
        )
        if not changed:
            return run
    return None


def _repeat(before: ImportRun, facts: dict[str, Any]) -> ImportRun:
    """A run that repeats another: nothing is read, and every row that was kept is identical."""
    counts = {name: getattr(before, name) for name in COUNTED}
    counts |= {"kept": 0, "identical": before.kept + before.identical}
    run = ImportRun.objects.create(
        state=State.COMMITTED, repeats=before, committed_at=clock.now(), digest=before.digest, header=before.header,
        **counts, **facts,
    )  # fmt: skip
    told = {**counts, "sha256": run.sha256, "repeats": str(before.uuid)}
    record("import.committed", run, run.actor, after=told)
    return run


def import_run_now(
    run: ImportRun,
    *,
    wait_s: float | None = None,
    progress: Progress | None = None,
    given: ParseResult | None = None,
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
                work(run, turn, given=given, progress=progress or silent, points_at_once=points_at_once)
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
    *,
    path: Path,
    source_code: str,
    actor: User,
    datum: str | None = None,
    name: ListName | None = None,
    supersedes: str | None = None,
    mapping: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    filename: str = "",
    uuid: UUID | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    wait_s: float | None = None,
    points_at_once: int | None = None,
) -> Import:
    """Read a file and import it now: `import_start`, then `import_run_now`. What cannot be read leaves no run behind.

    Raises BadInput (unreadable, with place and remedy; DatumDoubt), Refused (no such source, no edition, no such run),
    Busy when another import has the turn for longer than `wait_s`: the run waits then, and a worker does it.
    """
    source = reading.source_named(source_code)
    used = datum or source.datum
    mapping = remembered(source, name.issuer if name else "") if mapping is None else mapping
    how: dict[str, Any] = {"path": path, "source_code": source_code, "actor": actor, "datum": datum, "name": name}
    how |= {"supersedes": supersedes, "mapping": mapping, "options": options, "filename": filename, "uuid": uuid}
    if not dry_run and uuid is not None and (known := ImportRun.objects.filter(uuid=uuid).first()) is not None:
        return result_of(known)
    if not dry_run and path.is_file() and is_known(path, source=source, datum=used, how=how):
        return result_of(import_start(**how, in_foreground=True))
    result = reading.read_file(
        path, source=source, datum=used, mapping=mapping, area=area.area_of_the_deployment(), how=options,
        filename=filename,
    )  # fmt: skip
    replaced = run_named(supersedes) if supersedes else None
    if dry_run:
        found = prepare(result, source=source, name=name or ListName(), datum=used, supersedes=replaced)
        return preview_of(found, area.doubt_of(found, datum=used))
    area.require_edition()
    run = import_start(**how, in_foreground=True)
    return import_run_now(run, wait_s=wait_s, progress=progress, given=result, points_at_once=points_at_once)


def is_known(path: Path, *, source: Source, datum: str, how: Mapping[str, Any]) -> bool:
    """Whether this very file is in force already, so that it need not be read."""
    size = path.stat().st_size
    if not ImportRun.objects.filter(source=source, size_bytes=size, state=State.COMMITTED).exists():
        return False
    name = how["name"] or ListName()
    replaced = run_named(how["supersedes"]) if how["supersedes"] else None
    facts = {
        "source": source, "sha256": filing.digest_of_file(path), "datum": datum, "issuer": name.issuer,
        "period": name.period, "list_no": name.list_no, "supersedes": replaced,
        "mapping": dict(how["mapping"] or {}), "options": dict(how["options"] or {}),
    }  # fmt: skip
    return known_by_hash(facts) is not None


def import_sightings(
    *, result: ParseResult, source: Source, actor: User, name: ListName, facts: dict[str, Any], dry_run: bool = False
) -> Import:
    """Store a few rows that were read already (a form, the API, a mended row), in one transaction and without waiting
    for a long import. `facts` are the run's own columns.

    Raises Busy when a row is just being loaded by another import, Refused when no edition is active.
    """
    return single.import_at_once(result, source, actor, name, facts, dry_run)


def run_named(given: str) -> ImportRun:
    """A run by its UUID or number. Raises Refused when there is none."""
    text = str(given).strip()
    # isdecimal and a length limit: "²" and a number beyond bigint are no ids
    if text.isascii() and text.isdecimal() and len(text) < 19:
        found = ImportRun.objects.filter(pk=int(text)).first()
    else:
        found = ImportRun.objects.filter(uuid=text).first() if _is_uuid(text) else None
    if found is None:
        raise BadInput(f"没有导入记录“{text}”", code="no_run")
    return found


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
