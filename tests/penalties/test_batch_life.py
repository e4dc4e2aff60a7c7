"""The table of a batch's steps says who may take which step, and nothing else does."""

import pytest

from core.transitions import Why
from grids.roles import Role
from penalties.batches import steps
from penalties.batches.life import LIFE, Facts, available_actions, refusal
from penalties.models import BatchState


def facts(state: str, role: str = Role.BUREAU, **changes: object) -> Facts:
    return Facts(state=state, roles=frozenset({role}), actor_id=1, prepared_by_id=2, **changes)  # type: ignore[arg-type]


def test_every_step_has_a_service() -> None:
    assert {name for name, _ in steps.LIFE.services.items()} == set(LIFE.by_action)


def test_of_the_steps_onward_one_at_most_leads_from_each_state() -> None:
    onward = {
        state: [row.action for row in LIFE.transitions if row.is_next and state in row.sources] for state in BatchState
    }
    assert max(map(len, onward.values())) == 1
    assert onward[BatchState.SETTLED] == []


def test_a_county_may_take_no_step() -> None:
    assert [row for state in BatchState for row in available_actions(facts(state, Role.COUNTY))] == []


@pytest.mark.parametrize(
    ("prepared_by_id", "another_freezes", "is_open"), [(1, True, False), (1, False, True), (2, True, True)]
)
def test_the_ruling_says_whether_who_made_the_table_may_check_it(prepared_by_id, another_freezes, is_open) -> None:
    own = Facts("open", frozenset({Role.BUREAU}), 1, prepared_by_id, another_freezes)
    assert (refusal("freeze", own) is None) == is_open


def test_another_person_could_freeze_what_who_made_it_may_not() -> None:
    own = Facts("open", frozenset({Role.BUREAU}), 1, 1)
    no = refusal("freeze", own)
    assert no is not None
    assert no.why is Why.NOT_THIS_PERSON
