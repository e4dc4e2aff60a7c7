"""The check of an edition as an act: its report is kept, and an edition with errors rules only when somebody answers
for it."""

from __future__ import annotations

import time
from typing import Any, Final

from django.db import transaction

from core import clock
from core.errors import Conflict, Missing
from grids.editions.check import ERRORS, LACKS, Progress, datum_findings, edition_check, load_layer
from grids.models import Edition, EditionReport, User
from grids.roles import Level
from journal.record import digests
from journal.record.services import record

MOST_ROWS: Final = 1000
"""Of one kind of finding in a stored report; the counts are always whole."""


def edition_report(*, edition: Edition, actor: User | None, progress: Progress | None = None) -> EditionReport:
    """Check an edition and store the report. The check takes up to minutes and stands outside any transaction."""
    started = time.monotonic()
    result = edition_check(name=edition.name, progress=progress, with_shapes=True)
    return report_store(edition=edition, result=result, seconds=time.monotonic() - started, actor=actor)


@transaction.atomic
def report_store(*, edition: Edition, result: dict[str, Any], seconds: float, actor: User | None) -> EditionReport:
    """Keep the answer of `edition_check`, at most MOST_ROWS findings of a kind."""
    stored_result = dict(result)
    for kind in (*ERRORS, *LACKS):
        stored_result[kind] = stored_result[kind][:MOST_ROWS]
    stored_result["warnings"] = {kind: rows[:MOST_ROWS] for kind, rows in stored_result["warnings"].items()}
    report = EditionReport.objects.create(
        edition=edition,
        is_ok=stored_result["ok"],
        result=digests.plain(stored_result),
        seconds=round(seconds, 1),
        made_at=clock.now(),
    )
    after = {
        "ok": stored_result["ok"],
        "counts": stored_result["counts"],
        "warning_counts": stored_result["warning_counts"],
    }
    record("grid.checked", edition, actor, after=after)
    return report


def without_shapes(result: dict[str, Any]) -> dict[str, Any]:
    """The answer of `edition_check(with_shapes=True)` as it is without them."""

    def bare(rows: Any) -> Any:
        return [{key: value for key, value in row.items() if key != "shape"} for row in rows]

    plain = {kind: bare(rows) if kind in ERRORS or kind in LACKS else rows for kind, rows in result.items()}
    return plain | {"warnings": {kind: bare(rows) for kind, rows in result["warnings"].items()}}


def report_of(edition: Edition) -> EditionReport | None:
    """The latest report."""
    return edition.reports.order_by("-pk").first()


def errors_in_words(result: dict[str, Any]) -> list[str]:
    """The kinds of errors with their numbers, for a sentence. A datum that only a few counties make doubtful is told
    elsewhere and does not count."""
    words = []
    for kind, label in ERRORS.items():
        doubtful = sum(not row.get("certain", True) for row in result[kind])
        number = result["counts"].get(kind, 0) - doubtful
        words += [f"{label} {number} 处"] if number > 0 else []
    return words


def require_accepted(edition: Edition, *, is_accepted: bool, reason: str) -> list[str]:
    """The errors of the check of an edition that is to rule; raises Conflict("check_failed") unless they are accepted
    with a reason (Missing). An edition that was never checked is at least asked whether it is GCJ-02."""
    report = report_of(edition)
    if report is not None:
        findings = [] if report.is_ok else errors_in_words(report.result)
    else:
        doubts = datum_findings(load_layer(edition, Level.COUNTY), edition.datum)
        findings = [doubt["message"] for doubt in doubts if doubt["certain"]]
    if findings and not is_accepted:
        raise Conflict(
            f"“{edition.name}”的检查有问题：{'；'.join(findings)}。请改正后重新导入；确实要用，写明理由并接受（--accept-findings）。",
            code="check_failed",
            details={"findings": findings},
        )
    if findings and not reason.strip():
        raise Missing(["接受检查结果的理由"])
    return findings
