"""`firms poll`: ask the FIRMS area API now; `firms state`: how it went the last times (policy.md §3)."""

from typing import Any

from django.core.management.base import CommandParser

from core.commands import JinshaoCommand
from firepoints.models import Feed
from firepoints.sightings.feeds.polling import firms_poll, products_polled

MARKS = {"ok": "收下", "same": "相同", "none": "无火点", "waiting": "等待", "failed": "失败", "absent": "没有"}


class Command(JinshaoCommand):
    help = "从 FIRMS 取监测记录：firms poll [--days N] [--dry-run]；firms state 看最近的情况"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=("poll", "state"))
        parser.add_argument("--days", type=int, default=2, help="近实时数据取几天（世界时，含今天），1–30")
        parser.add_argument("--dry-run", action="store_true", help="取来试算，不写入")

    def run(self, *, what: str, days: int, dry_run: bool, **options: Any) -> dict[str, Any]:
        if what == "poll":
            return firms_poll(days=days, dry_run=dry_run, is_forced=True)
        return {"products": [_as_json(feed) for feed in Feed.objects.filter(name__in=products_polled())]}

    def show(self, result: dict[str, Any]) -> None:
        if "said" in result:
            self.stdout.write(result["said"])
        for product in result["products"]:
            mark = MARKS.get(product.get("state", ""), "")
            self.stdout.write(f"  {product['product']}\t{mark}\t{product.get('said') or product.get('error', '')}")


def _as_json(feed: Feed) -> dict[str, Any]:
    return {
        "product": feed.name,
        "tried_at": feed.tried_at.isoformat() if feed.tried_at else None,
        "succeeded_at": feed.succeeded_at.isoformat() if feed.succeeded_at else None,
        "not_before": feed.not_before.isoformat() if feed.not_before else None,
        "failures": feed.failures,
        "error": feed.error,
        "said": feed.said,
    }
