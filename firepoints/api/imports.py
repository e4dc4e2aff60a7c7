"""Files of sightings: in, looked at row by row, and taken back."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from core.errors import BadInput, NotAllowed
from core.http.bodies import takes
from core.http.exports import wants_csv
from core.http.lists import Listing
from core.http.rest import OldestFirst
from core.http.schema import CSV_NOTE, ONCE
from firepoints.api import present, shapes
from firepoints.api.common import safe_filename
from firepoints.api.filters import RowFilter
from firepoints.api.packed_csv import rows_csv
from firepoints.models import ImportRun, RawRow
from firepoints.sightings import packed
from firepoints.sightings.importing.answers import ANSWER_OPTIONS, SAID, questions_of
from firepoints.sightings.importing.order import ImportOrder
from firepoints.sightings.importing.proposing import withdraw_or_propose
from firepoints.sightings.importing.reading import DATUMS, ListName
from firepoints.sightings.importing.results import Import, result_of
from firepoints.sightings.importing.start import INLINE_WAIT_S, SMALL_BYTES, import_dry_run, import_file, import_start
from firepoints.sightings.importing.turns import Busy
from firepoints.terms import scope
from grids.api.me import actor_of
from grids.models import TokenScope
from grids.roles import Role
from grids.selectors import roles_of
from journal.once import once
from journal.proposals import describe as describe_proposals

TAGS = ["imports"]
MOST_BYTES = 200 * 1024 * 1024


class ImportInput(shapes.Shape):
    """A file and how it is to be read."""

    file = serializers.FileField(help_text="CSV、xlsx 或 JSON，按来源")
    source = serializers.SlugField(
        max_length=30, help_text="来源代码，例如 firms、national_list、provincial_list、patrol"
    )  # type: ignore[assignment]
    datum = serializers.ChoiceField(choices=[(name, name) for name in DATUMS], required=False, help_text="缺省按来源")
    issuer = serializers.CharField(max_length=80, required=False, default="", allow_blank=True, help_text="发布单位")
    period = serializers.CharField(max_length=40, required=False, default="", allow_blank=True, help_text="期次")
    list_no = serializers.CharField(max_length=80, required=False, default="", allow_blank=True, help_text="清单号")
    supersedes = serializers.UUIDField(required=False, help_text="替代哪一次导入（更正的清单）")
    hidden = serializers.ChoiceField(
        choices=tuple(SAID.items()), required=False, help_text="隐藏、划掉、作废的行：keep 读入，leave 不读、留作说明"
    )
    total_confirmed = serializers.BooleanField(default=False, help_text="表里写的数与读到的不同，已经核对")
    days_confirmed = serializers.BooleanField(default=False, help_text="各行的日期与表上写的不同，已经核对")
    dry_run = serializers.BooleanField(default=False, help_text="只看结果，不写入")


class WithdrawInput(shapes.Shape):
    reason = serializers.CharField(max_length=300, help_text="撤回的理由")


def run_for(user: Any, uuid: UUID) -> ImportRun:
    """The run, if `user` may see it. Raises Http404."""
    run = runs_of(user).filter(uuid=uuid).first()
    if run is None:
        raise Http404
    return run


def runs_of(user: Any) -> QuerySet[ImportRun]:
    return scope.visible_runs(ImportRun.objects.select_related("source", "supersedes"), user)


@takes("file")
class Imports(Listing[ImportRun]):
    """Imports out, a file in."""

    queryset = ImportRun.objects.none()
    serializer_class = shapes.ImportShape
    csv_name = "imports"
    parser_classes = (MultiPartParser,)
    token_scopes = {"POST": TokenScope.IMPORT}

    def get_queryset(self) -> QuerySet[ImportRun]:
        return runs_of(self.request.user)

    @extend_schema(
        operation_id="imports_list",
        tags=TAGS,
        summary="导入记录",
        description=f"市局、认定人和审计看全部，其他人看自己的，新的在前。{CSV_NOTE}",
        responses={
            (200, "application/json"): shapes.ImportShape(many=True),
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.listed(request)

    def present(self, rows: Sequence[ImportRun]) -> list[dict[str, Any]]:
        return [present.imported(run) for run in rows]

    @extend_schema(
        operation_id="imports_create",
        tags=TAGS,
        summary="导入文件",
        description="市局经办。每个数据行有且只有一个结果，五种结果之和等于行数；同一文件再导入一次不会多出记录。"
        "表里写的数与读到的不同、有隐藏的行等，先要回答（`needs_answer`，`questions` 列出各条），试算也列出。",
        parameters=[ONCE],
        request={"multipart/form-data": ImportInput},
        responses={
            201: OpenApiResponse(shapes.ImportSummary, description="已入库"),
            200: OpenApiResponse(shapes.ImportSummary, description="试算，没有写入"),
            202: OpenApiResponse(shapes.ImportSummary, description="已收下，由后台导入；到 run 的地址看进度和结果"),
        },
    )
    @once
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if not roles_of(request.user) & {Role.BUREAU, Role.SYSTEM}:
            raise NotAllowed("导入文件由市局经办")
        serializer = ImportInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        fields = serializer.validated_data
        done = _import(fields, request.user)
        if done.run is None:
            return Response(_dry_run_json(done, serializer.validated_data), status.HTTP_200_OK)
        return Response(done.as_json(), status.HTTP_201_CREATED if done.run.is_over else status.HTTP_202_ACCEPTED)


def _dry_run_json(done: Import, fields: dict[str, Any]) -> dict[str, Any]:
    """The counts, what must be answered before the file is written, and what else is to be seen."""
    questions = [question.as_json() for question in questions_of(done.doubts, fields)]
    return {**done.as_json(), "questions": questions, "remarks": list(done.remarks)}


def _import(fields: dict[str, Any], user: Any) -> Import:
    """Import the file: a small one at once, a large one, or one that would wait for another import, by the worker."""
    upload = fields["file"]
    if upload.size > MOST_BYTES:
        raise BadInput(f"文件超过 {MOST_BYTES // 1024 // 1024} MB", where="file", code="too_large")
    name = safe_filename(upload)
    with tempfile.TemporaryDirectory(prefix="jinshao-import-") as folder:
        # The reader looks at the ending only; the name itself is kept in the run.
        path = Path(folder) / f"upload{Path(name).suffix[:8]}"
        with path.open("wb") as file:
            for part in upload.chunks():
                file.write(part)
        named = uuid4()
        order = ImportOrder(
            path=path,
            source_code=fields["source"],
            actor=user,
            datum=fields.get("datum"),
            name=ListName(fields["issuer"], fields["period"], fields["list_no"]),
            supersedes=str(fields["supersedes"]) if fields.get("supersedes") else None,
            options={answer: fields[answer] for answer in ANSWER_OPTIONS if fields.get(answer)},
            filename=name,
            uuid=named,
        )
        if fields["dry_run"]:
            return import_dry_run(order)
        if upload.size > SMALL_BYTES:
            return result_of(import_start(order))
        try:
            return import_file(order, wait_s=INLINE_WAIT_S)
        except Busy:
            return result_of(ImportRun.objects.get(uuid=named))


class ImportDetail(APIView):
    """One import."""

    @extend_schema(
        operation_id="import_read", tags=TAGS, summary="一次导入", description="五种结果的行数和来历。",
        responses=shapes.ImportShape,
    )  # fmt: skip
    def get(self, request: Request, uuid: UUID, *args: Any, **kwargs: Any) -> Response:
        return Response(present.imported(run_for(request.user, uuid)))


class ImportRows(Listing[RawRow]):
    """The rows of one import, in the order of the file."""

    queryset = RawRow.objects.none()
    serializer_class = shapes.ImportRow
    pagination_class = OldestFirst
    filterset_class = RowFilter
    csv_name = "import-rows"

    def get_queryset(self) -> QuerySet[RawRow]:
        if getattr(self, "swagger_fake_view", False):
            return RawRow.objects.none()
        rows: QuerySet[RawRow] = self.run.raw_rows.all()
        return rows

    @cached_property
    def run(self) -> ImportRun:
        return run_for(self.request.user, self.kwargs["uuid"])

    @extend_schema(
        operation_id="import_rows",
        tags=TAGS,
        summary="一次导入的各行",
        description=f"每行原文、结果和原因。{CSV_NOTE}大文件的导入除外：不带 page_size 就是全部各行。",
        responses={
            (200, "application/json"): shapes.ImportRow(many=True),
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not packed.is_packed(self.run):
            return self.listed(request)
        self.filter_queryset(self.run.raw_rows.none())  # an unknown outcome is refused as ever
        if wants_csv(request):
            return rows_csv(request, self.run, name=self.csv_name)
        return self._packed_page(request, self.run)

    def _packed_page(self, request: Request, run: ImportRun) -> Response:
        """A page of the rows from chunks, which have no key of their own: the cursor is the row's number."""
        cursor, size = request.query_params.get("cursor", ""), OldestFirst().get_page_size(request) or 100
        back, key = cursor.startswith("-"), cursor.lstrip("-")
        where = {"before" if back else "after": key} if key else {}
        page = packed.rows_page(run, outcome=request.query_params.get("outcome", ""), size=size, **where)
        here = request.build_absolute_uri()
        return Response(
            {
                "next": replace_query_param(here, "cursor", page.after) if page.after else None,
                "previous": replace_query_param(here, "cursor", f"-{page.before}") if page.before else None,
                "results": self.present(page.rows),
            }
        )

    def present(self, rows: Sequence[RawRow]) -> list[dict[str, Any]]:
        return [present.row(row) for row in rows]


class ImportWithdraw(APIView):
    """Taking one import back."""

    token_scopes = {"POST": TokenScope.IMPORT}

    @extend_schema(
        operation_id="import_withdraw",
        tags=TAGS,
        summary="撤回一次导入",
        description="市局经办，要写明理由。没有人办理过的火点随之关闭，办理过的留给人处理；正确的文件可以再导入。"
        "官方清单、巡查督查或有人办理过的，要由两人办理：202，还没有撤回，`proposal` 由另一人答复。",
        parameters=[ONCE],
        request=WithdrawInput,
        responses={200: shapes.ImportShape, 202: shapes.Proposed},
    )
    @once
    def post(self, request: Request, uuid: UUID, *args: Any, **kwargs: Any) -> Response:
        run_for(request.user, uuid)
        serializer = WithdrawInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        outcome = withdraw_or_propose(
            run=str(uuid), actor=actor_of(request), reason=serializer.validated_data["reason"]
        )
        if outcome.proposal is not None:
            return Response({"proposal": describe_proposals.plain([outcome.proposal], request.user)[0]}, status=202)
        return Response(present.imported(run_for(request.user, uuid)))
