"""The acts on a proposal: 提请, 同意, 不同意, 失效. Acceptance performs the act in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from core import clock, faults
from core.errors import BadInput, Conflict, NotAllowed
from core.texts import required, stripped
from journal.models import Proposal
from journal.proposals import selectors
from journal.proposals.register import PROPOSABLE
from journal.record import digests
from journal.record.services import record

Answer = Proposal.Answer
MOVED_ON = "提请之后情况已变，要按现在的情况另行提请"

faults.register(
    {
        "proposal.answered": "nothing has happened: no answer without the act that it accepts",
        "proposal.performed": "nothing has happened: no act without the answer that accepted it",
        "proposal.committed": "the act stands, the reply is lost: accepting again changes nothing",
    }
)


def propose(
    *, act: str, subject_id: int | str, version: int | str, data: Mapping[str, Any], reason: str, actor: Any
) -> Proposal:
    """Ask for an act that takes two persons; whoever asks again for the very same gets the open proposal back.

    `version` is the subject's as the asker saw it; `data` what the act is given, by id and without personal names. An
    open proposal whose subject has moved on lapses. Raises Missing without a reason, Conflict while another one is open,
    BadInput for an act that is not proposed.
    """
    proposable = PROPOSABLE[act]
    fields = {
        "act": act,
        "subject_kind": proposable.subject_kind,
        "subject_id": str(subject_id),
        "version": str(version),
        "data": digests.plain(data),
        "reason": required(reason, "提请的理由")[:500],
        "asked_by": int(actor.pk),
    }
    with transaction.atomic():
        if (open_ := _open_like(fields)) is not None:
            if all(getattr(open_, name) == value for name, value in fields.items()):
                return open_
            _lapse_stale(open_)
        proposal = _stored(fields)
        record("proposal.made", proposal, actor, after=_entry_after(proposal), reason=proposal.reason)
    return proposal


def _open_like(fields: Mapping[str, Any]) -> Proposal | None:
    same = {name: fields[name] for name in ("act", "subject_kind", "subject_id")}
    return Proposal.objects.filter(**same, answered_at__isnull=True).first()


def _stored(fields: Mapping[str, Any]) -> Proposal:
    try:
        with transaction.atomic():
            return Proposal.objects.create(**fields)
    except IntegrityError:  # somebody asked between our look and our row
        if (open_ := _open_like(fields)) is None:
            raise
        raise _taken(open_) from None


def _lapse_stale(open_: Proposal) -> None:
    """Let a proposal lapse whose subject has moved on. Raises Conflict for one that still stands."""
    if selectors.is_current(open_):
        raise _taken(open_)
    _answered(open_, Answer.LAPSED, None, MOVED_ON)


def _taken(open_: Proposal) -> Conflict:
    return Conflict(
        f"提请 {open_.pk} 还没有答复，先答复或撤回它", code="already_proposed", details={"proposal": open_.pk}
    )


def accept(*, proposal_id: int | str, actor: Any, reason: str = "") -> Proposal:
    """Another person accepts: the act is done with the proposer's data in this transaction, or nothing happens.

    Accepting twice changes nothing. Raises NotThere, NotAllowed for the asker and for whom the act does not accept,
    Conflict for one that is answered otherwise or has lapsed (that is recorded), and what the act itself raises.
    """
    proposal = selectors.proposal_for(actor, proposal_id)
    if proposal.answer == Answer.ACCEPTED and proposal.answered_by == actor.pk:
        return proposal
    _require_open(proposal)
    _require_another(proposal, actor)
    if not selectors.is_current(proposal):
        with transaction.atomic():
            _answered(proposal, Answer.LAPSED, None, MOVED_ON)
        raise Conflict(MOVED_ON, code="proposal_lapsed", details={"proposal": proposal.pk})
    with transaction.atomic():
        accepted = _answered(proposal, Answer.ACCEPTED, actor, stripped(reason))
        faults.point("proposal.answered")
        PROPOSABLE[proposal.act].perform(accepted, actor)
        faults.point("proposal.performed")
    faults.point("proposal.committed")
    return accepted


@transaction.atomic
def refuse(*, proposal_id: int | str, actor: Any, reason: str) -> Proposal:
    """Another person refuses, with a reason; nothing else changes. Raises as `accept`, and Missing without a reason."""
    proposal = selectors.proposal_for(actor, proposal_id)
    reason = required(reason, "不同意的理由")
    if proposal.answer == Answer.REFUSED and proposal.answered_by == actor.pk:
        return proposal
    _require_open(proposal)
    _require_another(proposal, actor)
    return _answered(proposal, Answer.REFUSED, actor, reason)


@transaction.atomic
def lapse(*, proposal_id: int | str, actor: Any, reason: str) -> Proposal:
    """The asker takes his proposal back, with a reason. Raises NotThere, NotAllowed, Missing, Conflict."""
    proposal = selectors.proposal_for(actor, proposal_id)
    reason = required(reason, "撤回提请的理由")
    if proposal.answer == Answer.LAPSED and proposal.answered_by == actor.pk:
        return proposal
    _require_open(proposal)
    if not selectors.is_asker(proposal, actor):
        raise NotAllowed("提请只能由提请人撤回")
    return _answered(proposal, Answer.LAPSED, actor, reason)


ANSWERS = {Answer.ACCEPTED: accept, Answer.REFUSED: refuse, Answer.LAPSED: lapse}
"""The act by which each answer is given; a proposal lapses by its asker."""


def answer(*, proposal_id: int | str, actor: Any, answer: str, reason: str = "") -> Proposal:
    """Give one of the three answers. Raises BadInput for another, and as the act does."""
    if answer not in ANSWERS:
        raise BadInput(f"只能是 {'、'.join(ANSWERS)}", where="answer")
    return ANSWERS[Answer(answer)](proposal_id=proposal_id, actor=actor, reason=reason)


def lapse_stale() -> int:
    """Let every open proposal lapse whose subject has moved on; returns how many."""
    lapsed = 0
    for proposal in Proposal.objects.filter(answered_at__isnull=True).order_by("pk"):
        if selectors.is_current(proposal):
            continue
        with transaction.atomic():
            _answered(proposal, Answer.LAPSED, None, MOVED_ON)
        lapsed += 1
    return lapsed


def _require_open(proposal: Proposal) -> None:
    if proposal.answered_at is not None:
        words = proposal.get_answer_display()
        raise Conflict(
            f"提请 {proposal.pk} 已答复：{words}", code="proposal_answered", details={"answer": proposal.answer}
        )


def _require_another(proposal: Proposal, actor: Any) -> None:
    if sentence := selectors.refusal(proposal, actor):
        raise NotAllowed(sentence)


def _answered(proposal: Proposal, answer: str, actor: Any, reason: str) -> Proposal:
    """The proposal with its answer, and the entry. Raises Conflict when somebody answered first."""
    values = {
        "answered_at": clock.now(),
        "answered_by": actor.pk if actor else None,
        "answer": answer,
        "answer_reason": reason[:500],
    }
    if not Proposal.objects.filter(pk=proposal.pk).update(**values):
        proposal.refresh_from_db()
        _require_open(proposal)
    proposal.refresh_from_db()
    entry_after = {**_entry_after(proposal), "asked_by": proposal.asked_by}
    record(f"proposal.{answer}", proposal, actor, after=entry_after, reason=reason)
    return proposal


def _entry_after(proposal: Proposal) -> dict[str, Any]:
    return {
        "proposed": proposal.act,
        "subject": [proposal.subject_kind, proposal.subject_id],
        "version": proposal.version,
        "data": proposal.data,
    }
