"""Re-checks for programs: what was drawn, and what the bureau found."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.errors import NotAllowed
from core.http.schema import ONCE
from firepoints.api import shapes
from firepoints.models import FirePoint, Recheck, RecheckVisit
from firepoints.rechecks.visits import may_visit, recheck_visit
from grids.api.me import actor_of
from grids.models import TokenScope
from grids.roles import Role
from grids.selectors import roles_of
from journal.once import once

TAGS = ["fire-points"]
MOST_LISTED = 1000
SEE = frozenset({Role.BUREAU, Role.RECOGNISER, Role.AUDITOR})


class RecheckShape(shapes.Shape):
    id = serializers.IntegerField()
    point = serializers.IntegerField()
    county_code = serializers.CharField()
    conclusion = serializers.CharField(help_text="县（区）的结论")
    seed = serializers.CharField(help_text="抽取的种子；空：复查相反后全查")
    drawn_at = serializers.DateTimeField()
    finding = serializers.ChoiceField(choices=RecheckVisit.Finding.choices, allow_null=True, help_text="空：还没有去")
    is_contradiction = serializers.BooleanField(allow_null=True)
    visited_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField()


class VisitInput(shapes.Shape):
    finding = serializers.ChoiceField(choices=RecheckVisit.Finding.choices)
    note = serializers.CharField(max_length=500)
    evidence = serializers.ListField(child=serializers.UUIDField(), allow_empty=False)


class Rechecks(APIView):
    """The re-checks, those that wait first."""

    @extend_schema(
        operation_id="rechecks_list", tags=TAGS, summary="复查",
        description="市局、认定人、审计。随机抽到的县（区）核实，和市局再看的结果；还没有去的在前。",
        responses=RecheckShape(many=True),
    )  # fmt: skip
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if not (roles_of(request.user) & SEE or may_visit(request.user)):
            raise NotAllowed("抽到了哪些，只有市局能看")
        rows = Recheck.objects.filter(point__in=FirePoint.objects.visible_to(request.user))
        listed = rows.select_related("draw", "visit").order_by("-visit__at", "-pk")[:MOST_LISTED]
        return Response([_plain(row) for row in listed])


class RecheckDone(APIView):
    """The visit of one record that was drawn."""

    token_scopes = {"POST": TokenScope.ACT}

    @extend_schema(
        operation_id="recheck_visit", tags=TAGS, summary="登记复查",
        description="市局：看到的结果、情况和自己拍的照片（先按火点上传）。已登记的 409 visited_already。",
        parameters=[ONCE], request=VisitInput, responses=RecheckShape,
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int, *args: Any, **kwargs: Any) -> Response:
        serializer = VisitInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        visit = recheck_visit(recheck_id=pk, actor=actor_of(request), **serializer.validated_data)
        return Response(_plain(visit.recheck))


def _plain(row: Recheck) -> dict[str, Any]:
    visit = getattr(row, "visit", None)
    return {
        "id": row.pk,
        "point": row.point_id,
        "county_code": row.county_code,
        "conclusion": row.conclusion,
        "seed": row.draw.seed,
        "drawn_at": row.draw.drawn_at,
        "finding": visit.finding if visit else None,
        "is_contradiction": visit.is_contradiction if visit else None,
        "visited_at": visit.at if visit else None,
        "note": visit.note if visit else "",
    }
