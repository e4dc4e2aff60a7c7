"""Fire points: the list, one point, and the acts on it through the one door of `services.act`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.http import etags
from core.http.exports import CSVRenderer
from core.http.lists import Listing
from core.http.schema import CSV_NOTE, IF_MATCH, IF_NONE_MATCH, ONCE
from firepoints.api import present, shapes
from firepoints.api.common import POINT, GeoJSONRenderer, named_point
from firepoints.api.filters import FirePointFilter
from firepoints.life.proposing import act_or_propose
from firepoints.models import FirePoint, JointAttendance, Verification
from firepoints.steps import describe, selectors
from firepoints.steps.workflow import TRANSITIONS
from grids.api.me import actor_of
from grids.models import TokenScope
from journal.once import once
from journal.proposals import describe as describe_proposals

TAGS = ["fire-points"]


class FirePoints(Listing[FirePoint]):
    """The fire points that the user may see."""

    queryset = FirePoint.objects.none()
    serializer_class = shapes.FirePointBrief
    renderer_classes = (JSONRenderer, GeoJSONRenderer, CSVRenderer)
    csv_name = "fire-points"
    filterset_class = FirePointFilter

    def get_queryset(self) -> QuerySet[FirePoint]:
        return FirePoint.objects.visible_to(self.request.user).select_related("attribution")

    @extend_schema(
        operation_id="fire_points_list",
        tags=TAGS,
        summary="火点列表",
        description=f"岗位范围内的火点，新的在前。`format=geojson` 给出同一页的 FeatureCollection。{CSV_NOTE}",
        responses={
            (200, "application/json"): shapes.FirePointBrief(many=True),
            (200, "application/geo+json"): OpenApiTypes.OBJECT,
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.listed(request)

    def present(self, rows: Sequence[FirePoint]) -> list[dict[str, Any]]:
        return describe.briefs(rows)


class FirePointDetail(APIView):
    """One fire point."""

    @extend_schema(
        operation_id="fire_point_read",
        tags=TAGS,
        summary="一处火点",
        description="监测记录、属地和当日责任人（电话遮掩）、佐证回执、核实、认定、经过，以及现在可办的事和还缺什么。",
        parameters=[POINT, IF_NONE_MATCH],
        responses={200: shapes.FirePointFull, 304: OpenApiResponse(description="与 If-None-Match 的 ETag 相同")},
    )
    def get(self, request: Request, point: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        fire_point = selectors.fire_point_for(request.user, named_point(point))
        return etags.answer(request, fire_point.version, present.detail(fire_point, request.user))


class NoticeInput(shapes.Shape):
    """A notice that was served on a party."""

    served_on = serializers.DateField(help_text="送达日期")
    addressee = serializers.CharField(max_length=80, help_text="受送达人")
    scan = serializers.UUIDField(help_text="通知或送达回证的扫描件的编号")


class AttendanceInput(shapes.Shape):
    """One party of the joint verification, checked for shape before its service sees it."""

    party = serializers.CharField(max_length=80)
    outcome = serializers.ChoiceField(choices=JointAttendance.Outcome.choices)
    county_code = serializers.CharField(max_length=20, required=False, allow_blank=True)
    signer = serializers.CharField(max_length=60, required=False, allow_blank=True)
    notices = NoticeInput(many=True, required=False, help_text="缺席要有：每次送达的通知")
    notices_sent = serializers.IntegerField(min_value=0, max_value=99, required=False, help_text="登记数，不能证明缺席")
    dissent = serializers.CharField(max_length=300, required=False, allow_blank=True)


class SiteInput(shapes.Shape):
    """One burnt site of a joint record; numbers or text, the service reads them."""

    lon = serializers.CharField(max_length=40, help_text="WGS-84；小数或度分秒")
    lat = serializers.CharField(max_length=40)
    county_code = serializers.CharField(max_length=20, required=False, allow_blank=True, help_text="空：位置所在的")
    burnt_mu = serializers.CharField(max_length=20, required=False, allow_blank=True, help_text="过火面积，亩")
    measured_by = serializers.ChoiceField(
        choices=Verification.MeasuredBy.choices, required=False, allow_blank=True, help_text="不写：目测估计"
    )
    detections = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)
    document = serializers.UUIDField(required=False, help_text="定为另一县（区）的文件，扫描件的编号")


class TransitionInput(shapes.Shape):
    """An act by name with its data, on the version of the point that the person saw."""

    action = serializers.ChoiceField(choices=[(one.action, one.label) for one in TRANSITIONS])
    data = serializers.DictField(required=False, help_text="这一步的内容，见火点的 actions[].fields")  # type: ignore[assignment]
    version = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, required=False, help_text="看到的版本；也可以用 If-Match 带上看到的 ETag"
    )

    def validate_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        fields = dict(data)
        if "attendances" in fields:
            parties = AttendanceInput(data=fields["attendances"], many=True)
            parties.is_valid(raise_exception=True)
            fields["attendances"] = [dict(party) for party in parties.validated_data]
        if isinstance(fields.get("sites"), list):
            sites = SiteInput(data=fields["sites"], many=True)
            sites.is_valid(raise_exception=True)
            fields["sites"] = [dict(site) for site in sites.validated_data]
        long = [name for name, value in fields.items() if isinstance(value, str) and len(value) > 2000]
        if long:
            raise serializers.ValidationError(f"{'、'.join(long)} 超过 2000 字")
        return fields


class Transitions(APIView):
    """The acts on one fire point."""

    token_scopes = {"POST": TokenScope.ACT}

    @extend_schema(
        operation_id="fire_point_act",
        tags=TAGS,
        summary="办理一步",
        description=(
            "按流程表办理。If-Match 与 version 至少带一样：都没有 428 version_required，If-Match 不符 412；"
            "他人先办理过：409 stale_version；不由您的岗位办理：403 not_allowed；"
            "状态不对：409 wrong_state；还缺材料：400 missing，requirements 列出还缺什么。"
            "要由两人办理的：202，还没有办理，`proposal` 是成立的提请，由另一人在 /api/proposals/ 答复。"
        ),
        parameters=[POINT, IF_MATCH, ONCE],
        request=TransitionInput,
        responses={200: shapes.FirePointFull, 202: shapes.Proposed},
        examples=[
            OpenApiExample("派发", value={"action": "dispatch", "version": 1}, request_only=True),
            OpenApiExample(
                "提交核实",
                value={
                    "action": "report",
                    "version": 2,
                    "data": {
                        "conclusion": "true",
                        "evidence": ["0b7c1a52-3a7e-4b39-9a53-52a6d1a7e0c1"],
                        "sites": 1,
                        "is_new": True,
                        "burnt_mu": 3.5,
                        "measured_by": "walked",
                        "crop": "玉米",
                        "fire_position": [123.7712, 41.2935],
                        "arrived_at": "2023-10-07T15:10:00+08:00",
                        "out_at": "2023-10-07T15:40:00+08:00",
                    },
                },
                request_only=True,
            ),
            OpenApiExample(
                "认定计入",
                value={"action": "recognise", "version": 3, "data": {"reason": "证据充分"}},
                request_only=True,
            ),
        ],
    )
    @once
    def post(self, request: Request, point: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Its visibility first: what may not be seen must not be told apart by how the data is wrong.
        fire_point = selectors.fire_point_for(request.user, named_point(point))
        serializer = TransitionInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        fields = serializer.validated_data
        version = etags.expected_version(
            request,
            body_version=fields.get("version"),
            current=fire_point.version,
            representation=lambda: present.detail(fire_point, request.user),
        )
        outcome = act_or_propose(
            point_id=fire_point.pk,
            action=fields["action"],
            actor=actor_of(request),
            data=fields.get("data"),
            expected_version=version,
        )
        if outcome.proposal is not None:
            return Response({"proposal": describe_proposals.plain([outcome.proposal], request.user)[0]}, status=202)
        return etags.answer(request, outcome.point.version, present.detail(outcome.point, request.user))
