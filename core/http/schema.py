"""Additions to the OpenAPI schema: every operation may answer with a problem, in its one shape."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.mixins import ListModelMixin

from core.http.problems import MEDIA_TYPE

PROBLEM = {
    "type": "object",
    "description": "办理被拒绝或出错时的回答（RFC 9457）。程序按 code 判断，detail 给人看。",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "稳定的代码，例如 stale_version、missing、not_allowed"},
        "detail": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": True, "description": "按字段列出的问题"},
        "requirements": {"type": "array", "items": {"type": "string"}, "description": "还缺什么"},
        "where": {"type": "string", "description": "表、行、列或字段"},
    },
    "additionalProperties": True,
    "example": {
        "type": "urn:jinshao:problem:stale_version",
        "title": "与现有记录冲突",
        "status": 409,
        "code": "stale_version",
        "detail": "已有他人先行办理，请刷新后重试。",
    },
}
ONCE = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=(
        "自己产生的键（如 UUID，至多 80 个字符）。24 小时内同一键、同一请求再来：不再办理，回答与第一次相同，"
        "另有 Idempotency-Replayed: true；还在办理 409，换了内容 422。被拒绝的不占键。"
    ),
)
IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="看到的 ETag；不符则 412，什么也不办"
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="已有的 ETag；没有变化则 304"
)
CSV_NOTE = "`format=csv`（或 Accept: text/csv）给出从游标起的各行，至多一万行，其余见 Link 头。"


class Schema(AutoSchema):
    """A list stays a list, with its cursor and filters, when its first answer by name is GeoJSON."""

    def _is_list_view(self, serializer: Any = None) -> bool:
        if serializer is None and self.method == "GET" and isinstance(self.view, ListModelMixin):
            return True
        return bool(super()._is_list_view(serializer))


METHODS = ("get", "post", "put", "patch", "delete")


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A spectacular post-processing hook: `default` of every operation is a problem."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    answer = {
        "description": "被拒绝或出错",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for path in result["paths"].values():
        for method in METHODS:
            if method in path:
                path[method].setdefault("responses", {})["default"] = answer
    return result
