"""Ruling on a cell of the matrix: may this authority's finding of this kind be charged, from when, by which document."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction

from core.errors import BadInput, Conflict, Missing, NotAllowed
from firepoints.models import Ruling, Source
from firepoints.policy import charge_matrix
from grids import selectors as grids
from grids.models import User
from grids.roles import Role
from journal.record.services import record


def charge_rule(
    *, authority: str, kind: str, counts: bool, valid_from: date, document_no: str, actor: User, note: str = ""
) -> Ruling:
    """Rule whether a cell counts for fires from a Beijing date on; decisions already made keep what they pinned.

    Raises NotAllowed for anybody but the bureau, Missing without a document, BadInput for a lead (C12), Conflict where
    that date has a ruling already.
    """
    if Role.BUREAU not in grids.roles_of(actor):
        raise NotAllowed("裁定由市局经办登记")
    if not document_no.strip():
        raise Missing(["依据文号"])
    key = charge_matrix.key_of(authority, kind)
    if not key:
        raise BadInput("线索和举报只能派发核实，不能凭裁定扣缴（四(二)）", where="kind", code="lead_never_charged")
    try:
        with transaction.atomic():
            row = Ruling.objects.create(
                key=key, valid_from=valid_from, value=bool(counts), document_no=document_no.strip()[:80],
                note=note.strip()[:200],
            )  # fmt: skip
            entry_after = {"key": key, "valid_from": valid_from, "value": bool(counts), "document_no": row.document_no}
            record("ruling.set", row, actor, after=entry_after, reason=row.note)
    except IntegrityError:
        raise Conflict(
            f"{cell_label(key)}自 {valid_from} 起已有裁定；改变要写新的日期", code="ruling_differs"
        ) from None
    return row


def cell_label(key: str) -> str:
    """The name of a cell for people: 县 · 巡查."""
    _, authority, kind = key.split(".")
    return f"{Source.Authority(authority).label} · {Source.Kind(kind).label}"
