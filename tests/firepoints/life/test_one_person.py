"""Maker is not checker, and both are persons: a second account of the same person checks nothing (policy.md §5, C9)."""

import pytest

from core.errors import NotAllowed
from firepoints import checks
from firepoints.models import FirePoint
from firepoints.steps.selectors import actions_for
from grids.models import User
from grids.people.identities import identity_set
from tests.factories import points as make
from tests.factories.city import CITY, WEST, City, designated, person

pytestmark = pytest.mark.embedded
NUMBER = "市局:0012"


def twin_of(city: City, user: User, kind: str = "recogniser") -> User:
    """Another account of the same person, of another name, with an office of its own."""
    twin = person(f"twin-of-{user.username}", kind, CITY)
    User.objects.filter(pk=user.pk).update(is_active=False)
    user.refresh_from_db()
    identity_set(user=user, identity=NUMBER, actor=city.system)
    identity_set(user=twin, identity=NUMBER, actor=city.system)
    return twin


def verified_by(city: City, officer: User) -> FirePoint:
    point = make.dispatched(city)
    return make.take(point, "report", officer, conclusion="true", evidence=make.uuids(make.photo(point, officer)))


@pytest.mark.parametrize("action", ["recognise", "exclude"])
def test_who_verified_decides_nothing_under_another_account(city: City, action: str) -> None:
    officer = designated("department2", WEST)
    point = verified_by(city, officer)
    twin = twin_of(city, officer)
    with pytest.raises(NotAllowed, match=r"核实人.*不能认定"):
        make.take(point, action, twin, reason="属实")
    missing = {row.transition.action: row.missing for row in actions_for(point, twin)}
    assert any("不能认定同一火点" in line for line in missing[action])
    assert make.take(point, action, city.recogniser, reason="属实").recognition


def test_a_second_account_of_the_same_name_and_number_is_the_same_person(city: City) -> None:
    officer = designated("department2", WEST)
    point = verified_by(city, officer)
    twin = person("twin", "recogniser", CITY, full_name="演示乙")
    User.objects.filter(pk__in=[officer.pk, twin.pk]).update(full_name="演示乙", phone="000-0000-0001")
    twin.refresh_from_db()
    with pytest.raises(NotAllowed, match=r"核实人.*不能认定"):
        make.take(point, "recognise", twin, reason="属实")


def test_who_decided_does_not_uphold_under_another_account(city: City) -> None:
    decider = person("decider", "recogniser", CITY)
    point = make.take(make.verified(city), "recognise", decider, reason="属实")
    point = make.take(make.take(point, "notify", city.clerk), "object", city.west, reason="不是秸秆")
    twin = twin_of(city, decider)
    with pytest.raises(NotAllowed):
        make.take(point, "uphold", twin, reason="维持")
    assert make.take(point, "uphold", city.recogniser, reason="维持").state == "final"


def test_a_decision_that_turns_out_to_be_the_verifiers_own_is_found_while_it_stands(city: City) -> None:
    officer = designated("department2", WEST)
    twin = person("twin", "recogniser", CITY)
    point = make.take(verified_by(city, officer), "recognise", twin, reason="属实")
    assert checks.problems() == []
    twin_of(city, officer)
    User.objects.filter(username="twin-of-department2").update(is_active=False)
    identity_set(user=twin, identity=NUMBER, actor=city.system)
    assert [line for line in checks.problems() if "同一个人" in line and str(point) in line]
    point = make.take(point, "reopen", city.recogniser, reason="核实人自己认定的")
    assert checks.problems() == []
