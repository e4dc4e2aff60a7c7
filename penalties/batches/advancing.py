"""How a batch goes from step to step: the guard of the table, the compare-and-swap, the entry in the journal (C13)."""

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from core import clock, faults
from core.errors import BadInput, Conflict, Missing, NotAllowed, Refused, StaleVersion
from core.transitions import Why
from firepoints.policy import rulings
from grids.models import User
from grids.selectors import roles_of, same_persons
from journal.record.services import record
from papers import filing
from penalties.batches.life import BY_STEP, ORDER, Facts, available_actions, refusal
from penalties.ledger import posting
from penalties.ledger.difference import EntryDraft
from penalties.models import Batch, BatchDocument, BatchState, LedgerEntry

faults.register(
    {
        "batch.claimed": "nothing has happened: the batch stands where it stood",
        "batch.posted": "nothing has happened: no entry of the ledger without its batch",
        "batch.lined": "nothing has happened: no lines of a batch that is not frozen",
        "batch.kept": "a scan without a row: harmless, found again by its name",
        "batch.vouched": "nothing has happened: no voucher that the journal does not know",
        "batch.recorded": "nothing has happened: no entry of the journal without its act",
        "batch.papers": "files without rows: harmless, found again by their names",
        "batch.committed": "the step is taken, the answer is lost: a second try is refused and changes nothing",
    }
)


def facts_for(batch: Batch, user: User) -> Facts:
    """What the table asks about this batch and this user."""
    values = rulings.values_on(clock.today_beijing())
    return Facts(
        state=batch.state,
        roles=frozenset(roles_of(user)),
        actor_id=user.pk,
        prepared_by_id=batch.prepared_by_id,
        actor_accounts=same_persons(user, [batch.prepared_by_id]),
        another_freezes=bool(values["freeze_by_another"]),
        another_approves=bool(values["approve_by_another"]),
        another_settles=bool(values["settle_by_another"]),
    )


def available_steps(batch: Batch, user: User) -> list[str]:
    """The steps that this user may take on this batch now; feeds buttons, API and guard alike."""
    return [step.transition.action for step in available_actions(facts_for(batch, user)) if step.is_open]


def require(step: str, batch: Batch, actor: User) -> None:
    """Refuse what the table does not allow: NotAllowed for this person, Refused out of the order."""
    no = refusal(step, facts_for(batch, actor))
    if no is None:
        return
    if no.why is Why.NOT_FROM_THIS_STATE:
        sentence = f"{batch}现在是“{batch.state_words}”，不能{BY_STEP[step].label}：顺序是 {ORDER}"
        raise Refused(sentence, code="out_of_order")
    if no.why in (Why.NOT_THIS_ROLE, Why.NOT_THIS_PERSON):
        raise NotAllowed(no.sentence)
    raise Missing(no.missing, no.sentence)


def advance(batch: Batch, *, to: BatchState, **facts: Any) -> Batch:
    """Move a batch to a state by compare-and-swap on (state, version): whoever comes second changes nothing."""
    moved = Batch.objects.filter(pk=batch.pk, state=batch.state, version=batch.version).update(
        state=to, version=batch.version + 1, **facts
    )
    if not moved:
        raise StaleVersion()
    faults.point("batch.claimed")
    batch.refresh_from_db()
    return batch


def note(act: str, batch: Batch, actor: User, after: dict[str, Any], reason: str = "") -> None:
    record(act, batch, actor, after=after, reason=reason)
    faults.point("batch.recorded")
    transaction.on_commit(lambda: faults.point("batch.committed"))


def require_day(day: date, *, what: str, not_before: date | None, earlier: str) -> None:
    """Refuse a date in the future, or before the step that it follows: it cannot be put right later."""
    if day > clock.today_beijing():
        raise BadInput(f"{what} {day} 还没有到", where="date")
    if not_before and day < not_before:
        raise BadInput(f"{what} {day} 早于{earlier} {not_before}", where="date")


def post(batch: Batch, drafts: list[EntryDraft]) -> list[LedgerEntry]:
    """Append drafts to the ledger under a batch. Raises Conflict when somebody else has posted for one of the points."""
    try:
        with transaction.atomic():
            entries = posting.post(batch, drafts)
    except IntegrityError as error:
        raise Conflict("另一个人刚刚动了其中一处的台账，请再试一次", code="ledger_moved") from error
    faults.point("batch.posted")
    return entries


def file_scan(batch: Batch, scan: filing.Stored, *, kind: str, title: str) -> None:
    """List a kept scan among the papers of the batch."""
    BatchDocument.objects.create(
        batch=batch,
        kind=kind,
        title=title,
        filename=scan.filename,
        stored_as=scan.stored_as,
        sha256=scan.sha256,
        at=clock.now(),
    )
