"""GeoJSON for the pages' maps, scoped and narrowed as the lists are."""

import hashlib
import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from firepoints.forming.cuts import cuts_of, is_in_question
from firepoints.pages.access import point_or_404
from firepoints.pages.points import map_data, tiles
from firepoints.pages.points.evidence_cards import numbers_of
from firepoints.pages.points.filters import FilterForm, Wanted
from firepoints.steps import selectors
from firepoints.terms.cells import Tile

MOST_MARKS = 5000
GEOJSON = "application/geo+json"


def _geojson(features: list[map_data.Feature]) -> JsonResponse:
    response = JsonResponse(map_data.collection(features), content_type=GEOJSON)
    response["Cache-Control"] = "private, no-store"
    return response


def _criteria(request: HttpRequest) -> Wanted | None:
    """What the query string asks for; None when it cannot be read."""
    form = FilterForm(request.GET)
    return form.wanted() if form.is_valid() else None


def _unreadable() -> JsonResponse:
    return JsonResponse({"error": "bad_filter", "message": "筛选条件读不懂"}, status=400)


def _tagged(request: HttpRequest, data: dict[str, Any], content_type: str) -> HttpResponse:
    """`data` with the tag of its content; to who has it already, 304 without it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    tag = f'"{hashlib.sha256(text).hexdigest()[:32]}"'
    response = get_conditional_response(request, etag=tag) or HttpResponse(text, content_type=content_type)
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Cookie"
    return response


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """How many points the query string lists, where they lie, and where their tiles are."""
    criteria = _criteria(request)
    if criteria is None:
        return _unreadable()
    address = reverse("firepoints:map_tile", args=[0, 0, 0]).replace("/0/0/0", "/{z}/{x}/{y}")
    query = criteria.query()
    data = tiles.summary(tiles.Sight(request.user, criteria))
    data |= {"tiles": f"{address}?{query}" if query else address, "deepest": tiles.DEEPEST}
    return _tagged(request, data, "application/json")


@require_safe
def tile(request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
    """The points or clusters of one tile of the quad-tree of degrees (`firepoints.terms.cells`)."""
    place, criteria = Tile(z, x, y), _criteria(request)
    if z > tiles.DEEPEST or not place.is_on_earth:
        raise Http404("没有这一块地图。")
    if criteria is None:
        return _unreadable()
    return _tagged(request, tiles.answer_of(tiles.Sight(request.user, criteria), place), GEOJSON)


@require_safe
def points(request: HttpRequest) -> JsonResponse:
    """The marks of the points that the same query string lists, the newest MOST_MARKS; `total` says of how many."""
    criteria = _criteria(request)
    if criteria is None:
        return _unreadable()
    sight = tiles.Sight(request.user, criteria)
    newest = sight.points.select_related("attribution").order_by("-starts_at", "-id")[:MOST_MARKS]
    features = [tiles.mark(point) for point in newest]
    total = len(features) if len(features) < MOST_MARKS else max(tiles.summary(sight)["total"], len(features))
    data = map_data.collection(features) | {"total": total, "truncated": total > len(features)}
    response = JsonResponse(data, content_type=GEOJSON)
    response["Cache-Control"] = "private, no-store"
    return response


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
