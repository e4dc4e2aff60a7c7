"""The ledger for programs: every entry with its digest, and one entry with all that it rests on (C12, C13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.http.lists import Listing
from core.http.schema import CSV_NOTE
from firepoints.terms.states import Basis
from grids.api.me import actor_of
from penalties.api.filters import EntryFilter
from penalties.explaining import reach
from penalties.explaining.account import Account, Movement, account_of
from penalties.ledger.digest import COLUMNS, entry_digest
from penalties.models import LedgerEntry
from penalties.money import yuan

Shape = serializers.Serializer[Any]
TAGS = ["batches"]


class EntryBrief(Shape):
    id = serializers.IntegerField()
    point = serializers.IntegerField()
    number = serializers.CharField(help_text="火点编号")
    seq = serializers.IntegerField(help_text="这一处的第几笔")
    movement = serializers.ChoiceField(choices=list(reach.KINDS.items()))
    amount_fen = serializers.IntegerField(help_text="分；退回为负")
    amount_yuan = serializers.CharField(help_text="元")
    balance_fen = serializers.IntegerField(help_text="这一笔以后这一处应扣，分")
    payer_code = serializers.CharField()
    payer_name = serializers.CharField()
    month = serializers.CharField(help_text="起火月 YYYY-MM（北京）")
    basis = serializers.ChoiceField(choices=Basis.choices)
    rule_ref = serializers.CharField()
    batch = serializers.IntegerField()
    batch_name = serializers.CharField()
    batch_state = serializers.CharField()
    reverses = serializers.IntegerField(allow_null=True, help_text="冲的是哪一笔")
    reason = serializers.CharField()
    at = serializers.DateTimeField()
    digest = serializers.CharField(help_text=f"sha256，按此次序的各列的规范 JSON：{'、'.join(COLUMNS)}")


class EntryVoucher(Shape):
    voucher_no = serializers.CharField()
    settled_on = serializers.DateField()
    amount_fen = serializers.IntegerField()


class EntryCell(Shape):
    title = serializers.CharField()
    lines = serializers.ListField(child=serializers.CharField())


class EntryRaw(Shape):
    source_name = serializers.CharField()
    filename = serializers.CharField()
    sha256 = serializers.CharField(help_text="文件的 sha256，全 64 位")
    run = serializers.UUIDField()
    row_no = serializers.IntegerField()
    raw = serializers.CharField(help_text="原始行，原样")
    file = serializers.CharField(help_text="下载文件的地址；空：没有文件")


class EntryRuling(Shape):
    key = serializers.CharField()
    since = serializers.CharField(help_text="空：没有登记过裁定，照默认")
    document_no = serializers.CharField()
    value = serializers.JSONField()


class EntryFull(EntryBrief):
    line_position = serializers.IntegerField(allow_null=True, help_text="批次汇总表第几行")
    line_fen = serializers.IntegerField(allow_null=True, help_text="那一行的金额，分")
    content_hash = serializers.CharField(help_text="批次冻结时的摘要")
    executed_fen = serializers.IntegerField(help_text="市财政已执行；一行结清以前为 0")
    reversed_by = serializers.IntegerField(allow_null=True, help_text="被哪一笔冲回")
    vouchers = EntryVoucher(many=True)
    chain = EntryCell(many=True, help_text="从金额走回原始行")
    raw_rows = EntryRaw(many=True)
    rulings = EntryRuling(many=True, help_text="认定时固定的裁定")
    rule_text = serializers.JSONField(help_text="规则全文")
    siblings = serializers.ListField(child=serializers.IntegerField(), help_text="这一处的每一笔")


class Entries(Listing[LedgerEntry]):
    """The entries that the user may open."""

    queryset = LedgerEntry.objects.none()
    serializer_class = EntryBrief
    filterset_class = EntryFilter
    csv_name = "entries"

    def get_queryset(self) -> QuerySet[LedgerEntry]:
        return reach.entries_open_to(actor_of(self.request)).select_related("point", "batch", "rule")

    @extend_schema(
        operation_id="entries_list",
        tags=TAGS,
        summary="分录",
        description=f"扣和退的每一笔，新的在前，只加不改。县（区）只看自己的、批次已冻结的。{CSV_NOTE}",
        responses={(200, "application/json"): EntryBrief(many=True), (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.listed(request)

    def present(self, rows: Sequence[LedgerEntry]) -> list[dict[str, Any]]:
        return [brief(row) for row in rows]


class EntryDetail(APIView):
    """One entry and what it rests on."""

    @extend_schema(
        operation_id="entry_read",
        tags=TAGS,
        summary="一笔分录",
        description="从金额走回规则、认定、核实、佐证、像元和原始行；各项摘要都是全 64 位。",
        responses={200: EntryFull},
    )
    def get(self, request: Request, entry_id: int, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = actor_of(request)
        entry = reach.entry_open_to(user, entry_id)
        account = account_of(user, entry.point_id)
        move = next(move for move in account.movements if move.entry.pk == entry.pk)
        return Response(full(account, move))


def brief(entry: LedgerEntry) -> dict[str, Any]:
    """One line of the list."""
    return {
        "id": entry.pk,
        "point": entry.point_id,
        "number": str(entry.point),
        "seq": entry.seq,
        "movement": "return" if entry.reverses_id else "charge",
        "amount_fen": entry.amount_fen,
        "amount_yuan": yuan(entry.amount_fen),
        "balance_fen": entry.balance_fen,
        "payer_code": entry.payer_code,
        "payer_name": entry.payer_name,
        "month": entry.month,
        "basis": entry.basis,
        "rule_ref": entry.rule_ref,
        "batch": entry.batch_id,
        "batch_name": str(entry.batch),
        "batch_state": entry.batch.state,
        "reverses": entry.reverses_id,
        "reason": entry.reason,
        "at": entry.at,
        "digest": entry_digest(entry),
    }


def full(account: Account, move: Movement) -> dict[str, Any]:
    """One entry with everything behind it."""
    entry, line = move.entry, move.line
    return {
        **brief(entry),
        "line_position": line.position if line else None,
        "line_fen": line.amount_fen if line else None,
        "content_hash": entry.batch.content_hash,
        "executed_fen": move.executed_fen,
        "reversed_by": move.undone_by.pk if move.undone_by else None,
        "vouchers": [
            {"voucher_no": row.voucher_no, "settled_on": row.settled_on, "amount_fen": row.amount_fen}
            for row in move.vouchers
        ],
        "chain": [{"title": cell.title, "lines": list(cell.lines)} for cell in move.chain],
        "raw_rows": [
            {
                "source_name": detection.source.name,
                "filename": detection.run.filename,
                "sha256": detection.run.sha256,
                "run": detection.run.uuid,
                "row_no": detection.row_no,
                "raw": row.raw if row else "",
                "file": reverse("penalties:account_file", args=[account.point.pk, detection.pk])
                if detection.run.stored_as
                else "",
            }
            for detection, row in account.raw
        ],
        "rulings": [
            {"key": key, "since": since, "document_no": document, "value": value}
            for key, since, document, value in account.pinned
        ],
        "rule_text": entry.rule.definition,
        "siblings": [other.entry.pk for other in account.movements],
    }
