"""Taking an import back: untouched points close, acted-on ones go to a person. A wrong datum happens."""

from typing import Any

from django.db import transaction
from django.db.models import Q

from core import clock, faults
from core.errors import Conflict, Missing, NotAllowed
from firepoints.models import DetectionKey, FirePoint, ImportRun
from firepoints.policy import charging, rulings, two_persons
from firepoints.policy.seconding import Second, require_second
from firepoints.policy.two_persons import Case
from firepoints.sightings.importing import releasing
from firepoints.sightings.importing.order import run_named
from firepoints.sightings.importing.results import Progress
from firepoints.sightings.importing.turns import Turn, begin, one_at_a_time
from firepoints.sightings.importing.working import silent
from firepoints.terms.states import State
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of
from journal.record.services import record

SMALL = 1000  # rows in force: up to this, all in one transaction

faults.register({"withdraw.released": "nothing has happened: the run is in force with its keys and its points"})


def import_withdraw(
    *, run: str, actor: User, reason: str, progress: Progress = silent, second: Second | None = None
) -> ImportRun:
    """Withdraw a committed run, so that the right file can be imported in its place.

    Its keys are freed and its detections leave their points; nothing is deleted. From the first transaction on its rows
    are out of force; a large run's leave their points in pieces after it, of an accepted proposal by the worker. Raises
    Missing without a reason, Conflict for a run that is not in force, Busy while another import works, NotAllowed for
    anyone but the bureau and the system, NeedsAnother for rows that people acted on, and for official rows.
    """
    if not roles_of(actor) & {Role.BUREAU, Role.SYSTEM}:
        raise NotAllowed("撤回导入由市局经办")
    if not reason.strip():
        raise Missing(["撤回的理由"])
    import_run = run_named(run)
    with transaction.atomic():
        one_at_a_time()
        import_run.refresh_from_db()
        version, rows = version_of(import_run), rows_in_force(import_run)
        turn = _out_of_force(import_run, actor, reason.strip())
        two = require_second(case_of(import_run), second, version=version)
        import_run.refresh_from_db()
        entry_after: dict[str, Any] = {"detections": rows, **two}
        if rows <= SMALL:
            entry_after |= releasing.release_at_once(import_run, turn, actor)
            faults.point("withdraw.released")
        elif second is not None:
            turn.leave()  # inside the acceptance's transaction: the worker goes on
        record("import.withdrawn", import_run, actor, after=entry_after, reason=reason.strip())
    if rows > SMALL and second is None:
        releasing.release(import_run, turn, progress)
    import_run.refresh_from_db()
    return import_run


def rows_in_force(run: ImportRun) -> int:
    """How many sightings of a run are in force."""
    return DetectionKey.objects.filter(detection__run=run).count()


def version_of(run: ImportRun) -> str:
    """The version of a run as a subject of proposals: its state, its turns, its rows in force."""
    return f"{run.state}/{run.attempt}/{rows_in_force(run)}"


def case_of(run: ImportRun) -> Case:
    """The facts by which a withdrawal takes two persons."""
    in_force = rulings.values_on(clock.today_beijing())
    is_official = charging.ends_in_a_decision(run.source, in_force)
    mine = FirePoint.objects.filter(memberships__detection__run=run, memberships__is_active=True)
    acted_on = mine.filter(~Q(state=State.SUSPECTED) | Q(steps__actor__is_system=False)).distinct().count()
    return Case(
        two_persons.WITHDRAW_LIST,
        points_acted_on=acted_on,
        rows_official=rows_in_force(run) if is_official else 0,
    )


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
