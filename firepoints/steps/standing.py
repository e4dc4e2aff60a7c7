"""The standing of a point in words, for questions that name it."""

from firepoints.models import FirePoint
from firepoints.terms.states import Conclusion, State


def is_untrue(point: FirePoint) -> bool:
    """Whether the standing report denies the fire."""
    return point.verification is not None and point.verification.conclusion == Conclusion.FALSE


def standing_words(point: FirePoint) -> str:
    """The standing of a point, in words that tell a person at once what a new sighting there means."""
    if point.counted is False:
        return "认定不计入"
    return f"{State(point.state).label}{'，报不属实' if is_untrue(point) else ''}"
