"""现在能做: the acts that the transition table opens to this user now, as buttons; a blocked one says what is missing."""

from dataclasses import dataclass, field

from django.urls import reverse

from core.transitions import Available
from firepoints.models import FirePoint
from firepoints.steps.workflow import TRANSITIONS, Facts


@dataclass(frozen=True, slots=True)
class Button:
    """`is_direct`: needs nothing but the press, so the panel posts it; else it opens its form."""

    action: str
    label: str
    url: str
    missing: tuple[str, ...] = ()
    is_direct: bool = False
    is_main: bool = False


@dataclass(frozen=True, slots=True)
class Buttons:
    """The next steps as large buttons, the others as links, in the table's order."""

    large: list[Button] = field(default_factory=list)
    small: list[Button] = field(default_factory=list)


def buttons_of(point: FirePoint, actions: list[Available[Facts]], *, is_asked: bool) -> Buttons:
    """The buttons of a point: the first open next step is the main one, and there is one at most."""
    next_actions = {transition.action for transition in TRANSITIONS if transition.is_next}
    next_actions |= {"split"} if point.is_oversize else set()
    next_actions |= {"review", "stand"} if is_asked else set()
    main = next(
        (offer.transition.action for offer in actions if offer.is_open and offer.transition.action in next_actions), ""
    )
    buttons = Buttons()
    for offer in actions:
        action = offer.transition.action
        is_next = action in next_actions
        if not is_next and not offer.is_open:
            continue  # a way back that is closed is no news
        button = Button(
            action=action,
            label=offer.transition.label,
            url=reverse("firepoints:act", args=[point.pk, action]),
            missing=offer.missing,
            is_direct=offer.transition.needs_only_a_press,
            is_main=action == main,
        )
        (buttons.large if is_next else buttons.small).append(button)
    return buttons
