"""提请 of the withdrawal of a list: official rows, and rows that people acted on, leave by two persons (policy.md §5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import NeedsAnother, NotThere
from firepoints.models import ImportRun
from firepoints.policy import seconding
from firepoints.sightings.importing.order import run_named
from firepoints.sightings.importing.results import Progress
from firepoints.sightings.importing.withdrawing import case_of, import_withdraw, rows_in_force, version_of
from firepoints.sightings.importing.working import silent
from grids.models import User
from journal.models import Proposal
from journal.proposals import register, services
from journal.proposals.register import Proposable

ACT, SUBJECT = "import.withdrawn", "firepoints.importrun"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a withdrawal: the run as it is now, and the proposal that waits for another person, if it takes two."""

    run: ImportRun
    proposal: Proposal | None = None


def withdraw_or_propose(*, run: str, actor: User, reason: str, progress: Progress = silent) -> Outcome:
    """Withdraw a run, or, where it takes two persons, propose it: then nothing has happened yet.

    Raises as `import_withdraw`; NeedsAnother for the system, which asks for nothing.
    """
    try:
        return Outcome(import_withdraw(run=run, actor=actor, reason=reason, progress=progress))
    except NeedsAnother as needed:
        if actor.is_system:
            raise
        import_run = run_named(run)
        proposal = services.propose(
            act=ACT,
            subject_id=import_run.pk,
            version=needed.version,
            data={"two_persons": needed.keys},
            reason=reason,
            actor=actor,
        )
        return Outcome(import_run, proposal)


def _run(subject_id: str) -> ImportRun:
    run = ImportRun.objects.filter(pk=subject_id).first()
    if run is None:
        raise NotThere("没有这次导入")
    return run


def _version(subject_id: str, data: Mapping[str, Any]) -> str:
    return version_of(_run(subject_id))


def _perform(proposal: Proposal, accepted_by: User) -> ImportRun:
    return import_withdraw(
        run=str(_run(proposal.subject_id).uuid),
        actor=User.objects.get(pk=proposal.asked_by),
        reason=proposal.reason,
        second=seconding.second_of(proposal, accepted_by),
    )


def _effects(proposal: Proposal) -> Sequence[str]:
    run = _run(proposal.subject_id)
    case = case_of(run)
    acted = (
        f"其中 {case.points_acted_on} 处已经办理过，留给人复核"
        if case.points_acted_on
        else "没有办理过的疑似火点随之关闭"
    )
    return [
        seconding.sentence_of(proposal.data["two_persons"]),
        f"撤回“{run.filename}”的 {rows_in_force(run)} 行监测记录：{acted}",
    ]


def register_all() -> None:
    """Let the withdrawal of a list be proposed."""
    register.register(
        Proposable(
            act=ACT,
            label="撤回导入",
            subject_kind=SUBJECT,
            version=_version,
            perform=_perform,
            refusal=seconding.office_refusal,
            is_readable=seconding.may_read,
            effects=_effects,
        )
    )
