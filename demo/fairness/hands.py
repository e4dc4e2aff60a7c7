"""The acts of a world's people by the real services, with what was refused counted: nobody here may do more than a screen lets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from core.errors import Refused
from demo.fairness.stage import Cast
from demo.services.verbs import Scene
from demo.story import Story
from firepoints.models import FirePoint


class Hands:
    """Everybody's hands: who plays whom, and what the product refused them."""

    def __init__(self, cast: Cast, counties: dict[str, str]) -> None:
        self.cast, self.counties = cast, counties
        self.refused: Counter[str] = Counter()
        self._step = 0

    def verb(self, verb: Any, point: FirePoint, county: str = "", note: str = "", **more: Any) -> bool:
        """Do a verb of the demonstration on a point as it is now, by whose turn it is; whether it could be done."""
        return self.do(verb.__name__, lambda: verb(self._scene(point, county, note), **more))

    def act(self, action: str, point: FirePoint, who: str = "clerk", **data: Any) -> bool:
        """Take an act by account; whether it could be done."""
        return self.do(action, lambda: self._scene(point).take(action, self.cast[who], **data))

    def _scene(self, point: FirePoint, county: str = "", note: str = "") -> Scene:
        self._step += 1
        current = FirePoint.objects.select_related("verification", "attribution").get(pk=point.pk)
        story = Story(f"W{point.pk}", county or current.county_code or next(iter(self.counties)), 0, (), (), note)
        return Scene(story, current, self.cast, self.counties, self._step)

    def do(self, name: str, deed: Callable[[], object]) -> bool:
        """Do a deed; whether the product let it be done. What it refused is counted under the name."""
        try:
            deed()
        except Refused as refused:
            self.refused[f"{name}: {refused.code}"] += 1
            return False
        return True
