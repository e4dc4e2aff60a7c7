"""GeoJSON for the pages' maps, scoped and narrowed as the lists are."""

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from firepoints.forming.cuts import cuts_of, is_in_question
from firepoints.models import FirePoint
from firepoints.pages.access import point_or_404
from firepoints.pages.points import map_data, words
from firepoints.pages.points.evidence_cards import numbers_of
from firepoints.pages.points.filters import FilterForm
from firepoints.steps import selectors

MOST_MARKS = 5000


def _geojson(features: list[map_data.Feature]) -> JsonResponse:
    response = JsonResponse(map_data.collection(features), content_type="application/geo+json")
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
def points(request: HttpRequest) -> JsonResponse:
    """The marks of the points that the same query string lists, the newest MOST_MARKS."""
    form = FilterForm(request.GET)
    if not form.is_valid():
        return JsonResponse({"error": "bad_filter", "message": "筛选条件读不懂"}, status=400)
    matching = form.wanted().narrow(FirePoint.objects.visible_to(request.user))
    marks = matching.select_related("attribution").order_by("-starts_at", "-id")[:MOST_MARKS]
    return _geojson(
        list(
            map_data.point_features(
                marks,
                url_of=lambda point: reverse("firepoints:detail", args=[point.pk]),
                label_of=words.label_of,
            )
        )
    )


@require_safe
def point_map(request: HttpRequest, point_id: int) -> JsonResponse:
    """Pixels, borders, shares, cells and photos of one point, and proposed cuts where it is in question."""
    point = point_or_404(request, point_id)
    pieces = list(selectors.evidence_for(point, request.user))
    numbers = numbers_of(pieces)
    photos = [piece for piece in pieces if piece.pk in numbers]
    sightings = selectors.active_detections(point)
    parts = cuts_of(sightings) if is_in_question(point) else []
    return _geojson(map_data.detail_features(point, sightings, photos, numbers, parts if len(parts) > 1 else []))
