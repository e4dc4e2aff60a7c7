"""提请 of acts on points: what one person may not do alone is asked for, and done when another accepts (policy.md §5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from core.errors import NeedsAnother, NotThere
from firepoints.life.act import act
from firepoints.models import FirePoint
from firepoints.policy import seconding, two_persons
from firepoints.steps import selectors, workflow
from firepoints.steps.gaps import gap_between, outside_m
from grids.models import User
from journal.models import Proposal
from journal.proposals import register, services
from journal.proposals.register import Proposable

SUBJECT = "firepoints.firepoint"
ACTIONS = sorted({action for row in two_persons.TABLE for action in row.actions} & set(workflow.BY_ACTION))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an act: the point as it is now, and the proposal that waits for another person, if it takes two."""

    point: FirePoint
    proposal: Proposal | None = None


def act_or_propose(
    *,
    point_id: int | str,
    action: str,
    actor: User,
    data: Mapping[str, Any] | None = None,
    expected_version: int | None = None,
) -> Outcome:
    """Do `action`, or, where it takes two persons, propose it: then nothing has happened yet.

    Raises as `act`; NeedsAnother for the system, which asks for nothing, and Conflict while another proposal is open.
    """
    values = dict(data or {})
    try:
        point = act(point_id=point_id, action=action, actor=actor, data=values, expected_version=expected_version)
    except NeedsAnother as needed:
        if actor.is_system:
            raise
        point = selectors.fire_point_for(actor, point_id)
        reason = str(values.pop("reason", ""))
        if "into" in values:  # a number may come to name another point
            values["into"] = selectors.fire_point_for(actor, values["into"]).pk
        proposal = services.propose(
            act=name_of(action),
            subject_id=point.pk,
            version=needed.version,
            data={"data": values, "two_persons": needed.keys},
            reason=reason,
            actor=actor,
        )
        return Outcome(point, proposal)
    return Outcome(point)


def name_of(action: str) -> str:
    """The name of an act on a point in the register of proposals and in the journal."""
    return workflow.BY_ACTION[action].entry


def _version(subject_id: str, data: Mapping[str, Any]) -> str:
    into = data["data"].get("into")
    ids = [int(subject_id), *([int(into)] if into else [])]
    versions = dict(FirePoint.objects.filter(pk__in=ids).values_list("pk", "version"))
    if len(versions) < len(set(ids)):
        raise NotThere("没有这个火点")
    return "/".join(str(versions[pk]) for pk in ids)


def _perform(action: str, proposal: Proposal, accepted_by: User) -> FirePoint:
    return act(
        point_id=proposal.subject_id,
        action=action,
        actor=User.objects.get(pk=proposal.asked_by),
        data={**proposal.data["data"], "reason": proposal.reason},
        second=seconding.second_of(proposal, accepted_by),
    )


def _refusal(action: str, proposal: Proposal, user: User) -> str:
    """Why `user` is not the second person: his office, or his part in the point (who verified does not decide)."""
    if sentence := seconding.office_refusal(proposal, user):
        return sentence
    point = FirePoint.objects.visible_to(user).filter(pk=proposal.subject_id).first()
    if point is None:
        return "不在您的范围内"
    return workflow.LIFE.personal_refusal(action, selectors.facts_for(point, user))


def effects(action: str, proposal: Proposal) -> Sequence[str]:
    """What acceptance would do, in sentences: distance and hours, money, where the point goes."""
    point = FirePoint.objects.select_related("recognition").filter(pk=proposal.subject_id).first()
    if point is None:
        return ()
    values = proposal.data["data"]
    sentences = [seconding.sentence_of(proposal.data["two_persons"])]
    survivor = FirePoint.objects.filter(pk=values.get("into")).first() if values.get("into") else None
    if survivor is not None:
        sentences.append(f"{point} 并入 {survivor}：{gap_between(point, survivor).words}；{point} 以后不再单独计一处")
    piece = point.evidence.filter(uuid=values["evidence"]).first() if values.get("evidence") else None
    if piece is not None and piece.lon is not None and piece.lat is not None:
        metres = outside_m(point, piece.lon, piece.lat)
        sentences.append(f"位置改到 {piece.lat:.5f}°N {piece.lon:.5f}°E，在像元（连同误差）以外 {metres:.0f} 米")
    if action in ("reopen", "merge_decided") and point.counted and point.recognition is not None:
        yuan = f"{(point.recognition.amount_fen or 0) / 1_000_000:g} 万元"
        sentences.append(f"现计入 {yuan}；以后不再计入，已入账的由下一批次退回")
    if action == "exclude":
        sentences.append("核实属实、可以扣缴的这一处不再计入")
    return sentences


def register_all() -> None:
    """Let the acts of the table that are on points be proposed."""
    for action in ACTIONS:
        register.register(
            Proposable(
                act=name_of(action),
                label=workflow.BY_ACTION[action].label,
                subject_kind=SUBJECT,
                version=_version,
                perform=partial(_perform, action),
                refusal=partial(_refusal, action),
                is_readable=seconding.may_read,
                effects=partial(effects, action),
            )
        )


def proposals_on(point: FirePoint) -> list[Proposal]:
    """The open proposals on a point, and those that would take another point into it."""
    open_ = Proposal.objects.filter(subject_kind=SUBJECT, answered_at__isnull=True).order_by("pk")
    return [row for row in open_ if row.subject_id == str(point.pk) or row.data["data"].get("into") == point.pk]
