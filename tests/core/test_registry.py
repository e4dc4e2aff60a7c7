"""A registry takes what the apps above answer, once, and says who answered; a test may put others in its place."""

from typing import Any

import pytest

from core import registry
from core.registry import DoubleAnswer, Listeners, Named, NoAnswer, Slot


@pytest.fixture(autouse=True)
def _registries_of_the_test_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registries", {})


def slot(**options: object) -> Slot[object]:
    return Slot("price", asked_by="认定", what_for="how much", **options)


def names(**options: object) -> Named[int]:
    return Named("acts", asked_by="the journal", what_for="what may stand in it", **options)


def listeners() -> Listeners[str]:
    return Listeners("changes", asked_by="an activation", what_for="what it changes")


def test_an_empty_slot_says_who_asked_in_vain_unless_it_has_a_default() -> None:
    with pytest.raises(NoAnswer, match="price: no app has answered 认定"):
        slot().get()
    registry._registries.clear()
    assert slot(default=None).get() is None


def test_a_slot_is_set_once_and_the_same_answer_again_changes_nothing() -> None:
    price = slot()
    assert price.set("three") == "three"
    price.set("three")
    with pytest.raises(DoubleAnswer):
        price.set("four")
    assert price.get() == "three"


def test_listeners_answer_in_their_order_and_each_once() -> None:
    changes = listeners()
    for listener in ("b", "a", "b"):
        changes.add(listener)
    assert list(changes) == ["b", "a"]


def test_a_name_has_one_answer_and_an_unknown_one_raises_the_error_of_the_house() -> None:
    acts = names(unknown=KeyError)
    acts.add("b", 2)
    acts.add("a", 1)
    acts.add("a", 1)
    with pytest.raises(DoubleAnswer, match="acts: a is taken by 1"):
        acts.add("a", 2)
    assert (acts["a"], acts.get("a"), acts.get("c"), "c" in acts) == (1, 1, None, False)
    assert (list(acts), acts.items(), len(acts)) == (["a", "b"], [("a", 1), ("b", 2)], 2)
    with pytest.raises(KeyError):
        _ = acts["c"]
    registry._registries.clear()
    with pytest.raises(NoAnswer, match="'c'"):
        _ = names()["c"]


def test_a_test_puts_its_own_answers_in_place_and_the_others_come_back_even_after_a_failure() -> None:
    price, changes, acts = slot(default="default"), listeners(), names()
    price.set("three")
    changes.add("a")
    acts.add("a", 1)
    with price.overridden(), changes.overridden("x", "y"), acts.overridden({"n": 9}):
        assert (price.get(), list(changes), acts.items()) == ("default", ["x", "y"], [("n", 9)])
        acts.add("m", 8)
        changes.add("z")
        assert (list(changes), len(acts)) == (["x", "y", "z"], 2)
    with pytest.raises(NoAnswer), acts.overridden():
        _ = acts["a"]
    assert (price.get(), list(changes), acts.items()) == ("three", ["a"], [("a", 1)])
    with price.overridden("four"):
        assert price.get() == "four"


def test_every_registry_is_listed_and_no_two_share_a_name() -> None:
    price, acts = slot(), names()
    assert registry.registries() == [acts, price]
    with pytest.raises(DoubleAnswer, match="two registries are called acts"):
        names()


def test_a_registry_remembers_where_it_was_made_and_which_app_answered() -> None:
    scope: dict[str, Any] = {"__name__": "firepoints.pins", "slot": slot}
    exec("price = slot()", scope)
    exec("def ready():\n    price.set(3)\nready()", {"__name__": "penalties.apps", "price": scope["price"]})
    assert (scope["price"].module, scope["price"].answered_by) == ("firepoints.pins", ["penalties"])
