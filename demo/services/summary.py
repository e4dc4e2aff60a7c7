"""Counts and table of what the demonstration holds, read from the records: the same after the first load and after any later one."""

from __future__ import annotations

from collections import Counter
from typing import Any

from demo.services.batch import batch_of_month
from firepoints.models import FirePoint, ImportRun
from firepoints.terms.states import State
from grids.models import Edition, Term, User
from journal.record import verify
from penalties.batches.table import batch_rows
from penalties.documents.report import total_of
from penalties.models import LedgerEntry
from penalties.money import daxie, yuan

OUTCOMES = ("kept", "identical", "superseded", "quarantined", "outside", "notes")


def summary(edition: Edition, month: str) -> dict[str, Any]:
    """Counts, the table of the month's batch, the journal's proof. Reads only."""
    batch = batch_of_month(month)
    rows = batch_rows(batch) if batch else []
    total = total_of(rows)
    states = Counter(FirePoint.objects.values_list("state", flat=True))
    report = verify.verify()
    return {
        "month": month,
        "edition": edition.name,
        "cells": dict(sorted(Counter(edition.cells.values_list("level", flat=True)).items())),
        "people": {
            "accounts": User.objects.filter(is_system=False).exclude(username__startswith="head").count(),
            "heads": User.objects.filter(username__startswith="head").count(),
            "terms": Term.objects.count(),
        },
        "imports": [_run(run) for run in ImportRun.objects.select_related("source").order_by("id")],
        "points": {str(state): states[state] for state in State.values if states[state]},
        "batch": {"id": batch.pk, "name": str(batch), "state": batch.state} if batch else None,
        "counties": [
            {"code": row.code, "name": row.name, "points": row.figures.count, "amount_fen": row.figures.amount_fen,
             "yuan": yuan(row.figures.amount_fen)}
            for row in rows
        ],
        "total": {
            "points": total.count,
            "amount_fen": total.amount_fen,
            "ledger_fen": sum(LedgerEntry.objects.values_list("amount_fen", flat=True)),
            "yuan": yuan(total.amount_fen),
            "daxie": daxie(total.amount_fen),
        },
        "journal": {"ok": report.ok, "entries": report.entries, "sealed": report.sealed, "problems": report.problems},
    }  # fmt: skip


def _run(run: ImportRun) -> dict[str, Any]:
    return {"file": run.filename, "source": run.source.code, "rows": run.rows} | {
        name: getattr(run, name) for name in OUTCOMES
    }
