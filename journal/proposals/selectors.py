"""Reads of proposals: what a user may see, what waits for an answer, and whether the subject is as it was."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from core.errors import NotThere
from journal.models import Proposal
from journal.proposals.register import PROPOSABLE, SAME_PERSON


def visible_to(user: Any) -> QuerySet[Proposal]:
    """The proposals that `user` may see: of the acts that he may read, and his own; newest first."""
    if not _is_signed_in(user):
        return Proposal.objects.none()
    acts = _readable_acts(user)
    return Proposal.objects.filter(Q(act__in=acts) | Q(asked_by=user.pk)).order_by("-pk")


def proposal_for(user: Any, proposal_id: int | str) -> Proposal:
    """The proposal, if `user` may see it. Raises NotThere."""
    text = str(proposal_id)
    key = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    proposal = visible_to(user).filter(pk=key).first()
    if proposal is None:
        raise NotThere(f"没有提请“{text[:40]}”，或不在您的范围内")
    return proposal


def open_on(subject_kind: str, subject_id: int | str) -> QuerySet[Proposal]:
    """The proposals on a subject that nobody has answered; some of them may have lapsed."""
    return Proposal.objects.filter(
        subject_kind=subject_kind, subject_id=str(subject_id), answered_at__isnull=True
    ).order_by("pk")


def is_current(proposal: Proposal) -> bool:
    """Whether the subject stands as it stood when the act was asked for."""
    proposable = PROPOSABLE.get(proposal.act)
    try:
        return proposable is not None and proposable.version(proposal.subject_id, proposal.data) == proposal.version
    except NotThere:
        return False


def may_see_any(user: Any) -> bool:
    """Whether there is an act whose proposals `user` may read."""
    return _is_signed_in(user) and bool(_readable_acts(user))


def _is_signed_in(user: Any) -> bool:
    return bool(getattr(user, "is_authenticated", False) and getattr(user, "is_active", False))


def _readable_acts(user: Any) -> list[str]:
    """The acts whose proposals `user` may read; each rule is asked once, for many acts share one."""
    may_read: dict[Any, bool] = {}
    for _, proposable in PROPOSABLE.items():
        if proposable.is_readable not in may_read:
            may_read[proposable.is_readable] = proposable.is_readable(user)
    return [act for act, proposable in PROPOSABLE.items() if may_read[proposable.is_readable]]


def is_asker(proposal: Proposal, user: Any) -> bool:
    """Whether `user` asked, under whatever account."""
    return SAME_PERSON.get()(proposal.asked_by, int(user.pk))


def refusal(proposal: Proposal, user: Any) -> str:
    """Why `user` may not answer a proposal: the asker himself, under whatever account, or no one for it; "" when he may."""
    if is_asker(proposal, user):
        return "提请人不能答复自己的提请，要由另一个人答复"
    return PROPOSABLE[proposal.act].refusal(proposal, user)


def for_answer_by(user: Any) -> list[Proposal]:
    """The open proposals that `user` may answer, oldest first; what has lapsed is left out."""
    unanswered = visible_to(user).filter(answered_at__isnull=True).order_by("pk")
    return [
        proposal
        for proposal in unanswered
        if proposal.act in PROPOSABLE and not refusal(proposal, user) and is_current(proposal)
    ]
