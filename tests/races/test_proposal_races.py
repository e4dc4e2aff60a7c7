"""Two persons who accept one 提请 at once: the act is done once, on either database."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, models

from core.db.immutable import AnsweredOnceQuerySet
from core.errors import Refused
from journal.models import Entry, Proposal
from journal.proposals import selectors, services
from journal.proposals.register import PROPOSABLE, Proposable
from journal.record import acts
from journal.record.services import record
from tests.races.meeting import at_once, lost, meet_after, won

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(overridden: Callable[..., None]) -> list[Any]:
    acts.register("test.two_did", "两人办理")
    proposable = Proposable(
        act="test.two",
        label="两人办理",
        subject_kind="test.thing",
        version=lambda subject_id, data: "1",
        perform=lambda proposal, _: record("test.two_did", ("test.thing", 7), proposal.asked_by),
        refusal=lambda proposal, user: "",
        is_readable=lambda user: True,
    )
    overridden(PROPOSABLE, {"test.two": proposable})
    make = get_user_model().objects.create_user
    return [make(name, full_name=name) for name in ("asker", "second", "third")]


def ask(actor: Any) -> Proposal:
    return services.propose(act="test.two", subject_id=7, version=1, data={}, reason="同一处", actor=actor)


def accept(proposal: Proposal, actor: Any) -> Proposal:
    return services.accept(proposal_id=proposal.pk, actor=actor)


def times_done() -> int:
    return Entry.objects.filter(act="test.two_did").count()


@pytest.mark.embedded
def test_two_who_accept_at_once_do_the_act_once(people: list[Any]) -> None:
    proposal = ask(people[0])
    outcomes = at_once(lambda: accept(proposal, people[1]), lambda: accept(proposal, people[2]))
    assert (len(won(outcomes)), len(lost(outcomes, Refused)), times_done()) == (1, 1, 1), outcomes


@pytest.mark.embedded
def test_two_who_ask_at_once_leave_one_open_proposal(people: list[Any]) -> None:
    outcomes = at_once(lambda: ask(people[0]), lambda: ask(people[1]))
    assert (len(won(outcomes)), len(lost(outcomes, Refused)), Proposal.objects.count()) == (1, 1, 1), outcomes


@pytest.fixture
def met(people: list[Any], monkeypatch: pytest.MonkeyPatch) -> Proposal:
    """Both have read the open proposal and found its subject as it was."""
    proposal = ask(people[0])
    meet_after(monkeypatch, selectors, "is_current")
    return proposal


def test_the_answer_lets_one_through_when_both_have_read_it_open(met: Proposal, people: list[Any]) -> None:
    outcomes = at_once(lambda: accept(met, people[1]), lambda: accept(met, people[2]))
    assert (len(won(outcomes)), len(lost(outcomes, Refused)), times_done()) == (1, 1, 1), outcomes


def test_and_the_database_where_the_code_does_not_look(
    met: Proposal, people: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AnsweredOnceQuerySet, "update", models.QuerySet.update)
    outcomes = at_once(lambda: accept(met, people[1]), lambda: accept(met, people[2]))
    assert (len(won(outcomes)), len(lost(outcomes, IntegrityError)), times_done()) == (1, 1, 1), outcomes


def test_without_either_guard_the_act_is_done_twice(
    met: Proposal, people: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the meeting is real."""

    def unguarded(proposal: Proposal, answer: str, actor: Any, reason: str) -> Proposal:
        return proposal

    monkeypatch.setattr(services, "_answered", unguarded)
    outcomes = at_once(lambda: accept(met, people[1]), lambda: accept(met, people[2]))
    assert (len(won(outcomes)), times_done()) == (2, 2), outcomes
