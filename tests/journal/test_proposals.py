"""An act that takes two persons: one asks, another answers, and until then nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction

from core.errors import BadInput, Conflict, Missing, NotAllowed, NotThere
from journal.models import Entry, Proposal
from journal.proposals import selectors, services
from journal.proposals.register import PROPOSABLE, SAME_PERSON, Proposable
from journal.record import acts
from journal.record.services import record

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]


@dataclass
class Thing:
    """A subject that belongs to no app: its version, what was done to it, and who may answer for it."""

    version: int = 1
    acts: list[tuple[Any, int, int]] = field(default_factory=list)
    strangers: set[int] = field(default_factory=set)
    breaks: bool = False

    def perform(self, proposal: Proposal, accepted_by: Any) -> None:
        record("test.two_did", ("test.thing", proposal.subject_id), proposal.asked_by)
        if self.breaks:
            raise Conflict("做不成")
        self.acts.append((proposal.data, proposal.asked_by, accepted_by.pk))
        self.version += 1

    def refusal(self, proposal: Proposal, user: Any) -> str:
        return "不由您的岗位办理" if user.pk in self.strangers else ""


@pytest.fixture
def thing(overridden: Callable[..., None]) -> Thing:
    acts.register("test.two_did", "两人办理")
    thing = Thing()
    proposable = Proposable(
        act="test.two",
        label="两人办理",
        subject_kind="test.thing",
        version=lambda subject_id, data: str(thing.version),
        perform=thing.perform,
        refusal=thing.refusal,
        is_readable=lambda user: user.username != "outsider",
    )
    overridden(PROPOSABLE, {"test.two": proposable})
    return thing


@pytest.fixture
def people() -> Any:
    make = get_user_model().objects.create_user
    return [make(name, full_name=name) for name in ("asker", "second", "third", "outsider")]


def ask(actor: Any, *, data: Mapping[str, Any] | None = None, reason: str = "选错文件", version: int = 1) -> Proposal:
    return services.propose(
        act="test.two", subject_id=7, version=version, data=data or {"into": 3}, reason=reason, actor=actor
    )


def entries() -> list[tuple[str, int | None]]:
    return list(Entry.objects.order_by("pk").values_list("act", "actor_id"))


def test_until_another_person_accepts_nothing_changes(thing: Thing, people: Any) -> None:
    asker, second, *_ = people
    proposal = ask(asker)
    assert (thing.acts, proposal.is_open) == ([], True)
    accepted = services.accept(proposal_id=proposal.pk, actor=second)
    assert thing.acts == [({"into": 3}, asker.pk, second.pk)]
    assert (accepted.answer, accepted.asked_by, accepted.answered_by) == ("accepted", asker.pk, second.pk)
    assert entries() == [
        ("proposal.made", asker.pk),
        ("proposal.accepted", second.pk),
        ("test.two_did", asker.pk),
    ]


def test_the_asker_answers_nothing_under_any_account(thing: Thing, people: Any) -> None:
    asker, second, *_ = people
    proposal = ask(asker)
    for answer in (services.accept, services.refuse):
        with pytest.raises(NotAllowed):
            answer(proposal_id=proposal.pk, actor=asker, reason="我看行")
    with SAME_PERSON.overridden(lambda a, b: True), pytest.raises(NotAllowed):
        services.accept(proposal_id=proposal.pk, actor=second)
    assert (thing.acts, Proposal.objects.get().is_open) == ([], True)


def test_whom_the_act_does_not_accept_answers_nothing_and_a_stranger_sees_nothing(thing: Thing, people: Any) -> None:
    asker, second, _, outsider = people
    proposal = ask(asker)
    thing.strangers.add(second.pk)
    with pytest.raises(NotAllowed, match="不由您的岗位办理"):
        services.accept(proposal_id=proposal.pk, actor=second)
    with pytest.raises(NotThere):
        services.accept(proposal_id=proposal.pk, actor=outsider)
    assert not selectors.visible_to(outsider).exists()
    assert selectors.for_answer_by(second) == []


def test_a_refusal_needs_a_reason_and_ends_the_proposal(thing: Thing, people: Any) -> None:
    asker, second, third, _ = people
    proposal = ask(asker)
    with pytest.raises(Missing):
        services.refuse(proposal_id=proposal.pk, actor=second, reason=" ")
    refused = services.refuse(proposal_id=proposal.pk, actor=second, reason="不是同一处")
    assert (refused.answer, refused.answer_reason) == ("refused", "不是同一处")
    with pytest.raises(Conflict, match="已答复"):
        services.accept(proposal_id=proposal.pk, actor=third)
    assert thing.acts == []


def test_a_proposal_lapses_when_its_subject_moves_on(thing: Thing, people: Any) -> None:
    asker, second, *_ = people
    proposal = ask(asker)
    thing.version = 2
    assert not selectors.is_current(proposal)
    assert selectors.for_answer_by(second) == []
    with pytest.raises(Conflict) as refused:
        services.accept(proposal_id=proposal.pk, actor=second)
    assert refused.value.code == "proposal_lapsed"
    proposal.refresh_from_db()
    assert (proposal.answer, thing.acts) == ("lapsed", [])
    assert entries()[-1] == ("proposal.lapsed", None)


def test_what_has_lapsed_gives_way_to_what_is_asked_now(thing: Thing, people: Any) -> None:
    first = ask(people[0])
    thing.version = 2
    again = ask(people[0], version=2)
    first.refresh_from_db()
    assert (first.answer, again.is_open) == ("lapsed", True)


def test_the_sweep_lets_lapse_what_nobody_answers(thing: Thing, people: Any) -> None:
    ask(people[0])
    assert services.lapse_stale() == 0
    thing.version = 2
    assert services.lapse_stale() == 1
    assert services.lapse_stale() == 0


def test_asking_again_for_the_same_gives_the_same_proposal(thing: Thing, people: Any) -> None:
    assert ask(people[0]).pk == ask(people[0]).pk
    with pytest.raises(Conflict) as refused:
        ask(people[1])
    assert refused.value.code == "already_proposed"
    assert Proposal.objects.count() == 1


def test_accepting_twice_does_the_act_once(thing: Thing, people: Any) -> None:
    asker, second, third, _ = people
    proposal = ask(asker)
    for _ in range(2):
        services.accept(proposal_id=proposal.pk, actor=second)
    with pytest.raises(Conflict, match="已答复"):
        services.accept(proposal_id=proposal.pk, actor=third)
    assert len(thing.acts) == 1


def test_an_act_that_fails_leaves_the_proposal_open(thing: Thing, people: Any) -> None:
    asker, second, *_ = people
    proposal = ask(asker)
    thing.breaks = True
    with pytest.raises(Conflict, match="做不成"):
        services.accept(proposal_id=proposal.pk, actor=second)
    proposal.refresh_from_db()
    assert proposal.is_open
    assert [act for act, _ in entries()] == ["proposal.made"]


def test_only_the_asker_takes_a_proposal_back(thing: Thing, people: Any) -> None:
    asker, second, *_ = people
    proposal = ask(asker)
    with pytest.raises(NotAllowed):
        services.lapse(proposal_id=proposal.pk, actor=second, reason="不用了")
    assert services.lapse(proposal_id=proposal.pk, actor=asker, reason="不用了").answer == "lapsed"
    assert ask(asker).is_open


def test_an_act_that_nobody_registered_is_not_proposed(thing: Thing, people: Any) -> None:
    with pytest.raises(BadInput):
        services.propose(act="test.other", subject_id=1, version=1, data={}, reason="试", actor=people[0])


def test_the_database_holds_two_persons_one_open_and_one_answer(thing: Thing, people: Any) -> None:
    asker, second, *_ = people
    proposal = ask(asker)

    def sql(statement: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    answer = "answered_at = asked_at, answer = 'accepted'"
    for statement in (
        f"UPDATE journal_proposal SET {answer}, answered_by = asked_by",
        f"UPDATE journal_proposal SET {answer}",
        f"UPDATE journal_proposal SET {answer}, answered_by = {second.pk}, version = '2'",
        "UPDATE journal_proposal SET reason = '改'",
        "DELETE FROM journal_proposal",
    ):
        with pytest.raises(IntegrityError):
            sql(statement)
    fields = {name: getattr(proposal, name) for name in ("act", "subject_kind", "subject_id", "version", "reason")}
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.create(**fields, asked_by=second.pk)
    sql(f"UPDATE journal_proposal SET {answer}, answered_by = {second.pk}")
    with pytest.raises(IntegrityError):
        sql(f"UPDATE journal_proposal SET {answer}, answered_by = 99")
