"""The guard of the acts that take two persons: refuses one alone, and gives what the record says of two."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core import clock
from core.errors import NeedsAnother, StaleVersion
from firepoints.policy import two_persons
from firepoints.policy.two_persons import Case
from grids import selectors as grids
from grids.models import User
from grids.roles import ROLE_LABELS, Role
from journal.models import Proposal


@dataclass(frozen=True, slots=True)
class Second:
    """A proposal that is being accepted: its number, who accepted, for which rows of the table, on which version."""

    proposal: int
    accepted_by: int
    keys: frozenset[str]
    version: str


def require_second(case: Case, second: Second | None, *, version: int | str) -> dict[str, Any]:
    """What the record says of the second person, or of the rulings by which there is none; {} where one suffices.

    Raises NeedsAnother for one person alone, or one that is not the second whom the case asks for, StaleVersion when the
    subject is another than the one that was asked about.
    """
    rows = two_persons.rows_for(case)
    loosened = set(two_persons.loosened(clock.today_beijing())) if rows else set()
    binding = [row.key for row in rows if row.key not in loosened]
    if second is not None and second.version != str(version):
        raise StaleVersion()
    if not set(binding) <= (second.keys if second else frozenset()):
        raise NeedsAnother(sentence_of(binding), keys=binding, version=str(version))
    record: dict[str, Any] = {}
    if second is not None:
        record |= {"proposal": second.proposal, "accepted_by": second.accepted_by}
    without = [two_persons.BY_KEY[row.key].ruling for row in rows if row.key in loosened]
    return record | ({"loosened": without} if without and second is None else {})


def sentence_of(keys: Sequence[str]) -> str:
    """Why an act takes two, and who the other must be."""
    when = "；".join(two_persons.BY_KEY[key].when for key in keys)
    return f"{when}：要由两人办理，一人提请，另一位{who(keys)}同意后才办"


def who(keys: Sequence[str]) -> str:
    """The office of the second person, in words."""
    return "或".join(ROLE_LABELS[role] for role in sorted(two_persons.second_roles(keys)))


def role_refusal(keys: Sequence[str], user: User) -> str:
    """Why the office of `user` accepts none of these rows; "" when it does."""
    return "" if grids.roles_of(user) & two_persons.second_roles(keys) else f"要由{who(keys)}答复"


def office_refusal(proposal: Proposal, user: User) -> str:
    """Why the office of `user` does not answer a proposal; "" when it does."""
    return role_refusal(proposal.data["two_persons"], user)


def may_read(user: User) -> bool:
    """Whether the user may read proposals about points and lists: the bureau, who decides, and the auditors."""
    return bool(grids.roles_of(user) & {Role.BUREAU, Role.RECOGNISER, Role.AUDITOR, Role.SYSTEM})


def second_of(proposal: Proposal, accepted_by: User) -> Second:
    """The second person of an accepted proposal."""
    return Second(proposal.pk, accepted_by.pk, frozenset(proposal.data["two_persons"]), proposal.version)
