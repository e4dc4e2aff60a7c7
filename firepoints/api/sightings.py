"""Sightings: those gathered in points that the user may see, and findings reported one by one or as a queue.

Who called in a 举报 goes in and never comes out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework import serializers, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import BadInput, Conflict, Refused
from core.http import problems
from core.http.exports import CSVRenderer
from core.http.lists import Listing
from core.http.schema import CSV_NOTE, ONCE
from firepoints.api import present, shapes
from firepoints.api.common import GeoJSONRenderer
from firepoints.findings.intake import OPEN_TO, finding_record
from firepoints.models import Detection, FirePoint, HotlineReport, Membership, RawRow
from firepoints.sightings.importing.reading import DATUMS
from firepoints.steps import describe
from grids.models import TokenScope
from journal.once import once

MOST_FINDINGS = 100
MOST_FIELDS = 40
MOST_CHARACTERS = 2000
EXAMPLE = {
    "uuid": "3f0d2c1e-5a0c-4f0e-8f0a-6c1d4f8e5b57",
    "found_at": "2023-10-07T13:30:00+08:00",
    "lon": 123.75,
    "lat": 41.25,
    "kind": "fire",
    "finder": "演示甲",
    "note": "田埂边，正在燃烧",
}


class FindingInput(shapes.Shape):
    """A finding as the schema shows it. Its content is checked by the reader of patrol files, so that the API, the page
    and a file refuse the same things with the same words."""

    uuid = serializers.CharField(required=False, help_text="设备自己产生的 UUID；再报一次不重复")
    found_at = serializers.CharField(help_text="发现时间 ISO 8601；没有时区按北京时间")
    lon = serializers.FloatField(help_text="经度，按 datum")
    lat = serializers.FloatField(help_text="纬度，按 datum")
    kind = serializers.CharField(help_text="fire 明火 / scar 黑斑")
    authority = serializers.CharField(required=False, help_text="国家、省、市、县、乡、村")
    category = serializers.CharField(
        required=False, help_text="督查、巡查、执法检查、自查；只会比 source 更低，不会更高"
    )
    date_proof = serializers.CharField(required=False, help_text="黑斑：凭什么认定焚烧日期；举报以外的黑斑必填")
    belongs_to = serializers.CharField(required=False, help_text="黑斑：属于哪一处火点（编号），由市局经办填")
    informant_name = serializers.CharField(required=False, help_text="举报人，只随举报；另存，任何接口不给出")
    informant_phone = serializers.CharField(required=False, help_text="举报人电话，同上")
    finder = serializers.CharField(required=False, help_text="发现人")
    accuracy_m = serializers.FloatField(required=False)
    county = serializers.CharField(required=False, help_text="上报时写的县（区）")
    note = serializers.CharField(required=False)
    source = serializers.ChoiceField(choices=[(code, code) for code in OPEN_TO], default="patrol")  # type: ignore[assignment]
    datum = serializers.ChoiceField(choices=[(name, name) for name in DATUMS], default="wgs84")


class FindingsInput(shapes.Shape):
    findings = FindingInput(many=True, help_text=f"一次最多 {MOST_FINDINGS} 件，逐件收存")


class _KnownAlready(Exception):
    """Rolls back a repeated report: it must leave nothing behind."""


class Sightings(Listing[Detection]):
    """Sightings out, findings in."""

    queryset = Detection.objects.none()
    serializer_class = shapes.Sighting
    renderer_classes = (JSONRenderer, GeoJSONRenderer, CSVRenderer)
    csv_name = "sightings"
    token_scopes = {"POST": TokenScope.REPORT}

    def get_queryset(self) -> QuerySet[Detection]:
        mine = Membership.objects.filter(is_active=True, point__in=FirePoint.objects.visible_to(self.request.user))
        detections = Detection.objects.filter(pk__in=mine.values("detection")).select_related("source", "run")
        return detections.prefetch_related(Prefetch("memberships", Membership.objects.filter(is_active=True)))

    @extend_schema(
        operation_id="sightings_list",
        tags=["sightings"],
        summary="监测记录",
        description=f"岗位范围内的火点所含的监测记录，新的在前。`format=geojson` 给出同一页的 FeatureCollection。{CSV_NOTE}",
        responses={
            (200, "application/json"): shapes.Sighting(many=True),
            (200, "application/geo+json"): OpenApiTypes.OBJECT,
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.listed(request)

    def present(self, rows: Sequence[Detection]) -> list[dict[str, Any]]:
        return [present.sighting(detection) for detection in rows]

    @extend_schema(
        operation_id="sightings_report",
        tags=["sightings"],
        summary="上报发现",
        description=(
            "一件，或 findings 里多件。一件：201 新收，200 早已收过（回执相同），同一 UUID 换了内容 409。"
            "多件：总是 200，results 逐件给出状态和回执，或没有收的原因。"
        ),
        parameters=[ONCE],
        request=PolymorphicProxySerializer(
            component_name="FindingOrFindings", serializers=[FindingInput, FindingsInput], resource_type_field_name=None
        ),
        responses={
            201: OpenApiResponse(shapes.SightingAnswer, description="新收一件"),
            200: OpenApiResponse(
                PolymorphicProxySerializer(
                    component_name="SightingAnswers",
                    serializers=[shapes.SightingAnswer, shapes.SightingResults],
                    resource_type_field_name=None,
                ),
                description="早已收过；或多件的逐件结果",
            ),
        },
        examples=[
            OpenApiExample("一件", value=EXAMPLE, request_only=True),
            OpenApiExample("多件", value={"findings": [EXAMPLE]}, request_only=True),
        ],
    )
    @once
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        body = request.data
        if isinstance(body, Mapping) and "findings" in body:
            return Response({"results": self._many(body)})
        answer, is_new = record_one(body, request.user)
        return Response(answer, status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)

    def _many(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        findings = body["findings"]
        if not isinstance(findings, list) or len(findings) > MOST_FINDINGS:
            raise BadInput(f"应为列表，最多 {MOST_FINDINGS} 件", where="findings")
        results = []
        for index, finding in enumerate(findings):
            try:
                answer, is_new = record_one(finding, self.request.user)
            except Refused as refused:
                problem = problems.problem_of(refused) or {}
                results.append({"index": index, "status": refused.http_status, "problem": problem})
            else:
                results.append({"index": index, "status": 201 if is_new else 200, **answer})
        return results


def record_one(finding: Any, user: Any) -> tuple[dict[str, Any], bool]:
    """Report one finding: (receipt with the point it belongs to now, whether it is new). A repeat leaves nothing behind.

    Raises BadInput, NotAllowed, Conflict when the same UUID comes with another content.
    """
    data, source, datum = _checked(finding)
    answer: dict[str, Any] = {}
    try:
        with transaction.atomic():
            done, _ = finding_record(
                data=data, actor=user, source_code=source, datum=datum, belongs_to=str(data.pop("belongs_to", "") or "")
            )
            row = done.run.raw_rows.select_related("detection__run", "detection__source").get() if done.run else None
            if row is None or row.detection is None or done.run is None:
                raise BadInput("这一件没有收存", where="findings")
            first = row.detection
            is_new = first.run_id == done.run.pk
            if not is_new:
                _require_same(row, first)
            answer["receipt"] = _receipt(first)
            if not is_new:
                raise _KnownAlready
    except _KnownAlready:
        pass
    answer["point"] = _point_of(first, user)
    return answer, is_new


def _checked(finding: Any) -> tuple[dict[str, Any], str, str]:
    """A finding without its source and datum, small enough to keep whole. Raises BadInput."""
    if not isinstance(finding, Mapping):
        raise BadInput("一件发现应为 JSON 对象", where="findings")
    data = dict(finding)
    source, datum = str(data.pop("source", "patrol")), str(data.pop("datum", "wgs84"))
    if datum not in DATUMS:
        raise BadInput(f"坐标系只能是 {'、'.join(DATUMS)}", where="datum")
    if len(data) > MOST_FIELDS:
        raise BadInput(f"字段超过 {MOST_FIELDS} 个", where="findings")
    for name, value in data.items():
        if isinstance(value, dict | list) or len(str(value)) > MOST_CHARACTERS:
            raise BadInput(f"应为文字或数字，不超过 {MOST_CHARACTERS} 字", where=name[:40])
    return data, source, datum


def _require_same(row: RawRow, first: Detection) -> None:
    """Raise Conflict unless the same UUID brings the same content, as with evidence."""
    stored_row = first.raw_rows.filter(run=first.run_id, row_no=first.row_no).first()
    if stored_row is not None and json.loads(stored_row.raw) != json.loads(row.raw):
        raise Conflict("这个编号已经收存了另一件发现", code="sighting_conflict", details={"sighting": first.pk})


def _receipt(first: Detection) -> dict[str, Any]:
    _, _, own = first.key.partition("|")
    report = HotlineReport.objects.filter(detection=first).first()
    return {
        "uuid": own if len(own) == 36 else "",
        "sighting": first.pk,
        "run": str(first.run.uuid),
        "source": first.source.code,
        "outcome": "outside" if first.is_outside else "kept",
        "received_at": first.run.started_at,
        "report_no": report.number if report else "",
    }


def _point_of(first: Detection, user: Any) -> dict[str, Any] | None:
    points = FirePoint.objects.visible_to(user).filter(memberships__detection=first, memberships__is_active=True)
    point = points.select_related("attribution").first()
    return describe.brief(point) if point else None
