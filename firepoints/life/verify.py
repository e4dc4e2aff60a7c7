"""核实: by the county's designated department, by the bureau on site, or entered from paper; and sending it back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from core import clock, faults
from core.errors import Missing, NotAllowed
from core.texts import required
from firepoints.evidence.twins import elsewhere
from firepoints.life.burnt import RAISED, Burnt, burnt_of, doubts_of
from firepoints.life.proof import (
    Report,
    conclusion_of,
    evidence_named,
    file_verification,
    require_negative_proof,
    require_photos,
)
from firepoints.models import Evidence, FirePoint, Verification
from firepoints.steps.advancing import Opened, advance, numbered, open_act, way_back
from firepoints.steps.asking import Answer, Asking, Kind, open_of
from firepoints.steps.workflow import act
from firepoints.terms.doubt import Doubt
from firepoints.terms.states import Conclusion
from grids import selectors as grids
from grids.models import Post, User
from grids.roles import Level, PostKind

faults.register({"act.verify.filed": "nothing has happened: no record on file for a point that is not verified"})

Pieces = Sequence[Evidence]


def _designated_post(actor: User, county_code: str) -> Post:
    today = clock.today_beijing()
    posts = grids.posts_held(actor, today).filter(pk__in=grids.designated_posts(county_code, today).values("pk"))
    post: Post | None = posts.first()
    if post is None:
        raise NotAllowed("只有县（区）指定部门能核实（四(一)）")
    return post


def _is_from_paper(pieces: Pieces) -> bool:
    return any(piece.kind == Evidence.Kind.SCAN for piece in pieces)


def _taken_by_the_city(pieces: Sequence[Evidence]) -> bool:
    uploaders = {piece.uploader for piece in pieces if piece.kind == Evidence.Kind.PHOTO}
    kinds = [PostKind.BUREAU, PostKind.INSPECTOR]
    return any(grids.posts_held(uploader).filter(level=Level.CITY, kind__in=kinds).exists() for uploader in uploaders)


@dataclass(frozen=True, slots=True)
class Way:
    """One way of 核实: by the county's designated department (`post_of`), 代录 of its paper return (whoever enters it
    cannot recognise the point), or by the bureau on site (policy.md §2h). `proof` is missing unless the pieces prove it.

    A paper return needs no photos; a 查否 brings the same proof in every way, or paper would be the easy way out.
    """

    kind: Verification.Kind
    post_of: Callable[[User, str], Post] | None = None
    proof: str = ""
    proves: Callable[[Pieces], bool] = bool
    needs_photos: bool = True


WAYS: Mapping[str, Way] = {
    "report": Way(Verification.Kind.COUNTY, post_of=_designated_post),
    "report_on_behalf": Way(
        Verification.Kind.ON_BEHALF, proof="纸质核实材料的扫描件", proves=_is_from_paper, needs_photos=False
    ),
    "verify_own": Way(Verification.Kind.OWN, proof="市局人员自己拍摄的现场照片", proves=_taken_by_the_city),
}


@act(*WAYS)
@transaction.atomic
def fire_point_verify(  # noqa: PLR0913  the act's data
    *,
    action: str,
    point_id: int | str,
    actor: User,
    conclusion: str,
    evidence: Sequence[Any],
    cause: str = "",
    note: str = "",
    signed_by: str = "",
    burnt_mu: Any = "",
    measured_by: str = "",
    crop: str = "",
    fire_position: Any = "",
    sites: Any = "",
    is_new: Any = "",
    arrived_at: Any = "",
    out_at: Any = "",
    expected_version: int | None = None,
) -> FirePoint:
    """核实 in one of the three ways (C10): a submission, which only another person's 认定 can make count (C9).

    `evidence` lists the UUIDs of pieces that have arrived. What burnt (`burnt_mu` … `out_at`) is said where it is known;
    how many `sites` there are, and whether the black `is_new`, is answered of every true finding. Raises NotAllowed for
    another department than the designated one, Missing for what the way and the conclusion must bring, BadInput, and
    what `open_act` raises.
    """
    way, signed_by = WAYS[action], signed_by.strip()
    opened = open_act(action, point_id=point_id, actor=actor, expected_version=expected_version)
    point = opened.point
    post = way.post_of(actor, point.county_code) if way.post_of else None
    pieces = evidence_named(point, evidence)
    if way.proof and not way.proves(pieces):
        raise Missing([way.proof])
    finding, cause = conclusion_of(conclusion, cause)
    burnt = burnt_of(
        {
            "burnt_mu": burnt_mu, "measured_by": measured_by, "crop": crop, "fire_position": fire_position,
            "sites": sites, "is_new": is_new, "arrived_at": arrived_at, "out_at": out_at,
        }
    )  # fmt: skip
    if finding == Conclusion.FALSE:
        require_negative_proof(point, pieces, cause=cause, signed_by=signed_by)
    else:
        burnt.require_answers()
        if way.needs_photos:
            require_photos(pieces)
    report = Report(finding, cause, pieces, note, signed_by, burnt)
    verification = file_verification(
        point, report, kind=way.kind, actor=actor, county_code=point.county_code, post=post
    )
    return _verified(opened, verification, report)


def _verified(opened: Opened, verification: Verification, report: Report) -> FirePoint:
    faults.point("act.verify.filed")
    asking = _asking_what_burnt(opened, verification, report.burnt)
    data = {
        "verification": verification.pk,
        "conclusion": str(verification.conclusion),
        "cause": str(verification.cause),
        "sites": verification.sites,
        "is_new": verification.is_new,
        "burnt_mu": str(verification.burnt_mu) if verification.burnt_mu is not None else None,
        "evidence": {str(piece.uuid): piece.sha256 for piece in report.evidence},
    }
    changes = {"verification": verification, "due_at": None, **numbered(opened.point)}
    return advance(opened, data=data, asking=asking, **changes)


def _same_pictures(point: FirePoint, verification: Verification, *, stops_money: bool) -> list[Doubt]:
    """A question where a photo of the record is, or nearly is, one of another fire point."""
    alike = elsewhere(point, verification.evidence.all())
    if not alike:
        return []
    signs = "；".join(f"{photo.caption or '照片'} {str(photo.uuid)[:8]} {twin.words}" for photo, twin in alike[:5])
    words = f"有 {len(alike)} 张照片与另一处火点的相同或几乎相同（{signs}）：请核对是不是现场拍的"
    return [Doubt(Kind.SAME_PICTURE, words, stops_money=stops_money)]


def _asking_what_burnt(opened: Opened, verification: Verification, burnt: Burnt) -> Asking:
    """Ask what the answers raise; what an earlier report had asked gives way. Only the bureau's own finding stops money."""
    asking = Asking(opened.actor)
    is_bureaus = verification.kind == Verification.Kind.OWN
    is_true = verification.conclusion == Conclusion.TRUE
    doubts = doubts_of(burnt, stops_money=is_bureaus) if is_true else []
    doubts += _same_pictures(opened.point, verification, stops_money=is_bureaus)
    kinds = {doubt.kind for doubt in doubts}
    earlier = [
        row
        for row in open_of(opened.point)
        if row.kind in RAISED and row.about == ("", None) and row.asked_by_id and row.kind not in kinds
    ]
    asking.answer([row for row in earlier if is_bureaus or not row.stops_money], Answer.REPLACED, "重新核实")
    for doubt in doubts:
        asking.say(opened.point, doubt, opened.actor)
    return asking


@act("return")
@transaction.atomic
def fire_point_return(
    *, point_id: int | str, actor: User, reason: str, expected_version: int | None = None
) -> FirePoint:
    """退回补证: the record stays on file, the point goes back to whoever verified it, a county with a new deadline.

    Raises Missing without a reason.
    """
    reason = required(reason, "退回的理由")
    opened = open_act("return", point_id=point_id, actor=actor, expected_version=expected_version)
    back = way_back(opened.point)
    return advance(opened, reason=reason, to=back.to, **back.changes)
