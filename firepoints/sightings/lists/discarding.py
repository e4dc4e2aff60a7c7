"""A quarantined row is set aside for good, with a reason: of an official list or an inspection by two persons, for what is set
aside is never charged (policy.md §5). The row itself stays as it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from core import clock
from core.errors import NeedsAnother, NotThere
from core.texts import required
from firepoints.models import Mending, RawRow
from firepoints.policy import charging, rulings, seconding, two_persons
from firepoints.policy.seconding import Second, require_second
from firepoints.policy.two_persons import Case
from firepoints.sightings.lists.mending import require_waiting
from grids.models import User
from journal.models import Proposal
from journal.proposals import register, services
from journal.proposals.register import Proposable
from journal.record.services import record

ACT, SUBJECT = "import.row_discarded", "firepoints.rawrow"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of setting a row aside: its mending, or the proposal that waits for another person."""

    mending: Mending | None
    proposal: Proposal | None = None


@transaction.atomic
def row_discard(*, row: RawRow, actor: User, reason: str, second: Second | None = None) -> Mending:
    """Set a quarantined row aside for good, with its reason.

    Raises NotAllowed, Missing without a reason, Conflict for a row that is not waiting, NeedsAnother for an official row
    without a second person.
    """
    reason = required(reason, "不再处理的理由")
    require_waiting(row, actor)
    two = require_second(_case(row), second, version=_version_of(row))
    mending = Mending.objects.create(
        row=row, seq=row.mendings.count() + 1, kind=Mending.Kind.DISCARDED, reason=reason[:300], actor=actor
    )
    entry_after = {"run": str(row.run.uuid), "sheet": row.sheet, "row": row.row_no, **two}
    record(ACT, row, actor, after=entry_after, reason=reason)
    return mending


def discard_or_propose(*, row: RawRow, actor: User, reason: str) -> Outcome:
    """Set a row aside, or, where it takes two persons, propose it: then nothing has happened yet. Raises as `row_discard`."""
    try:
        return Outcome(row_discard(row=row, actor=actor, reason=reason))
    except NeedsAnother as needed:
        proposal = services.propose(
            act=ACT, subject_id=row.pk, version=needed.version, data={"two_persons": needed.keys}, reason=reason, actor=actor
        )  # fmt: skip
        return Outcome(None, proposal)


def _case(row: RawRow) -> Case:
    in_force = rulings.values_on(clock.today_beijing())
    return Case(two_persons.DISCARD_ROW, is_official=charging.ends_in_a_decision(row.run.source, in_force))


def _version_of(row: RawRow) -> str:
    return f"{row.run.state}/{row.mendings.count()}"


def _row(subject_id: str) -> RawRow:
    row: RawRow | None = RawRow.objects.select_related("run__source").filter(pk=subject_id).first()
    if row is None:
        raise NotThere("没有这一行")
    return row


def _version(subject_id: str, data: Mapping[str, Any]) -> str:
    return _version_of(_row(subject_id))


def _perform(proposal: Proposal, accepted_by: User) -> Mending:
    return row_discard(
        row=_row(proposal.subject_id),
        actor=User.objects.get(pk=proposal.asked_by),
        reason=proposal.reason,
        second=seconding.second_of(proposal, accepted_by),
    )


def _effects(proposal: Proposal) -> Sequence[str]:
    row = _row(proposal.subject_id)
    return [
        seconding.sentence_of(proposal.data["two_persons"]),
        f"“{row.run.filename}”的这一行（{row.reason}）不再处理：不成火点，不核实，不扣缴",
    ]


def register_all() -> None:
    """Let the setting aside of a row be proposed."""
    register.register(
        Proposable(
            act=ACT,
            label="隔离的行不再处理",
            subject_kind=SUBJECT,
            version=_version,
            perform=_perform,
            refusal=seconding.office_refusal,
            is_readable=seconding.may_read,
            effects=_effects,
        )
    )
