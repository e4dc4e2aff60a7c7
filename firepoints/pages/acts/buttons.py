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
    """One main button at most: the first open next step."""
    wanted = {transition.action for transition in TRANSITIONS if transition.is_next}
    wanted |= {"split"} if point.is_oversize else set()
    wanted |= {"review", "stand"} if is_asked else set()
    main = next((one.transition.action for one in actions if one.is_open and one.transition.action in wanted), "")
    told = Buttons()
    for one in actions:
        action = one.transition.action
        is_next = action in wanted
        if not is_next and not one.is_open:
            continue  # a way back that is closed is no news
        button = Button(
            action=action,
            label=one.transition.label,
            url=reverse("firepoints:act", args=[point.pk, action]),
            missing=one.missing,
            is_direct=one.transition.needs_only_a_press,
            is_main=action == main,
        )
        (told.large if is_next else told.small).append(button)
    return told
