"""Findings from outside their finder's county: what waits, and the bureau's answer."""

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
from firepoints.forming.outside_findings import ANSWERERS, ANSWERS, outside_finding_answer, waiting
from firepoints.models import Question
from firepoints.steps import questions
from grids.api.me import actor_of
from grids.models import TokenScope
from grids.selectors import roles_of
from journal.once import once

TAGS = ["sightings"]


CHOICES = [(answer.value, answer.label) for answer in ANSWERS]


class OutsideAnswer(shapes.Shape):
    answer = serializers.ChoiceField(choices=CHOICES)
    reason = serializers.CharField(max_length=500)
    into = serializers.CharField(
        max_length=30, required=False, default="", allow_blank=True, help_text="归入哪一处；空：提出问题的那一处"
    )


class OutsideFindings(APIView):
    """Findings that wait, the oldest first."""

    @extend_schema(
        operation_id="outside_findings_list", tags=TAGS, summary="外县（区）人员的发现",
        description="市局经办。还没有处理的；处理以前不归入火点，也不自成一处。",
        responses=shapes.OutsideFinding(many=True),
    )  # fmt: skip
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if not roles_of(request.user) & ANSWERERS:
            raise NotAllowed("外县（区）人员的发现由市局经办处理")
        return Response([_plain(row) for row in waiting()])


class OutsideFinding(APIView):
    """The answer to one finding."""

    token_scopes = {"POST": TokenScope.ACT}

    @extend_schema(
        operation_id="outside_finding_answer",
        tags=TAGS,
        summary="处理外县（区）人员的发现",
        description="市局经办：归入一处、自成一处或不采用，写明理由。已经答复的 409 answered_already。",
        parameters=[ONCE],
        request=OutsideAnswer,
        responses=shapes.OutsideFinding,
    )
    @once
    def post(self, request: Request, pk: int, *args: Any, **kwargs: Any) -> Response:
        serializer = OutsideAnswer(data=request.data)
        serializer.is_valid(raise_exception=True)
        row = outside_finding_answer(question_id=pk, actor=actor_of(request), **serializer.validated_data)
        return Response(_plain(row))


def _plain(row: Question) -> dict[str, Any]:
    run = row.detection.run.uuid if row.detection else None
    return {**questions.plain(row), "point": row.point_id, "sighting": row.detection_id, "run": run}
