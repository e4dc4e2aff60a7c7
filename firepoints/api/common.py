"""The parameter, the renderer and the checks of names that the views of this app share."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import JSONRenderer

from core.errors import NotThere
from core.http.rest import is_storable
from firepoints.api import present

POINT = OpenApiParameter("point", OpenApiTypes.STR, OpenApiParameter.PATH, description="火点 id 或编号")


class GeoJSONRenderer(JSONRenderer):
    """A page of a list as a FeatureCollection; the next page's address stays a member of it."""

    media_type = "application/geo+json"
    format = "geojson"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        if "results" in data:  # OPTIONS has none
            features = [present.feature(point) for point in data["results"]]
            data = {"type": "FeatureCollection", "features": features,
                    "next": data["next"], "previous": data["previous"]}  # fmt: skip
        rendered: bytes = super().render(data, accepted_media_type, renderer_context)
        return rendered


def named_point(id_or_number: str) -> str:
    """The id or number in an address. Raises NotThere for what no database could even be asked."""
    if not id_or_number.isprintable():
        raise NotThere("没有这个火点，或不在您的范围内")
    return id_or_number


def safe_filename(upload: Any) -> str:
    """The name of an upload as it can be stored; its folder was taken off by Django."""
    name = str(upload.name or "")
    return name if is_storable(name) else name.encode("ascii", "ignore").decode().replace("\x00", "")
