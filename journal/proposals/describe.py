"""Proposals as plain JSON: one shape for pages, API and commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from journal.models import Proposal
from journal.proposals import selectors
from journal.proposals.register import PROPOSABLE
from journal.record import acts, digests, names, subjects

LAPSED_NOW = "情况已变，不再有效"


def plain(proposals: Sequence[Proposal], user: Any) -> list[dict[str, Any]]:
    """The proposals as `user` reads them: in words, with what acceptance would do while they are open, and whether he may
    answer."""
    subject_names = subjects.told((row.subject_kind, row.subject_id) for row in proposals)
    people = names.actor_names([*(row.asked_by for row in proposals), *(row.answered_by for row in proposals)])
    return [_plain(row, user, subject_names, people) for row in proposals]


def _plain(
    row: Proposal, user: Any, subject_names: dict[tuple[str, str], tuple[str, str]], people: dict[int, str]
) -> dict[str, Any]:
    name, url = subject_names.get((row.subject_kind, row.subject_id), (row.subject_id, ""))
    return {
        "id": row.pk,
        "act": row.act,
        "label": label_of(row),
        "subject_kind": row.subject_kind,
        "subject_id": row.subject_id,
        "subject": name,
        "url": url,
        "version": row.version,
        "data": row.data,
        "reason": row.reason,
        "asked_by": row.asked_by,
        "asked_by_name": people.get(row.asked_by, ""),
        "asked_at": digests.iso_utc(row.asked_at),
        **_standing(row, user),
        "answer": row.answer,
        "answer_label": row.get_answer_display() if row.answer else "",
        "answered_by": row.answered_by,
        "answered_by_name": people.get(row.answered_by, "") if row.answered_by else "",
        "answered_at": digests.iso_utc(row.answered_at) if row.answered_at else None,
        "answer_reason": row.answer_reason,
    }


def _standing(row: Proposal, user: Any) -> dict[str, Any]:
    """Of an open proposal: whether its subject is as it was, what acceptance would do, who may answer or take it back."""
    is_known = row.act in PROPOSABLE
    is_current = row.is_open and is_known and selectors.is_current(row)
    refusal = selectors.refusal(row, user) if is_current else LAPSED_NOW if row.is_open else ""
    return {
        "is_open": row.is_open,
        "is_current": is_current,
        "effects": list(PROPOSABLE[row.act].effects(row)) if is_current else [],
        "may_answer": is_current and not refusal,
        "refusal": refusal,
        "may_take_back": row.is_open and selectors.is_asker(row, user),
    }


def label_of(row: Proposal) -> str:
    """The name of the act that is asked for."""
    return PROPOSABLE[row.act].label if row.act in PROPOSABLE else acts.label(row.act)
