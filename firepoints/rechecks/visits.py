"""登记复查: what the bureau found where a county's record was drawn (policy.md §5)."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction

from core.errors import BadInput, Conflict, Missing, NotAllowed, NotThere
from core.texts import required
from firepoints.life.proof import evidence_named
from firepoints.models import Evidence, FirePoint, Recheck, RecheckVisit
from firepoints.rechecks.draws import draw_the_rest
from firepoints.steps.advancing import claim
from firepoints.steps.asking import Asking, Kind
from firepoints.steps.selectors import survivor_of
from firepoints.terms.doubt import Doubt
from firepoints.terms.states import Conclusion
from grids import selectors as grids
from grids.models import User
from grids.roles import Level, PostKind, Role
from journal.record.services import record

Finding = RecheckVisit.Finding
OPPOSITE = {Conclusion.TRUE: Finding.FALSE, Conclusion.FALSE: Finding.TRUE}


def may_visit(user: Any) -> bool:
    """Whether this person records re-checks: the bureau, and the city's own inspectors."""
    if Role.BUREAU in grids.roles_of(user):
        return True
    return bool(grids.posts_held(user).filter(kind=PostKind.INSPECTOR, level=Level.CITY).exists())


@transaction.atomic
def recheck_visit(*, recheck_id: int, actor: User, finding: str, note: str, evidence: Sequence[Any]) -> RecheckVisit:
    """Record one visit. A contradiction asks the point, before any money of it, and has every denial of that county
    visited that was filed in the last 30 days.

    Raises NotThere, NotAllowed for others than the bureau and for whoever filed the record, BadInput, Missing without
    a note or a photo that a person of the city took, Conflict where it was visited.
    """
    if not may_visit(actor):
        raise NotAllowed("复查由市局登记")
    row = Recheck.objects.select_related("point", "verification").filter(pk=recheck_id).first()
    if row is None:
        raise NotThere("没有这一件复查")
    if row.verification.verified_by_id == actor.pk:
        raise NotAllowed("这份核实是您登记的，复查要换一个人")
    note = required(note, "复查看到的情况")
    if finding not in Finding.values:
        raise BadInput(f"结果只能是 {'、'.join(Finding.values)}", where="finding")
    point = survivor_of(row.point)
    pieces = evidence_named(point, evidence)
    if not any(piece.kind == Evidence.Kind.PHOTO and may_visit(piece.uploader) for piece in pieces):
        raise Missing(["市局人员自己拍摄的现场照片"])
    is_contradiction = finding == OPPOSITE[Conclusion(row.conclusion)]
    visit = _filed(row, actor, finding, note, is_contradiction=is_contradiction)
    visit.evidence.add(*pieces)
    asking = _asked(point, visit) if is_contradiction else Asking(actor)
    after = {
        "finding": str(visit.finding), "conclusion": str(row.conclusion), "county_code": row.county_code,
        "evidence": {str(piece.uuid): piece.sha256 for piece in pieces}, **asking.told(),
    }  # fmt: skip
    record("recheck.visited", point, actor, after=after, reason=note)
    if is_contradiction and row.conclusion == Conclusion.FALSE:
        draw_the_rest(county_code=row.county_code, actor=actor)
    return visit


def _filed(row: Recheck, actor: User, finding: str, note: str, *, is_contradiction: bool) -> RecheckVisit:
    try:
        with transaction.atomic():
            return RecheckVisit.objects.create(
                recheck=row, finding=finding, is_contradiction=is_contradiction, note=note[:500], visited_by=actor
            )
    except IntegrityError:
        raise Conflict("这一件复查已经登记", code="visited_already") from None


def _asked(point: FirePoint, visit: RecheckVisit) -> Asking:
    """Ask the point: the bureau says otherwise than the record on which it rests."""
    fresh = FirePoint.objects.get(pk=point.pk)
    claim(fresh)
    asking = Asking(visit.visited_by)
    reported, result = visit.recheck.get_conclusion_display(), visit.get_finding_display()
    words = f"复查与核实不符：县（区）报{reported}，市局复查{result}（{visit.note}）：退回补证或重新核实，照原样成立的写明理由"
    asking.say(fresh, Doubt(Kind.RECHECK, words[:500]), visit.visited_by)
    return asking
