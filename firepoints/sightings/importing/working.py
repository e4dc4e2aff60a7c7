"""The work of a run, piece by piece: read, store, commit, form points. Whatever is left of a run is done from where it is.

A piece is one short transaction that begins at the fence and ends with the run saying how far it is, so a death anywhere
costs one piece, and doing it again begins there. Nobody sees anything of a run before its state says committed.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import structlog
from django.db import IntegrityError

from core import clock, faults
from core.errors import Refused
from firepoints.models import ImportRun, RawRow
from firepoints.sightings import in_force
from firepoints.sightings.importing import answers, area, reading, releasing
from firepoints.sightings.importing.preparing import Prepared, counties_of, counts_of, prepare
from firepoints.sightings.importing.reading import ListName, WayOfReading
from firepoints.sightings.importing.results import COUNTED, UNSURE, Progress
from firepoints.sightings.importing.storing import CHUNK, Stored, store_aside, store_rows
from firepoints.sightings.importing.turns import Turn
from firepoints.sightings.packed import PACKED
from firepoints.sightings.readers.base import ParseResult
from journal.record.services import record
from papers import filing

log = structlog.get_logger(__name__)

State, Phase = ImportRun.State, ImportRun.Phase
Outcome = RawRow.Outcome
COMMITTED = "已入库"
MOST_TRIES = 3  # of a chunk whose key another import has just taken

faults.register(
    {
        "import.begun": "the run waits with its file, and the next worker loads it",
        "import.read": "nothing of the file is stored; it is read again",
        "import.chunk.inserted": "the chunk is gone with its transaction; it is stored again",
        "import.chunk.stored": "the chunk stays and nobody sees it; the next one follows",
        "import.commit.recorded": "nobody sees anything of the run; it is committed again",
        "import.committed": "every row is in force; the points are formed by the next worker",
    }
)


def silent(words: str, done: int, total: int) -> None:
    """Report no progress: nobody looks."""


def work(
    run: ImportRun,
    turn: Turn,
    *,
    parsed: ParseResult | None = None,
    progress: Progress = silent,
    points_at_once: int | None = None,
) -> None:
    """Do what is left of a run to its end. `parsed`: the file, if this process has read it already. `points_at_once`: of a
    run with more rows kept than this, the points are left to the worker (None: never).

    Raises Refused when the file cannot be imported (the run has failed then and says why), TurnLost when another worker
    has taken the run over.
    """
    faults.point("import.begun")
    if run.state == State.LOADING:
        try:
            load(run, turn, parsed, progress)
        except Refused as refused:
            releasing.fail(run, turn, refused)
            raise
        run.refresh_from_db()
        if points_at_once is not None and run.kept > points_at_once:
            turn.leave()
            return
    if run.phase == Phase.GROUPING:
        in_force.came_into_force(run, turn, progress)
    elif run.phase == Phase.RELEASING:
        releasing.release(run, turn, progress)
    run.refresh_from_db()


def load(run: ImportRun, turn: Turn, parsed: ParseResult | None, progress: Progress) -> None:
    """Store what is not stored yet, then commit."""
    result = parsed or read(run)
    prepared = prepared_for(run, result)
    faults.point("import.read")
    if run.phase == Phase.READING:
        _open_storing(run, turn, prepared)
    stored, tries = Stored.nothing_yet(prepared), 0
    while run.chunks < pieces_of(prepared):
        try:
            _store_piece(run, turn, prepared, stored)
        except IntegrityError:
            # Another import has taken one of these keys since they were judged: now it is there to be found.
            tries += 1
            if tries > MOST_TRIES:
                raise
            run.refresh_from_db()
            prepared = prepared_for(run, result)
            stored = Stored.nothing_yet(prepared)
            continue
        tries = 0
        faults.point("import.chunk.stored")
        progress("入库", run.done, run.total)
    commit(run, turn)
    progress(COMMITTED, run.rows, run.rows)
    faults.point("import.committed")


def read(run: ImportRun) -> ParseResult:
    """The stored file of a run, parsed as on the day it came in."""
    way = WayOfReading(
        run.mapping, area.area_of_the_deployment(), run.options, run.started_at, run.filename, run.period
    )
    return reading.read_file(filing.stored_path(run.stored_as), source=run.source, datum=run.datum, way=way)


def prepared_for(run: ImportRun, result: ParseResult) -> Prepared:
    """The parsed file of a run, judged from where its stored chunks end. Raises Refused if it now reads otherwise."""
    shape = [len(result.sightings), len(result.rejected), len(result.notes)]
    if run.chunks and run.options.get("shape") != shape:
        raise Refused("程序更新后这份文件的读法变了：请重新导入", code="read_otherwise")
    name = ListName(run.issuer, run.period, run.list_no)
    begin = min(run.chunks * CHUNK, len(result.sightings))
    prepared = prepare(
        result, source=run.source, name=name, datum=run.datum, supersedes=run.supersedes, begin=begin,
    )  # fmt: skip
    if not begin:
        answers.require_answers(result, run.options)
    area.refuse_wrong_datum(prepared, run)
    return prepared


def _open_storing(run: ImportRun, turn: Turn, prepared: Prepared) -> None:
    result = prepared.result
    shape = [len(result.sightings), len(result.rejected), len(result.notes)]
    unsure = {UNSURE: prepared.unsure} if prepared.unsure else {}
    run.options = {**run.options, "shape": shape, PACKED: prepared.is_packed, **unsure}
    run.phase, run.total = Phase.STORING, result.rows + len(result.notes)
    run.header = list(prepared.table.header)
    with turn.piece():
        turn.keep(phase=run.phase, options=run.options, total=run.total, done=0, header=run.header)


def pieces_of(prepared: Prepared) -> int:
    """How many pieces a file has: its rows, then what is no sighting."""
    return _row_pieces(prepared) + math.ceil(_aside(prepared) / CHUNK)


def _row_pieces(prepared: Prepared) -> int:
    return math.ceil(len(prepared.table) / CHUNK)


def _aside(prepared: Prepared) -> int:
    return len(prepared.result.rejected) + len(prepared.result.notes)


def _store_piece(run: ImportRun, turn: Turn, prepared: Prepared, stored: Stored) -> None:
    """The next chunk and the counts that it adds, in one transaction."""
    rows = _row_pieces(prepared)
    with turn.piece():
        if run.chunks < rows:
            start = run.chunks * CHUNK
            stop = min(start + CHUNK, len(prepared.table))
            digest = store_rows(run, prepared, stored, start, stop)
            added = _added(run, prepared, start, stop)
        else:
            start = (run.chunks - rows) * CHUNK
            stop = min(start + CHUNK, _aside(prepared))
            digest, bad, notes = store_aside(run, prepared, start, stop)
            added = {"quarantined": run.quarantined + bad, "notes": run.notes + notes, "rows": run.rows + bad}
        added["digest"] = hashlib.sha256(f"{run.digest}{digest}".encode()).hexdigest()
        added |= {"chunks": run.chunks + 1, "done": run.done + stop - start}
        turn.show(added["done"], run.total)
        turn.keep(**added)
        faults.point("import.chunk.inserted")
    for name, value in added.items():
        setattr(run, name, value)


def _added(run: ImportRun, prepared: Prepared, start: int, stop: int) -> dict[str, Any]:
    counts = counts_of(prepared.outcome[start:stop])
    counties = dict(run.counties)
    for code, number in counties_of(prepared, start, stop).items():
        counties[code] = counties.get(code, 0) + number
    totals = {name: getattr(run, name) + number for name, number in counts.items()}
    return {**totals, "rows": run.rows + stop - start, "counties": dict(sorted(counties.items()))}


def commit(run: ImportRun, turn: Turn) -> None:
    """Put every row of the run in force at once: the one transaction in which anything becomes visible."""
    entry_after = {name: getattr(run, name) for name in COUNTED}
    entry_after |= {"sha256": run.sha256, "digest": run.digest, "chunks": run.chunks}
    entry_after |= {
        name: run.options[name]
        for name in ("datum_confirmed", "datum_doubt", *answers.ANSWER_OPTIONS)
        if name in run.options
    }
    with turn.piece():
        turn.keep(state=State.COMMITTED, phase=Phase.GROUPING, committed_at=clock.now(), done=0, total=0)
        record("import.committed", run, run.actor, after=entry_after)
        faults.point("import.commit.recorded")
    log.info("import.committed", run=str(run.uuid), rows=run.rows, kept=run.kept)
