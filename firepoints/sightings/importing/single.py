"""A few rows at once: a finding from a form or the API, a mended row. One transaction, visible with its point or not at all.

It does not take the turn, so nobody in the field waits for a long file. Where the two meet, a constraint sees it: a key
that a loading run has reserved, a scene that the long run's grouping has seen otherwise.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db import IntegrityError, transaction

from core import clock
from core.errors import Conflict, StaleVersion
from firepoints.models import Detection, ImportRun, Source, Supersession
from firepoints.sightings import in_force
from firepoints.sightings.importing.preparing import Prepared, counties_of, counts_of, prepare, preview_of
from firepoints.sightings.importing.reading import ListName
from firepoints.sightings.importing.results import COUNTED, Import, result_of
from firepoints.sightings.importing.storing import Stored, store_aside, store_rows
from firepoints.sightings.importing.turns import Busy, one_at_a_time
from firepoints.sightings.importing.verdicts import NONE
from firepoints.sightings.in_force import Reach
from firepoints.sightings.lists.correcting import release_rows
from firepoints.sightings.readers.base import ParseResult
from grids.models import User
from journal.record.services import record

State = ImportRun.State


def import_at_once(
    result: ParseResult,
    source: Source,
    actor: User,
    name: ListName,
    facts: dict[str, Any],
    dry_run: bool,
    reach: Reach,
) -> Import:
    """Store, commit and group in one transaction; tried once more when someone else was quicker."""
    try:
        return _once(result, source, actor, name, facts, dry_run, reach)
    except Busy:
        raise
    except (IntegrityError, Conflict, StaleVersion):
        # Another import of the same rows committed first, or a person acted on a point that it touches: now both are
        # there to be found.
        return _once(result, source, actor, name, facts, dry_run, reach)


def _once(
    result: ParseResult,
    source: Source,
    actor: User,
    name: ListName,
    facts: dict[str, Any],
    dry_run: bool,
    reach: Reach,
) -> Import:
    with transaction.atomic():
        if not dry_run:
            one_at_a_time()
        prepared = prepare(result, source=source, name=name, datum=facts["datum"], supersedes=facts.get("supersedes"))
        if dry_run:
            return preview_of(prepared)
        _refuse_reserved(prepared)
        listed = {"issuer": name.issuer, "period": name.period, "list_no": name.list_no}
        run = ImportRun.objects.create(source=source, actor=actor, started_at=clock.now(), **listed, **facts)
        stored = Stored.nothing_yet(prepared)
        digest = store_rows(run, prepared, stored, 0, len(prepared.table))
        bad, notes = len(result.rejected), len(result.notes)
        if bad + notes:
            store_aside(run, prepared, 0, bad + notes)
        counts = counts_of(prepared.outcome)
        counts["quarantined"] += bad
        for field, value in {**counts, "rows": result.rows, "notes": notes, "digest": digest}.items():
            setattr(run, field, value)
        run.counties = counties_of(prepared, 0, len(prepared.table))
        run.state, run.committed_at = State.COMMITTED, clock.now()
        run.save()
        replaced = dict(Supersession.objects.filter(run=run).values_list("newer_id", "older_id"))
        if prepared.keys.is_numbered:
            release_rows(list(replaced.values()), actor=actor)
        same_as = {} if prepared.keys.is_numbered else replaced
        if reach.forms_points:
            run.points = in_force.came_into_force_at_once(run, actor=actor, same_as=same_as, counties=reach.counties)
            run.save(update_fields=["points"])
        entry_after = {field: getattr(run, field) for field in (*COUNTED, "points", "sha256", "digest")}
        record("import.committed", run, actor, after=entry_after)
    return result_of(run)


def _refuse_reserved(prepared: Prepared) -> None:
    """Raise Busy for a row that a run not yet in force has reserved: it is neither new nor known yet."""
    named = np.concatenate((prepared.verdicts.equals, prepared.verdicts.replaces))
    ids = np.unique(named[named != NONE]).tolist()
    reserved = Detection.objects.filter(pk__in=ids).exclude(run__state=State.COMMITTED).select_related("run").first()
    if reserved is not None:
        raise Busy(reserved.run)
