"""Taking back, some rows to a transaction: a withdrawn run leaves its points, a failed one its reserved keys."""

from __future__ import annotations

from core import faults
from core.errors import Refused
from firepoints.models import DetectionKey, ImportRun, Question
from firepoints.sightings import in_force
from firepoints.sightings.importing.results import Progress
from firepoints.sightings.importing.turns import Turn, one_at_a_time
from firepoints.sightings.in_force import Departure, Released
from grids.models import User
from journal.record.services import record

PART = 500  # detections taken out of their points in one transaction
KEYS = 10_000  # keys freed in one transaction
WITHDRAWN_BY = "withdrawn_by"  # in the options of a run: who took it back, for whoever has to finish that
State, Phase = ImportRun.State, ImportRun.Phase

faults.register(
    {
        "import.release.done": "these rows have left their points; the others follow",
        "import.failed.recorded": "the run is still loading; the next worker finds the same fault",
    }
)


def fail(run: ImportRun, turn: Turn, refused: Refused) -> None:
    """Say on the run why it cannot be imported, and free the keys that it had reserved."""
    run.refresh_from_db()
    phase = Phase.RELEASING if run.chunks else Phase.NONE
    with turn.piece():
        turn.keep(state=State.FAILED, phase=Phase.RELEASING, error=refused.message[:2000], error_code=refused.code[:40])
        record(
            "import.failed", run, run.actor, after={"code": refused.code, "sha256": run.sha256}, reason=refused.message
        )
        faults.point("import.failed.recorded")
        if not phase:
            turn.end()
    if phase:
        run.refresh_from_db()
        release(run, turn, lambda *_: None)


def release(run: ImportRun, turn: Turn, progress: Progress) -> None:
    """Take the sightings of a run that is not in force any more out of their points, free their keys, give the turn up.

    A key that is gone says that its sighting has left: what is left of the keys is what is left to do.
    """
    total = DetectionKey.objects.filter(detection__run=run).count()
    actor = User.objects.filter(pk=run.options.get(WITHDRAWN_BY)).first() or run.actor
    done, size = 0, PART if run.state == State.WITHDRAWN else KEYS
    keys = DetectionKey.objects.filter(detection__run=run).order_by("pk")
    while part := list(keys.values_list("pk", flat=True)[:size]):
        done += len(part)
        with turn.piece():
            one_at_a_time()
            if run.state == State.WITHDRAWN:
                release_part(run, part, actor=actor)
            DetectionKey.objects.filter(pk__in=part).delete()
            turn.show(min(done, total), total)
        faults.point("import.release.done")
        progress("撤回", min(done, total), total)
    with turn.piece():
        turn.end()


def release_part(run: ImportRun, detections: list[int], *, actor: User) -> Released:
    """Take some sightings of a withdrawn run out of their points; what became of those."""
    departure = Departure(Question.Kind.WITHDRAWN, f"来源已撤回：{run.withdrawn_reason}")
    return in_force.left(detections, actor=actor, departure=departure)


def release_at_once(run: ImportRun, turn: Turn, actor: User) -> dict[str, int]:
    """Release a few rows in the caller's transaction; returns how many points were touched, and how many closed."""
    detections = list(DetectionKey.objects.filter(detection__run=run).values_list("detection_id", flat=True))
    DetectionKey.objects.filter(detection__run=run).delete()
    released = release_part(run, detections, actor=actor)
    turn.end()
    return {"points": released.points, "closed": released.closed}
