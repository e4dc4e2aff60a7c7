"""Lives: tables of the acts that move a thing from state to state, each written once. Pure: facts in, answers out.

A `Life` is a table of `Transition`s. Buttons, API, guard, journal and the table in the docs are made from it; the
service and the form of an act live in higher rooms and attach themselves by decorator (`Life.act`, `Life.form_of`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from core.registry import Named


class Facts(Protocol):
    """The least that a table must know of one thing and one actor."""

    @property
    def state(self) -> str: ...

    @property
    def roles(self) -> frozenset[str]: ...


F = TypeVar("F", bound=Facts)
C = TypeVar("C", bound=Callable[..., Any])
K = TypeVar("K", bound=type)


@dataclass(frozen=True, slots=True)
class Datum:
    """A thing that an act is given, by its name in the API: text, a list, or (`is_free`) whatever its service reads."""

    name: str
    is_required: bool = True
    is_list: bool = False
    is_free: bool = False


REASON = Datum("reason")


@dataclass(frozen=True)
class Transition(Generic[F]):
    """An act. `entry` is its name in the journal, `hint` the sentence under its button.

    An empty `target` leaves the state as it is. A requirement returns what is missing as a Chinese sentence, or "".
    Unless the row says otherwise, an act takes a reason and nothing else. `is_next`: it moves the thing on; the others
    are ways back and aside.
    """

    action: str
    label: str
    entry: str
    sources: Collection[str]
    target: str
    roles: frozenset[str]
    requires: tuple[Callable[[F], str], ...] = ()
    takes: tuple[Datum, ...] = (REASON,)
    hint: str = ""
    is_next: bool = False

    @property
    def fields(self) -> dict[str, bool]:
        """{name: required} of what it takes."""
        return {datum.name: datum.is_required for datum in self.takes}

    @property
    def lists(self) -> frozenset[str]:
        """The names of what it takes many of."""
        return frozenset(datum.name for datum in self.takes if datum.is_list)

    @property
    def free(self) -> frozenset[str]:
        """The names of what may be text, a number, a list or an object."""
        return frozenset(datum.name for datum in self.takes if datum.is_free)

    @property
    def needs_only_a_press(self) -> bool:
        """Whether it can be done without being given anything."""
        return not any(datum.is_required for datum in self.takes)

    def missing(self, facts: F) -> tuple[str, ...]:
        """The words of the requirements that are not met."""
        return tuple(sentence for requirement in self.requires if (sentence := requirement(facts)))


@dataclass(frozen=True)
class Available(Generic[F]):
    """An act that the actor's role allows from this state; `missing` says why it is blocked, if it is."""

    transition: Transition[F]
    missing: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        return not self.missing

    @property
    def label(self) -> str:
        return f"{self.transition.label}（还缺 {len(self.missing)} 项）" if self.missing else self.transition.label


class Why(Enum):
    """The kinds of "no" of a table."""

    NO_SUCH_ACTION = "no such action"
    NOT_THIS_ROLE = "not this role"
    NOT_FROM_THIS_STATE = "not from this state"
    NOT_THIS_PERSON = "another actor could meet the requirement"
    NOT_YET = "something is missing"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an act cannot be taken now: its kind, one sentence for people, and what is missing."""

    why: Why
    sentence: str
    missing: tuple[str, ...] = ()


class Life(Generic[F]):
    """The acts on one kind of thing, in their order.

    `name` is the thing's in the registries, `noun` on the screen; `common` are the parameters that every service has;
    `about_the_person` are requirements that another actor could meet: their refusal is "not you", not "not yet".
    """

    def __init__(
        self,
        name: str,
        transitions: Sequence[Transition[F]],
        *,
        noun: str,
        state_label: Callable[[str], str],
        common: frozenset[str],
        about_the_person: Sequence[Callable[[F], str]] = (),
    ) -> None:
        self.transitions = tuple(transitions)
        self.by_action = {transition.action: transition for transition in self.transitions}
        if len(self.by_action) < len(self.transitions):
            raise ValueError(f"{name}: an action stands twice in the table")
        self._noun, self._state_label, self._common = noun, state_label, common
        self._about_the_person = tuple(about_the_person)
        self.services: Named[Callable[..., Any]] = Named(
            f"services of a {name}", asked_by="pages, API and commands, through one door", what_for="what does an act"
        )
        self.forms: Named[type[Any]] = Named(
            f"forms of a {name}", asked_by="the page of an act", what_for="the form, where a reason is not all"
        )

    def act(self, *actions: str) -> Callable[[C], C]:
        """Decorate the service of an action; one of several is told which as `action`.

        Raises ValueError where its signature takes other things than the table says.
        """

        def attach(service: C) -> C:
            for action in actions:
                bound = service if len(actions) == 1 else partial(service, action=action)
                self._require_the_same(action, bound)
                self.services.add(action, bound)
            return service

        return attach

    def _require_the_same(self, action: str, service: Callable[..., Any]) -> None:
        parameters = inspect.signature(service).parameters.values()
        fields = {
            parameter.name: parameter.default is parameter.empty
            for parameter in parameters
            if parameter.name not in self._common | {"action"}
        }
        if fields != self.by_action[action].fields:
            raise ValueError(f"{action}: the service takes {fields}, the table says {self.by_action[action].fields}")

    def form_of(self, *actions: str) -> Callable[[K], K]:
        """Decorate the form of these actions. Raises KeyError for one that is not in the table."""

        def attach(form: K) -> K:
            for action in actions:
                self.forms.add(self.by_action[action].action, form)
            return form

        return attach

    def available_actions(self, facts: F) -> list[Available[F]]:
        """Every act that this actor may take now, in table order, blocked ones with what is missing."""
        return [
            Available(transition, transition.missing(facts))
            for transition in self.transitions
            if facts.state in transition.sources and facts.roles & transition.roles
        ]

    def personal_refusal(self, action: str, facts: F) -> str:
        """Why this very person may not have a part in `action`, whatever the state and the office; "" when he may."""
        sentences = (
            requirement(facts)
            for requirement in self.by_action[action].requires
            if requirement in self._about_the_person
        )
        return "；".join(sentence for sentence in sentences if sentence)

    def refusal(self, action: str, facts: F) -> Refusal | None:
        """Why `action` cannot be taken now; None when it can."""
        transition = self.by_action.get(action)
        if transition is None:
            return Refusal(Why.NO_SUCH_ACTION, f"没有“{action}”这个操作")
        if not facts.roles & transition.roles:
            return Refusal(Why.NOT_THIS_ROLE, f"“{transition.label}”不由您的岗位办理")
        if facts.state not in transition.sources:
            state = self._state_label(facts.state)
            return Refusal(Why.NOT_FROM_THIS_STATE, f"{self._noun}现在是“{state}”，不能{transition.label}")
        missing = transition.missing(facts)
        if not missing:
            return None
        about = [
            requirement
            for requirement in transition.requires
            if requirement in self._about_the_person and requirement(facts)
        ]
        return Refusal(Why.NOT_THIS_PERSON if about else Why.NOT_YET, "；".join(missing), missing)
