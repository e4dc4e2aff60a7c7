"""The register of acts that take two persons: who answers, what is the subject's version, what does the act.

The apps above fill it from their `ready()`. Subjects are named, and their pages found, by `journal.record.subjects`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import BadInput
from core.registry import Named, Slot
from journal.models import Proposal

User = Any  # users live in an app above


def _nothing_more(proposal: Proposal) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Proposable:
    """An act that one person asks for and another accepts. `label` is what people read, `subject_kind` as in the journal.

    `version` reads the subject's version now (of several subjects, where the data names others); raises NotThere.
    `perform` does the act with the proposer's data inside the acceptance's transaction; it gets the proposal and whoever
    accepts. `refusal` says why a user may not answer, "" when he may: role and person, not the state of the subject.
    `is_readable` says who sees the proposals of this act. `effects` are sentences on what acceptance would do.
    """

    act: str
    label: str
    subject_kind: str
    version: Callable[[str, Mapping[str, Any]], str]
    perform: Callable[[Proposal, User], Any]
    refusal: Callable[[Proposal, User], str]
    is_readable: Callable[[User], bool]
    effects: Callable[[Proposal], Sequence[str]] = _nothing_more


PROPOSABLE: Named[Proposable] = Named(
    "acts of two persons",
    asked_by="提请 and its answer",
    what_for="who accepts an act that one person asked for, and what does it then",
    unknown=lambda act: BadInput(f"“{act}”不用提请", code="unknown_action"),
)
SAME_PERSON: Slot[Callable[[int, int], bool]] = Slot(
    "same person",
    asked_by="the answer to a 提请",
    what_for="whether two accounts are one person",
    default=int.__eq__,
)


def register(proposable: Proposable) -> Proposable:
    """Let an act be proposed. Raises DoubleAnswer when its name is taken."""
    return PROPOSABLE.add(proposable.act, proposable)
