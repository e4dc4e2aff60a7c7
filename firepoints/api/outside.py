"""Rows that wait (findings from outside their finder's county, rows that came again), and the answer to each."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.http.schema import ONCE
from firepoints.api import shapes
from firepoints.life.waiting_rows import ANSWERS, waiting_for, waiting_row_answer
from firepoints.models import Question
from firepoints.steps import questions
from grids.api.me import actor_of
from grids.models import TokenScope
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
    """Rows that wait, the oldest first."""

    @extend_schema(
        operation_id="outside_findings_list", tags=TAGS, summary="等待归处的行",
        description="市局经办、认定人。外县（区）人员的发现和又来的一行，还没有处理的；处理以前不归入火点，也不自成一处。",
        responses=shapes.OutsideFinding(many=True),
    )  # fmt: skip
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response([_plain(row) for row in waiting_for(actor_of(request))])


class OutsideFinding(APIView):
    """The answer to one row."""

    token_scopes = {"POST": TokenScope.ACT}

    @extend_schema(
        operation_id="outside_finding_answer",
        tags=TAGS,
        summary="处理等待归处的一行",
        description=(
            "写明理由。外县（区）人员的发现（市局经办）：归入一处、自成一处或不采用。又来的一行：同一处、另是一处，"
            "只有线索才可不采用，已认定的由认定人答。已经答复的 409 answered_already。"
        ),
        parameters=[ONCE],
        request=OutsideAnswer,
        responses=shapes.OutsideFinding,
    )
    @once
    def post(self, request: Request, pk: int, *args: Any, **kwargs: Any) -> Response:
        serializer = OutsideAnswer(data=request.data)
        serializer.is_valid(raise_exception=True)
        row = waiting_row_answer(question_id=pk, actor=actor_of(request), **serializer.validated_data)
        return Response(_plain(row))


def _plain(row: Question) -> dict[str, Any]:
    run = row.detection.run.uuid if row.detection else None
    return {**questions.plain(row), "point": row.point_id, "sighting": row.detection_id, "run": run}
