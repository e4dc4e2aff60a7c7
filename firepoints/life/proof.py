"""The proof that a verification must bring (C10, policy.md §5): a 查否 is harder to file than a 属实."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.errors import BadInput, Missing
from firepoints.evidence.proofs import Lack, lacking_for_denial
from firepoints.life.burnt import Burnt
from firepoints.models import Evidence, FirePoint, Verification
from firepoints.steps.advancing import next_seq
from firepoints.steps.selectors import filed_for
from firepoints.terms.states import Cause, Conclusion
from grids.models import Post, User

NOTHING_SAID = Burnt()


def evidence_named(point: FirePoint, uuids: Iterable[Any]) -> list[Evidence]:
    """The pieces that a report lists. Raises BadInput for what is no UUID, Missing for what has not arrived here."""
    named: list[UUID] = []
    for text in uuids:
        try:
            named.append(UUID(str(text)))
        except ValueError:
            raise BadInput(f"“{text}”不是佐证编号（UUID）", where="evidence") from None
    # what was filed for a point that has since been merged into this one came along with it
    arrived = {piece.uuid: piece for piece in Evidence.objects.filter(filed_for(point), uuid__in=named)}
    lacking = [str(uuid) for uuid in dict.fromkeys(named) if uuid not in arrived]
    if lacking:
        raise Missing(
            [f"佐证 {uuid}" for uuid in lacking],
            f"有 {len(lacking)} 件佐证还没有到达本火点，请等上传完成再提交",
            code="evidence_missing",
        )
    return [arrived[uuid] for uuid in dict.fromkeys(named)]


def conclusion_of(text: Any, cause: Any) -> tuple[Conclusion, str]:
    """Conclusion and cause as our own values. Raises BadInput."""
    if text not in Conclusion.values:
        raise BadInput(f"结论只能是 {'、'.join(Conclusion.values)}", where="conclusion")
    if cause and cause not in Cause.values:
        raise BadInput(f"原因只能是 {'、'.join(Cause.values)}", where="cause")
    return Conclusion(text), "" if text == Conclusion.TRUE else str(cause or "")


def require_photos(evidence: Sequence[Evidence]) -> None:
    """属实 rests on at least one photo. Raises Missing."""
    if not any(piece.kind == Evidence.Kind.PHOTO for piece in evidence):
        raise Missing(["至少一张现场照片"])


def require_negative_proof(point: FirePoint, evidence: Sequence[Evidence], *, cause: str, signed_by: str) -> None:
    """查否: enough different photos, one taken inside the footprint, a track that has searched it, a cause, a signature.

    Raises Missing with everything that lacks, at once: in words as `requirements`, by key in `lacking`.
    """
    lacks = lacking_for_denial(point, evidence)
    lacks += [] if cause else [Lack("cause", "查否的原因")]
    lacks += [] if signed_by else [Lack("signed_by", "部门负责人签字")]
    if lacks:
        words = [lack.words for lack in lacks]
        raise Missing(
            words,
            "查否还缺：" + "、".join(words),
            code="negative_proof",
            details={"lacking": [{"key": lack.key, "words": lack.words} for lack in lacks]},
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What is reported of a point: the conclusion with its cause, who signed it, the evidence, and what burnt."""

    conclusion: Conclusion
    cause: str
    evidence: Sequence[Evidence]
    note: str = ""
    signed_by: str = ""
    burnt: Burnt = NOTHING_SAID


def file_verification(
    point: FirePoint, report: Report, *, kind: str, actor: User, county_code: str, post: Post | None = None
) -> Verification:
    """Append the record of a report and tie its evidence to it."""
    verification = Verification.objects.create(
        point=point,
        seq=next_seq(Verification, point),
        kind=kind,
        conclusion=report.conclusion,
        cause=report.cause,
        note=report.note[:500],
        verified_by=actor,
        post=post,
        signed_by=report.signed_by[:60],
        county_code=county_code,
        **report.burnt.fields,
    )
    verification.evidence.add(*report.evidence)
    return verification
