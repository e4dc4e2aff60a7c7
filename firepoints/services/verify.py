"""核实: by the county's designated department, by the bureau on site, or entered from paper; and sending it back."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from firepoints.models import Evidence, FirePoint, Verification
from firepoints.services.proof import (
    conclusion_of,
    evidence_named,
    file_verification,
    require_negative_proof,
    require_photos,
)
from firepoints.services.steps import Opened, advance, numbered, open_act, required, way_back
from firepoints.states import Conclusion
from grids import selectors as grids
from grids.models import Post, User
from grids.roles import Level, PostKind
from journal import clock, faults
from journal.errors import Missing, NotAllowed

faults.register({"act.verify.filed": "nothing has happened: no record on file for a point that is not verified"})


@transaction.atomic
def fire_point_report(
    *,
    point_id: int | str,
    actor: User,
    conclusion: str,
    evidence: Sequence[Any],
    cause: str = "",
    note: str = "",
    signed_by: str = "",
    expected_version: int | None = None,
) -> FirePoint:
    """The county's 核实 (C10): a submission, which only the bureau's 认定 can make count (C9).

    `evidence` lists the UUIDs of pieces that have arrived. Raises NotAllowed for any but the designated department of
    that county today, Missing for what the conclusion must bring, and what `open_act` raises.
    """
    opened = open_act("report", point_id=point_id, actor=actor, expected_version=expected_version)
    post = _designated_post(actor, opened.point.county_code)
    pieces = evidence_named(opened.point, evidence)
    found, cause = conclusion_of(conclusion, cause)
    _require_proof(found, pieces, cause=cause, signed_by=signed_by.strip())
    verification = file_verification(
        opened.point,
        kind=Verification.Kind.COUNTY,
        conclusion=found,
        cause=cause,
        actor=actor,
        post=post,
        evidence=pieces,
        county_code=opened.point.county_code,
        note=note,
        signed_by=signed_by.strip(),
    )
    return _verified(opened, verification, pieces)


@transaction.atomic
def fire_point_report_on_behalf(
    *,
    point_id: int | str,
    actor: User,
    conclusion: str,
    evidence: Sequence[Any],
    cause: str = "",
    note: str = "",
    signed_by: str = "",
    expected_version: int | None = None,
) -> FirePoint:
    """代录: enter a county's paper return with its scan. The clerk who enters it cannot recognise the point.

    A paper 查否 brings the same proof as any other, or paper would be the easy way out. Raises as `fire_point_report`.
    """
    opened = open_act("report_on_behalf", point_id=point_id, actor=actor, expected_version=expected_version)
    pieces = evidence_named(opened.point, evidence)
    if not any(one.kind == Evidence.Kind.SCAN for one in pieces):
        raise Missing(["纸质核实材料的扫描件"])
    found, cause = conclusion_of(conclusion, cause)
    if found == Conclusion.FALSE:
        require_negative_proof(pieces, cause=cause, signed_by=signed_by.strip())
    verification = file_verification(
        opened.point,
        kind=Verification.Kind.ON_BEHALF,
        conclusion=found,
        cause=cause,
        actor=actor,
        evidence=pieces,
        county_code=opened.point.county_code,
        note=note,
        signed_by=signed_by.strip(),
    )
    return _verified(opened, verification, pieces)


@transaction.atomic
def fire_point_verify_own(
    *,
    point_id: int | str,
    actor: User,
    conclusion: str,
    evidence: Sequence[Any],
    cause: str = "",
    note: str = "",
    signed_by: str = "",
    expected_version: int | None = None,
) -> FirePoint:
    """The bureau's own 核实 with evidence that its own people took (policy.md §2h); another person recognises.

    Raises Missing when no photo was taken by the city's people, and what `fire_point_report` raises.
    """
    opened = open_act("verify_own", point_id=point_id, actor=actor, expected_version=expected_version)
    pieces = evidence_named(opened.point, evidence)
    if not _taken_by_the_city(pieces):
        raise Missing(["市局人员自己拍摄的现场照片"])
    found, cause = conclusion_of(conclusion, cause)
    _require_proof(found, pieces, cause=cause, signed_by=signed_by.strip())
    verification = file_verification(
        opened.point,
        kind=Verification.Kind.OWN,
        conclusion=found,
        cause=cause,
        actor=actor,
        evidence=pieces,
        county_code=opened.point.county_code,
        note=note,
        signed_by=signed_by.strip(),
    )
    return _verified(opened, verification, pieces, **numbered(opened.point))


@transaction.atomic
def fire_point_return(
    *, point_id: int | str, actor: User, reason: str, expected_version: int | None = None
) -> FirePoint:
    """退回补证: the record stays on file, the point goes back to whoever verified it. Raises Missing without a reason."""
    reason = required(reason, "退回的理由")
    opened = open_act("return", point_id=point_id, actor=actor, expected_version=expected_version)
    return advance(opened, reason=reason, **way_back(opened.point))


def _verified(opened: Opened, verification: Verification, pieces: Sequence[Evidence], **changes: Any) -> FirePoint:
    faults.point("act.verify.filed")
    data = {
        "verification": verification.pk,
        "conclusion": str(verification.conclusion),
        "cause": str(verification.cause),
        "evidence": {str(one.uuid): one.sha256 for one in pieces},
    }
    return advance(opened, data=data, verification=verification, due_at=None, **changes)


def _require_proof(conclusion: Conclusion, pieces: Sequence[Evidence], *, cause: str, signed_by: str) -> None:
    if conclusion == Conclusion.TRUE:
        require_photos(pieces)
    else:
        require_negative_proof(pieces, cause=cause, signed_by=signed_by)


def _designated_post(actor: User, county_code: str) -> Post:
    today = clock.today_beijing()
    held = grids.posts_held(actor, today).filter(pk__in=grids.designated_posts(county_code, today).values("pk"))
    post: Post | None = held.first()
    if post is None:
        raise NotAllowed("只有县（区）指定部门能核实（四(一)）")
    return post


def _taken_by_the_city(pieces: Sequence[Evidence]) -> bool:
    uploaders = {one.uploader for one in pieces if one.kind == Evidence.Kind.PHOTO}
    kinds = [PostKind.BUREAU, PostKind.INSPECTOR]
    return any(grids.posts_held(one).filter(level=Level.CITY, kind__in=kinds).exists() for one in uploaders)
