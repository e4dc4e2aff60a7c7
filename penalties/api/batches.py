"""Batches for programs: the table of a month with every payer, zeros too, and its steps in their only order (C13)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.views import APIView

from core.errors import BadInput, StaleVersion
from core.http import etags
from core.http.bodies import takes
from core.http.lists import Listing
from core.http.rest import StrictJSONParser, is_storable
from core.http.schema import CSV_NOTE, IF_MATCH, IF_NONE_MATCH, ONCE
from core.validators import MONTH
from grids.api.me import actor_of
from grids.models import TokenScope, User
from journal.once import once
from papers import filing
from penalties import selectors
from penalties.batches import steps as batches
from penalties.batches.lines import Line, lines_for, sides_of
from penalties.documents.report import Sides
from penalties.models import Batch, BatchState, ReturnKind
from penalties.money import daxie, fen_from_yuan, yuan

Shape = serializers.Serializer[Any]
TAGS = ["batches"]
DATES = (
    *("frozen_at", "submitted_at", "submitted_on", "submit_doc_no", "approved_at", "approved_on", "approval_doc_no"),
    *("sent_at", "sent_on", "sent_doc_no", "settled_at"),
    *("return_kind", "returned_at", "returned_on", "return_reason", "return_doc_no"),
)


class BatchBrief(Shape):
    id = serializers.IntegerField()
    month = serializers.CharField(help_text="YYYY-MM，起火日期（北京）所在的月")
    first_month = serializers.CharField(help_text="YYYY-MM，跨月的批次自这个月起")
    last_month = serializers.CharField(help_text="YYYY-MM，同 month")
    seq = serializers.IntegerField(help_text="当月第几批")
    state = serializers.ChoiceField(choices=BatchState.choices)
    state_label = serializers.CharField()
    version = serializers.IntegerField(help_text="办理时带上")
    cut_off = serializers.DateTimeField()
    points = serializers.IntegerField(help_text="处；退回的减去")
    amount_fen = serializers.IntegerField(help_text="分")
    amount_yuan = serializers.CharField(help_text="元")
    settled_fen = serializers.IntegerField(help_text="已有凭证的金额，分")


class BatchLineShape(Shape):
    payer_code = serializers.CharField()
    payer_name = serializers.CharField()
    group = serializers.CharField()
    points = serializers.IntegerField()
    satellite = serializers.IntegerField()
    inspection = serializers.IntegerField()
    scar = serializers.IntegerField()
    amount_fen = serializers.IntegerField()
    amount_yuan = serializers.CharField()
    cumulative_points = serializers.IntegerField(help_text="当年累计")
    cumulative_fen = serializers.IntegerField()
    settled_fen = serializers.IntegerField()


class BatchFull(BatchBrief):
    charged_points = serializers.IntegerField(help_text="认定计入的，处")
    returned_points = serializers.IntegerField(help_text="退回的，处")
    due_fen = serializers.IntegerField(help_text="应扣，分")
    back_fen = serializers.IntegerField(help_text="应退，分")
    amount_daxie = serializers.CharField(help_text="人民币大写")
    content_hash = serializers.CharField(help_text="冻结时的明细摘要")
    frozen_at = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    submitted_on = serializers.DateField(allow_null=True)
    submit_doc_no = serializers.CharField(help_text="请示文号")
    approved_at = serializers.DateTimeField(allow_null=True)
    approved_on = serializers.DateField(allow_null=True)
    approval_doc_no = serializers.CharField(help_text="批件文号")
    sent_at = serializers.DateTimeField(allow_null=True)
    sent_on = serializers.DateField(allow_null=True)
    sent_doc_no = serializers.CharField(help_text="函文号")
    settled_at = serializers.DateTimeField(allow_null=True)
    return_kind = serializers.ChoiceField(
        choices=[("", "没有退回"), *ReturnKind.choices], help_text="清空、撤回或市政府退回"
    )
    returned_at = serializers.DateTimeField(allow_null=True)
    returned_on = serializers.DateField(allow_null=True)
    return_reason = serializers.CharField(help_text="清空、撤回、退回的理由")
    return_doc_no = serializers.CharField(help_text="退件文号")
    lines = BatchLineShape(many=True, help_text="每个扣缴单位一行，零也列出；县（区）只看自己的")
    steps = serializers.ListField(child=serializers.CharField(), help_text="您现在可以办的步骤")


class BuildInput(Shape):
    month = serializers.CharField(validators=[MONTH], help_text="YYYY-MM；连同以前没有入账的")
    first_month = serializers.CharField(
        validators=[MONTH], required=False, help_text="YYYY-MM；写了就只要自这个月到 month 起火的（跨月结算）"
    )


class StepInput(Shape):
    """One step of C13 and its papers, on the version of the batch that the person saw."""

    step = serializers.ChoiceField(choices=[(step, row.label) for step, row in batches.BY_STEP.items()])
    version = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, required=False, help_text="看到的版本；也可以用 If-Match 带上看到的 ETag"
    )
    doc_no = serializers.CharField(max_length=80, default="", allow_blank=True, help_text="文号；扣缴时是凭证号")
    date = serializers.DateField(required=False, help_text="YYYY-MM-DD（北京）")
    file = serializers.FileField(required=False, help_text="批件或退件的扫描件：PDF、JPG、PNG、TIFF")
    payer = serializers.CharField(max_length=20, default="", allow_blank=True, help_text="只扣缴这个单位")
    amount_yuan = serializers.CharField(max_length=30, required=False, help_text="只扣缴一部分，元")
    reason = serializers.CharField(max_length=500, default="", allow_blank=True, help_text="清空、撤回、退回的理由")


def brief(batch: Batch, totals: tuple[int, int, int]) -> dict[str, Any]:
    """One line of the list; `totals` of what the user may see."""
    count, amount_fen, settled_fen = totals
    return {
        "id": batch.pk,
        "month": batch.month,
        "first_month": batch.first_month,
        "last_month": batch.last_month,
        "seq": batch.seq,
        "state": batch.state,
        "state_label": batch.state_words,
        "version": batch.version,
        "cut_off": batch.cut_off,
        "points": count,
        "amount_fen": amount_fen,
        "amount_yuan": yuan(amount_fen),
        "settled_fen": settled_fen,
    }


def full(batch: Batch, user: User) -> dict[str, Any]:
    """One batch with the lines that `user` may see; its totals are theirs."""
    lines = lines_for(user, batch)
    amount_fen = sum(line.row.figures.amount_fen for line in lines)
    totals = (sum(line.row.figures.count for line in lines), amount_fen, sum(line.settled_fen for line in lines))
    payers = selectors.payers_open_to(user)
    return (
        brief(batch, totals)
        | sides_json(sides_of(batch, payers))
        | {
            "amount_daxie": daxie(amount_fen),
            "content_hash": batch.content_hash,
            **{name: getattr(batch, name) for name in DATES},
            "lines": [_line(line) for line in lines],
            "steps": batches.available_steps(batch, user),
        }
    )


def sides_json(sides: Sides) -> dict[str, int]:
    """What is charged and what goes back, apart."""
    return {
        "charged_points": sides.charged,
        "returned_points": sides.returned,
        "due_fen": sides.due_fen,
        "back_fen": sides.back_fen,
    }


def _line(line: Line) -> dict[str, Any]:
    row, figures = line.row, line.row.figures
    return {
        "payer_code": row.code,
        "payer_name": row.name,
        "group": row.group,
        "points": figures.count,
        "satellite": figures.satellite,
        "inspection": figures.inspection,
        "scar": figures.scar,
        "amount_fen": figures.amount_fen,
        "amount_yuan": yuan(figures.amount_fen),
        "cumulative_points": figures.cumulative_count,
        "cumulative_fen": figures.cumulative_fen,
        "settled_fen": line.settled_fen,
    }


class Batches(Listing[Batch]):
    """The list of batches, and the building of a month."""

    queryset = Batch.objects.none()
    serializer_class = BatchBrief
    csv_name = "batches"
    token_scopes = {"POST": TokenScope.MONEY}

    def get_queryset(self) -> QuerySet[Batch]:
        return selectors.batches_visible_to(actor_of(self.request))

    @extend_schema(
        operation_id="batches_list",
        tags=TAGS,
        summary="扣缴批次",
        description=f"新的在前。县（区）只看已冻结的、有自己的批次，金额是自己的。{CSV_NOTE}",
        responses={(200, "application/json"): BatchBrief(many=True), (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.listed(request)

    def present(self, rows: Sequence[Batch]) -> list[dict[str, Any]]:
        totals = selectors.totals_of(actor_of(self.request), rows)
        return [brief(batch, totals[batch.pk]) for batch in rows]

    @extend_schema(
        operation_id="batches_build",
        tags=TAGS,
        summary="编制某月的批次",
        description="市局经办。把该月及以前终局而未入账的火点记入编制中的批次；没有变化时再编一次什么也不变。",
        parameters=[ONCE],
        request=BuildInput,
        responses={
            201: OpenApiResponse(BatchFull, description="新的批次"),
            200: OpenApiResponse(BatchFull, description="已有的批次"),
        },
        examples=[OpenApiExample("2023 年 10 月", value={"month": "2023-10"}, request_only=True)],
    )
    @once
    def post(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        order = BuildInput(data=request.data)
        order.is_valid(raise_exception=True)
        last = Batch.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        batch = batches.batch_build(actor=actor_of(request), **order.validated_data)
        is_new = batch.pk > last
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return etags.answer(request, batch.version, full(batch, actor_of(request)), code)


class BatchDetail(APIView):
    """One batch."""

    @extend_schema(
        operation_id="batch_read",
        tags=TAGS,
        summary="一个批次",
        description="汇总表每个单位一行，零也列出；金额以分和元给出。",
        parameters=[IF_NONE_MATCH],
        responses={200: BatchFull, 304: OpenApiResponse(description="与 If-None-Match 的 ETag 相同")},
    )
    def get(self, request: Request, batch_id: int, *args: Any, **kwargs: Any) -> HttpResponseBase:
        batch = selectors.batch_visible_to(actor_of(request), batch_id)
        return etags.answer(request, batch.version, full(batch, actor_of(request)))


@takes("document")
class BatchSteps(APIView):
    """The steps of one batch."""

    parser_classes = (StrictJSONParser, MultiPartParser, FormParser)
    token_scopes = {"POST": TokenScope.MONEY}

    @extend_schema(
        operation_id="batch_step",
        tags=TAGS,
        summary="办理批次的一步",
        description=(
            "freeze 冻结 → submit 报送 → approve 登记批件（用 multipart，要有文号、日期和扫描件）→ send 送财政 → "
            "settle 登记凭证。往回：编制中 empty 清空、报送前 recall 撤回（要有 reason），报送后、送财政前 return 登记市政府退回"
            "（要有 date、reason，有退件的用 multipart 带 doc_no 和 file）。"
            "If-Match 与 version 至少带一样：都没有 428 version_required，If-Match 不符 412；"
            "次序不对：409 out_of_order；他人先办理过：409 stale_version。"
        ),
        parameters=[IF_MATCH, ONCE],
        request={"application/json": StepInput, "multipart/form-data": StepInput},
        responses=BatchFull,
        examples=[
            OpenApiExample("冻结", value={"step": "freeze", "version": 1}, request_only=True),
            OpenApiExample(
                "登记凭证",
                value={"step": "settle", "version": 5, "doc_no": "演示凭证 1", "date": "2023-12-01", "payer": "210590"},
                request_only=True,
            ),
        ],
    )
    @once
    def post(self, request: Request, batch_id: int, *args: Any, **kwargs: Any) -> HttpResponseBase:
        batch = selectors.batch_visible_to(actor_of(request), batch_id)
        body = StepInput(data=request.data)
        body.is_valid(raise_exception=True)
        form_data = body.validated_data
        version = etags.expected_version(
            request,
            body_version=form_data.get("version"),
            current=batch.version,
            representation=lambda: full(batch, actor_of(request)),
        )
        if version != batch.version:
            raise StaleVersion()
        with _scan_of(form_data.get("file")) as scan:
            data = {**form_data, **scan, "amount_fen": _fen_of(form_data.get("amount_yuan", ""))}
            batch = batches.take_step(form_data["step"], batch_id=batch.pk, actor=actor_of(request), data=data)
        return etags.answer(request, batch.version, full(batch, actor_of(request)))


@contextmanager
def _scan_of(upload: UploadedFile[bytes] | None) -> Iterator[dict[str, Any]]:
    """An uploaded scan as a path, gone afterwards, and its name; nothing where none came. Raises BadInput over 30 MB."""
    if upload is None:
        yield {}
        return
    if (upload.size or 0) > filing.MAX_SCAN_BYTES:
        raise BadInput("扫描件不能超过 30 MB", where="file")
    name = str(upload.name or "")
    with tempfile.NamedTemporaryFile(prefix="jinshao-scan-") as scan:
        for part in upload.chunks():
            scan.write(part)
        scan.flush()
        yield {"file": Path(scan.name), "filename": name if is_storable(name) else "扫描件"}


def _fen_of(yuan_text: str) -> int | None:
    try:
        return fen_from_yuan(yuan_text) if yuan_text else None
    except ValueError as error:
        raise BadInput(str(error), where="amount_yuan") from error
