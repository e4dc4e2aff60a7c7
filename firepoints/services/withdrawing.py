"""Taking an import back: a wrong datum happens. Untouched points close, acted-on ones go to a person (design.md)."""

from django.db import transaction

from firepoints.models import Detection, DetectionKey, ImportRun
from firepoints.services.correcting import settle_touched
from firepoints.services.ingest import one_at_a_time, run_named
from firepoints.services.points import release_detections
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of
from journal import clock, faults
from journal.errors import Conflict, Missing, NotAllowed
from journal.services import record

faults.register({"withdraw.released": "nothing has happened: the run is in force with its keys and its points"})


@transaction.atomic
def import_withdraw(*, run: str, actor: User, reason: str) -> ImportRun:
    """Withdraw a committed run, so that the right file can be imported in its place.

    Its keys are freed and its detections leave their points; nothing is deleted. Raises Missing without a reason,
    Conflict for a run that is not in force, NotAllowed for anyone but the bureau and the system.
    """
    if not roles_of(actor) & {Role.BUREAU, Role.SYSTEM}:
        raise NotAllowed("撤回导入由市局经办")
    if not reason.strip():
        raise Missing(["撤回的理由"])
    one_at_a_time()
    found = run_named(run)
    moved = ImportRun.objects.filter(pk=found.pk, state=ImportRun.State.COMMITTED).update(
        state=ImportRun.State.WITHDRAWN, withdrawn_at=clock.now(), withdrawn_reason=reason.strip()[:300]
    )
    if not moved:
        raise Conflict(f"这次导入现在是“{found.get_state_display()}”，不能撤回", code="run_not_in_force")
    found.refresh_from_db()
    detections = list(Detection.objects.filter(run=found))
    DetectionKey.objects.filter(detection__run=found).delete()
    said = f"来源已撤回：{reason.strip()}"
    touched = release_detections(detections=detections, actor=actor, reason=said)
    closed = settle_touched(touched, actor=actor, reason=said)
    faults.point("withdraw.released")
    record(
        "import.withdrawn",
        found,
        actor,
        after={"detections": len(detections), "points": len(touched), "closed": closed},
        reason=reason.strip(),
    )
    return found
