"""Taking an import back: untouched points close, acted-on ones go to a person. A wrong datum happens."""

from django.db import transaction

from core import clock, faults
from core.errors import Conflict, Missing, NotAllowed
from firepoints.models import DetectionKey, ImportRun
from firepoints.sightings.importing import releasing
from firepoints.sightings.importing.order import run_named
from firepoints.sightings.importing.results import Progress
from firepoints.sightings.importing.turns import Turn, begin, one_at_a_time
from firepoints.sightings.importing.working import silent
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of
from journal.record.services import record

SMALL = 1000  # rows in force: up to this, all in one transaction

faults.register({"withdraw.released": "nothing has happened: the run is in force with its keys and its points"})


def import_withdraw(*, run: str, actor: User, reason: str, progress: Progress = silent) -> ImportRun:
    """Withdraw a committed run, so that the right file can be imported in its place.

    Its keys are freed and its detections leave their points; nothing is deleted. From the first transaction on its rows
    are out of force; a large run's leave their points in pieces after it. Raises Missing without a reason, Conflict for a
    run that is not in force, Busy while another import works, NotAllowed for anyone but the bureau and the system.
    """
    if not roles_of(actor) & {Role.BUREAU, Role.SYSTEM}:
        raise NotAllowed("撤回导入由市局经办")
    if not reason.strip():
        raise Missing(["撤回的理由"])
    import_run = run_named(run)
    rows = DetectionKey.objects.filter(detection__run=import_run).count()
    with transaction.atomic():
        one_at_a_time()
        turn = _out_of_force(import_run, actor, reason.strip())
        import_run.refresh_from_db()
        entry_after = {"detections": rows}
        if rows <= SMALL:
            entry_after |= releasing.release_at_once(import_run, turn, actor)
            faults.point("withdraw.released")
        record("import.withdrawn", import_run, actor, after=entry_after, reason=reason.strip())
    if rows > SMALL:
        releasing.release(import_run, turn, progress)
    import_run.refresh_from_db()
    return import_run


def _out_of_force(run: ImportRun, actor: User, reason: str) -> Turn:
    turn = begin(
        run,
        state=ImportRun.State.WITHDRAWN,
        phase=ImportRun.Phase.RELEASING,
        come_from=ImportRun.State.COMMITTED,
        withdrawn_at=clock.now(),
        withdrawn_reason=reason[:300],
        options={**run.options, releasing.WITHDRAWN_BY: actor.pk},
    )
    if turn is None:
        now = ImportRun.objects.get(pk=run.pk)
        words = now.progress.words if now.phase else now.get_state_display()
        raise Conflict(f"这次导入现在是“{words}”，不能撤回", code="run_not_in_force")
    return turn
