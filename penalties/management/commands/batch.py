"""`batch build|list|show` and each step of a batch, back and forth: a deduction batch from the command line (C13)."""

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from core.commands import JinshaoCommand, month
from core.errors import BadInput
from grids.models import User
from grids.selectors import system_user, user_named
from penalties import selectors
from penalties.batches import steps, table
from penalties.batches.lines import sides_of
from penalties.batches.vouchers import vouchers_load
from penalties.documents.report import PayerRow, total_of
from penalties.models import Batch
from penalties.money import daxie, fen_from_yuan, yuan


def batch_json(batch: Batch) -> dict[str, Any]:
    """One batch with its table; money in fen and, for people, in yuan."""
    rows = table.batch_rows(batch)
    total, sides = total_of(rows), sides_of(batch)
    return {
        "batch": batch.pk,
        "month": batch.month,
        "span": batch.span,
        "first_month": batch.first_month,
        "last_month": batch.last_month,
        "seq": batch.seq,
        "state": batch.state,
        "state_label": batch.state_words,
        "version": batch.version,
        "points": total.count,
        "amount_fen": total.amount_fen,
        "amount_yuan": yuan(total.amount_fen),
        "charged_points": sides.charged,
        "returned_points": sides.returned,
        "due_fen": sides.due_fen,
        "back_fen": sides.back_fen,
        "amount_daxie": daxie(total.amount_fen),
        "content_hash": batch.content_hash,
        "return_kind": batch.return_kind,
        "returned_on": batch.returned_on.isoformat() if batch.returned_on else None,
        "return_reason": batch.return_reason,
        "return_doc_no": batch.return_doc_no,
        "counties": [_county_json(row) for row in rows],
    }


def _county_json(row: PayerRow) -> dict[str, Any]:
    figures = row.figures
    return {
        "code": row.code,
        "name": row.name,
        "points": figures.count,
        "satellite": figures.satellite,
        "inspection": figures.inspection,
        "scar": figures.scar,
        "amount_fen": figures.amount_fen,
        "cumulative_points": figures.cumulative_count,
        "cumulative_fen": figures.cumulative_fen,
    }


def day(text: str) -> date:
    return date.fromisoformat(text)


def money(text: str) -> int:
    """Yuan as typed, in fen."""
    try:
        return fen_from_yuan(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _build(options: dict[str, Any], actor: User) -> Batch:
    first, last = options["first_month"] or "", options["last_month"]
    if bool(first) != bool(last):
        raise BadInput("--from 和 --to 要一起写", where="to")
    return steps.batch_build(month=last or options["month"], first_month=first, actor=actor)


def _load(workbook: Path, actor: User) -> dict[str, Any]:
    """Register finance's workbook; what became of its rows."""
    try:
        content = workbook.read_bytes()
    except OSError as error:
        raise BadInput(f"文件打不开：{workbook.name}（{error.strerror}）", where="file") from error
    reply, is_new = vouchers_load(content=content, filename=workbook.name, actor=actor)
    return {
        "reply": reply.pk,
        "is_new": is_new,
        "sha256": reply.sha256,
        **reply.counts,
        "rejected_rows": reply.rejected,
        "vouchers": [
            {
                "voucher_no": voucher.voucher_no,
                "payer": voucher.payer_code,
                "on": voucher.settled_on.isoformat(),
                "amount_fen": voucher.amount_fen,
                "parts": [[part.line.batch_id, part.amount_fen] for part in voucher.parts.all()],
            }
            for voucher in reply.vouchers.prefetch_related("parts__line").order_by("pk")
        ],
    }


class Command(JinshaoCommand):
    help = "扣缴批次：编制、冻结、报送、登记批件、送财政、登记凭证；清空、撤回、退回"

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        build = actions.add_parser("build", help="编制某月或几个月的批次")
        span = build.add_mutually_exclusive_group(required=True)
        span.add_argument("--month", type=month, help="YYYY-MM，连同以前没有入账的")
        span.add_argument("--from", dest="first_month", type=month, help="YYYY-MM，只要这几个月的；与 --to 一起")
        build.add_argument("--to", dest="last_month", type=month, help="YYYY-MM")
        build.add_argument("--as", dest="actor", help="以谁的身份；缺省为系统")
        actions.add_parser("list", help="全部批次")
        show = actions.add_parser("show", help="一个批次")
        show.add_argument("id", type=int)
        load = actions.add_parser("vouchers", help="登记财政回执：逐行对到已送财政的批次")
        load.add_argument("workbook", type=Path, help="财政自己的 Excel")
        load.add_argument("--as", dest="actor", required=True, help="以谁的身份登记")
        for step, transition in steps.BY_STEP.items():
            sub = actions.add_parser(step, help=transition.label)
            sub.add_argument("id", type=int)
            sub.add_argument("--as", dest="actor", required=True, help="以谁的身份办理")
            takes = transition.fields
            if "reason" in takes:
                sub.add_argument("--reason", required=True, help="理由")
            if takes.keys() & {"doc_no", "voucher_no"}:
                sub.add_argument("--doc-no", default="", help="文号或凭证号")
                sub.add_argument("--date", type=day, help="YYYY-MM-DD（北京）")
                sub.add_argument("--file", type=Path, help="扫描件")
            if step == "settle":
                sub.add_argument("--payer", default="", help="付款单位代码；缺省为全部待扣缴的行")
                sub.add_argument("--amount", type=money, help="元；缺省为该行余下的全部")

    def run(self, *, action: str, **options: Any) -> dict[str, Any]:
        if action == "list":
            return {"batches": [batch_json(batch) for batch in Batch.objects.all()]}
        if action == "show":
            return batch_json(selectors.batch_by_id(options["id"]))
        actor = user_named(options["actor"]) if options.get("actor") else system_user()
        if action == "vouchers":
            return _load(options["workbook"], actor)
        if action == "build":
            return batch_json(_build(options, actor))
        data = {"doc_no": "", **options, "amount_fen": options.get("amount")}
        return batch_json(steps.take_step(action, batch_id=options["id"], actor=actor, data=data))

    def show(self, result: dict[str, Any]) -> None:
        if "rejected_rows" in result:
            self._show_reply(result)
            return
        for batch in result.get("batches", [result]):
            self.stdout.write(f"#{batch['batch']} {batch['span']} 第{batch['seq']}批 {batch['state_label']}")
            if batch["return_reason"]:
                self.stdout.write(f"  {batch['returned_on']} {batch['return_doc_no']} {batch['return_reason']}")
            for row in batch["counties"]:
                self.stdout.write(f"  {row['name']}\t{row['points']} 处\t{yuan(row['amount_fen'])} 元")
            self.stdout.write(
                f"  合计\t{batch['points']} 处\t{batch['amount_yuan']} 元（人民币{batch['amount_daxie']}）"
            )

    def _show_reply(self, result: dict[str, Any]) -> None:
        if not result["is_new"]:
            self.stdout.write("这份回执登记过，没有重复登记")
        for voucher in result["vouchers"]:
            parts = "、".join(f"#{batch} {yuan(fen)}" for batch, fen in voucher["parts"])
            self.stdout.write(f"  {voucher['voucher_no']} {voucher['payer']} {yuan(voucher['amount_fen'])} 元：{parts}")
        self.stdout.write(f"  登记过 {result['known']} 行，退回 {result['rejected']} 行")
        for fault in result["rejected_rows"]:
            self.stdout.write(f"  {fault['sheet']} 第 {fault['row']} 行 {fault['column']}：{fault['reason']}")
