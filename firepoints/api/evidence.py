"""Evidence, one file at a time; the device's UUID makes sending again harmless (policy.md §5)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.http.bodies import takes
from core.http.schema import ONCE
from firepoints.api import present, shapes
from firepoints.api.common import POINT, named_point, safe_filename
from firepoints.evidence.pieces import evidence_store, lacking_of
from firepoints.models import Evidence
from grids.api.me import actor_of
from grids.models import TokenScope
from journal.once import once


@extend_schema_field(OpenApiTypes.DATETIME)
class DeviceTime(serializers.Field[datetime, str, str, Any]):
    """A moment with its offset: a device's clock without a zone says nothing."""

    def to_internal_value(self, data: str) -> datetime:
        try:
            read = datetime.fromisoformat(str(data)[:40])
            if read.tzinfo is not None and 1970 <= read.year < 9999:
                return read.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise serializers.ValidationError("时间应为 ISO 8601，带时区")


class EvidenceInput(shapes.Shape):
    """What a device sends along with one original."""

    uuid = serializers.UUIDField(help_text="设备发送前自己产生并存好的编号")
    file = serializers.FileField(help_text="原件，不超过 30 MB；照片至少 640 像素")
    kind = serializers.ChoiceField(choices=Evidence.Kind.choices, default=Evidence.Kind.PHOTO)
    lon = serializers.FloatField(min_value=-180, max_value=180, required=False, help_text="WGS-84")
    lat = serializers.FloatField(min_value=-90, max_value=90, required=False, help_text="WGS-84")
    accuracy_m = serializers.FloatField(min_value=0, max_value=1_000_000, required=False)
    no_position_reason = serializers.CharField(max_length=200, required=False, allow_blank=True)
    device_at = DeviceTime(required=False, help_text="设备时间")
    caption = serializers.CharField(max_length=100, required=False, allow_blank=True)


@takes("document")
class EvidenceOfPoint(APIView):
    """Evidence for one fire point, whatever became of that point since."""

    parser_classes = (MultiPartParser,)
    token_scopes = {"POST": TokenScope.REPORT}

    @extend_schema(
        operation_id="evidence_store",
        tags=["fire-points"],
        summary="上传一件佐证",
        description=(
            "可用任何发出过的火点 id 或编号：已并入的由并入后的火点收存。同一 UUID、同一内容再发一次："
            "200，回执相同；同一 UUID 换了内容：409 evidence_conflict。"
        ),
        parameters=[POINT, ONCE],
        request={"multipart/form-data": EvidenceInput},
        responses={
            201: OpenApiResponse(shapes.Upload, description="收存"),
            200: OpenApiResponse(shapes.Upload, description="早已收存，回执相同"),
        },
    )
    @once
    def post(self, request: Request, point: str, *args: Any, **kwargs: Any) -> Response:
        serializer = EvidenceInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        fields = dict(serializer.validated_data)
        file = fields.pop("file")
        is_known = Evidence.objects.filter(uuid=fields["uuid"]).exists()
        stored = evidence_store(
            point=named_point(point), actor=actor_of(request), file=file, filename=safe_filename(file), **fields
        )
        answer = present.receipt(stored) | {"lacking": lacking_of(stored.point)}
        return Response(answer, status.HTTP_200_OK if is_known else status.HTTP_201_CREATED)
