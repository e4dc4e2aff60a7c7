"""Proposed parts of a point, for the page of 划分 and the map. Reads only; a person decides."""

from collections.abc import Sequence

from firepoints.forming.doubts import pass_of
from firepoints.forming.scene import SEEN, columns_of, params_of
from firepoints.grouping.cuts import Part, proposed_parts
from firepoints.models import Detection, FirePoint, Question
from firepoints.steps.asking import BY_DIVISION


def is_in_question(point: FirePoint) -> bool:
    """Whether it is an open question that it is one site."""
    several = Question.objects.unanswered().filter(point=point, kind__in=BY_DIVISION)
    return point.is_oversize or several.exists()


def cuts_of(sightings: Sequence[Detection]) -> list[Part]:
    """Proposed parts of one point's sightings (with their source), the earliest first; one part where nothing speaks for
    a cut."""
    rows = list(Detection.objects.filter(pk__in=[sighting.pk for sighting in sightings]).values_list(*SEEN))
    if len(rows) < 2:
        return []
    passes = {
        sighting.pk: " ".join(str(part) for part in of)
        for sighting in sightings
        if (of := pass_of(sighting)) is not None
    }
    return proposed_parts(columns_of(rows), passes, params_of(rows))


def cut_words(parts: Sequence[Part]) -> list[str]:
    """A line for each proposed part; nothing where it is one site."""
    if len(parts) < 2:
        return []
    return [
        f"第 {n} 处：{len(part.ids)} 条{f'（{part.reason}）' if part.reason else ''}" for n, part in enumerate(parts, 1)
    ]
