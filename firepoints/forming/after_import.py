"""After the commit: the rows in force become 处, some points to a transaction.

The partition is computed in memory, outside any transaction. Each piece looks first whether the scene is still the one
that was seen (no other sighting has come in), and claims the version of every point that it changes: where a person was
quicker, the whole is computed anew. What is done already is found done, so a death costs nothing but the computing.
Points that appear one after another do no harm: each is whole when it appears.
"""

from __future__ import annotations

from time import perf_counter

from django.db import IntegrityError

from core import faults
from core.errors import Conflict, StaleVersion
from firepoints.forming import plan as grouping
from firepoints.models import DetectionKey, ImportRun, Supersession
from firepoints.sightings.importing.results import Progress
from firepoints.sightings.importing.turns import Turn, one_at_a_time
from firepoints.sightings.lists.correcting import release_rows
from firepoints.sightings.lists.difference import settle_corrected

FIRST, LEAST, MOST = 100, 10, 2000  # groups whose points are formed in one transaction
SHORT_S, LONG_S = 0.08, 0.2  # a piece shorter than this is followed by a larger one, a longer one by a smaller
RELEASED = 500  # rows of a corrected list taken out of force in one transaction
MOST_TRIES = 50

faults.register(
    {
        "import.points.made": "the points of this piece are gone with its transaction; they are formed again",
        "import.points.formed": "these points stay; the others follow",
        "import.points.over": "all is done but for saying so",
    }
)


def form_points(run: ImportRun, turn: Turn, progress: Progress) -> None:
    """Form the points of a committed run and give the turn up."""
    release_what_it_corrects(run, turn)
    same_as = {} if run.list_no else dict(Supersession.objects.filter(run=run).values_list("newer_id", "older_id"))
    tries = 0
    while not _formed(run, turn, same_as, progress):
        tries += 1
        if tries > MOST_TRIES:
            raise StaleVersion("火点一直在被办理，归并没有完成，稍后自动再试")
    faults.point("import.points.over")
    with turn.piece():
        turn.end(points=run.points)


def _formed(run: ImportRun, turn: Turn, same_as: dict[int, int], progress: Progress) -> bool:
    """Whether all points were formed from one partition; False when the scene has changed and it must be made anew."""
    with turn.piece():
        one_at_a_time()
        stamp = grouping.stamp()
    plan = grouping.plan_for(run, same_as)
    if plan is None:
        return True
    open_ = plan.open()
    done, size = 0, FIRST
    while done < len(open_.groups):
        part = open_.groups[done : done + size]
        started_s = perf_counter()
        try:
            with turn.piece():
                one_at_a_time()
                if grouping.stamp() != stamp:
                    return False
                points = run.points + plan.apply(part, open_.homes, run=run, actor=run.actor)
                turn.keep(points=points)
                turn.show(done + len(part), len(open_.groups))
                faults.point("import.points.made")
        except (StaleVersion, Conflict, IntegrityError):
            return False  # someone was quicker: what is there now is looked at anew
        run.points, done = points, done + len(part)
        faults.point("import.points.formed")
        progress("归并成火点", done, len(open_.groups))
        size = next_size(size, perf_counter() - started_s)
    return True


def next_size(size: int, took_s: float) -> int:
    """How many groups to the next piece, so that nobody else waits long for the database."""
    if took_s < SHORT_S:
        return min(size * 2, MOST)
    return max(size // 2, LEAST) if took_s > LONG_S else size


def release_what_it_corrects(run: ImportRun, turn: Turn) -> None:
    """Take what a corrected list changed or left out out of force, some rows to a transaction."""
    if run.supersedes_id is not None:
        with turn.piece():
            one_at_a_time()
            settle_corrected(run=run, actor=run.actor)
    while ids := still_in_force(run)[:RELEASED]:
        with turn.piece():
            one_at_a_time()
            release_rows(ids, actor=run.actor)


def still_in_force(run: ImportRun) -> list[int]:
    """The detections that rows of a numbered list replace and that are in force yet."""
    if not run.list_no:
        return []
    older = DetectionKey.objects.filter(detection__superseded_by__run=run).order_by("pk")
    return list(older.values_list("detection_id", flat=True))
