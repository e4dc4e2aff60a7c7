"""The acts on payers: a payer of the finance table, and the cells that it pays for apart from borders (policy.md §2e).

The entry of such an act is the evidence of who set what by which document: nothing else writes these tables.
"""

from __future__ import annotations

import re
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Max

from core.errors import BadInput, Conflict, Missing
from grids.models import Payer, PayerArea, User
from journal.record.services import record

CODE = re.compile(r"[0-9A-Za-z_-]{1,20}")


@transaction.atomic
def payer_set(
    *, code: str, name: str, actor: User | None, group: str = "", position: int | None = None, reason: str = ""
) -> Payer:
    """Add a payer to the finance table, or change how it is listed; nothing happens when it is listed so already.

    Without a position a new payer comes last, and a known one stays where it is. What was recognised keeps the name of its
    day. Raises BadInput for an unusable code, Missing without a name.
    """
    code, name, group = code.strip(), name.strip(), group.strip()
    if not CODE.fullmatch(code):
        raise BadInput("扣缴单位的代码应为 1–20 个字母、数字、- 或 _", where=code or "代码")
    if not name:
        raise Missing(["扣缴单位名称"])
    payer = Payer.objects.filter(code=code).first()
    if position is None:
        position = payer.position if payer else (Payer.objects.aggregate(last=Max("position"))["last"] or 0) + 1
    listing = {"name": name, "group": group, "position": position}
    if payer is None:
        return _payer_added(code, listing, actor, reason)
    before = {field: getattr(payer, field) for field in listing}
    if before != listing:
        Payer.objects.filter(pk=payer.pk).update(**listing)
        payer.refresh_from_db()
        record("payer.set", payer, actor, before=before, after={"code": code, **listing}, reason=reason)
    return payer


def _payer_added(code: str, listing: dict[str, str | int], actor: User | None, reason: str) -> Payer:
    try:
        with transaction.atomic():
            payer = Payer.objects.create(code=code, **listing)
    except IntegrityError as error:
        raise Conflict(f"扣缴单位 {code} 刚刚由他人登记，请核对。", code="payer_differs") from error
    record("payer.set", payer, actor, after={"code": code, **listing}, reason=reason)
    return payer


@transaction.atomic
def payer_area_set(
    *,
    cell_code: str,
    payer: Payer,
    valid_from: date,
    document_no: str,
    actor: User | None,
    valid_to: date | None = None,
) -> PayerArea:
    """Rule by a document that fires in a cell, from a Beijing date to before another, are paid by this payer.

    The open ruling before it on the same cell ends that day, with an entry of its own. The same ruling again changes nothing.
    Raises Missing without a document, Conflict (area_taken) when another ruling stands from that very date, Conflict
    (area_overlaps) when dates would overlap.
    """
    document_no = document_no.strip()
    if not document_no:
        raise Missing(["裁定文件文号"])
    if valid_to is not None and valid_to <= valid_from:
        raise BadInput(f"终止日期须晚于起始日期 {valid_from}", where="终止日期")
    area = PayerArea.objects.select_related("payer").filter(cell_code=cell_code, valid_from=valid_from).first()
    if area is not None:
        return _same_area(area, payer, document_no, valid_to)
    _make_room(cell_code, valid_from, valid_to, document_no, actor)
    dates = {"valid_from": valid_from, "valid_to": valid_to}
    try:
        with transaction.atomic():
            area = PayerArea.objects.create(cell_code=cell_code, payer=payer, document_no=document_no, **dates)
    except IntegrityError as error:
        raise Conflict(f"{cell_code} 的扣缴单位刚刚由他人登记，请核对。", code="area_taken") from error
    after = {"cell_code": cell_code, "payer": payer.code, "document": document_no, "valid_from": valid_from}
    record("payer.area_set", area, actor, after=after | ({"valid_to": valid_to} if valid_to else {}))
    return area


def _same_area(area: PayerArea, payer: Payer, document_no: str, valid_to: date | None) -> PayerArea:
    """The area, if it says the same; an end that came later by an act of its own is no difference."""
    is_same = area.payer_id == payer.pk and area.document_no == document_no and valid_to in (None, area.valid_to)
    if is_same:
        return area
    end = f"，至 {area.valid_to}（不含）" if area.valid_to else ""
    raise Conflict(
        f"{area.cell_code} 自 {area.valid_from} 起已裁定由 {area.payer} 承担（{area.document_no}{end}），"
        f"这里写的是 {payer}（{document_no}{'，至 ' + str(valid_to) if valid_to else ''}）。",
        code="area_taken",
    )


def _make_room(cell_code: str, valid_from: date, valid_to: date | None, document_no: str, actor: User | None) -> None:
    areas = PayerArea.objects.filter(cell_code=cell_code).select_related("payer")
    later = areas.filter(valid_from__gt=valid_from).order_by("valid_from").first()
    if later and (valid_to is None or valid_to > later.valid_from):
        raise Conflict(
            f"{cell_code} 自 {later.valid_from} 起已裁定由 {later.payer} 承担，时间不能重叠；请写不晚于这一天的终止日期。",
            code="area_overlaps",
        )
    earlier = areas.filter(valid_from__lt=valid_from).order_by("-valid_from").first()
    if earlier and earlier.valid_to is None:
        payer_area_end(area=earlier, valid_to=valid_from, actor=actor, reason=f"由 {document_no} 接替")
    elif earlier and earlier.valid_to and earlier.valid_to > valid_from:
        raise Conflict(
            f"{cell_code} 由 {earlier.payer} 承担到 {earlier.valid_to} 才终止，时间不能重叠。", code="area_overlaps"
        )


@transaction.atomic
def payer_area_end(*, area: PayerArea, valid_to: date, actor: User | None, reason: str) -> PayerArea:
    """End a ruling on a Beijing date (the first day without); from then on the county itself, or a cell above, pays.

    Raises Missing without a reason, BadInput for an end not after the start, Conflict when it has ended.
    """
    if not reason.strip():
        raise Missing(["终止的依据或理由"])
    if valid_to <= area.valid_from:
        raise BadInput(f"终止日期须晚于起始日期 {area.valid_from}", where="终止日期")
    if not PayerArea.objects.filter(pk=area.pk, valid_to__isnull=True).update(valid_to=valid_to):
        area.refresh_from_db()
        raise Conflict(f"这条裁定已于 {area.valid_to} 终止。", code="area_ended")
    area.valid_to = valid_to
    after = {"cell_code": area.cell_code, "valid_to": valid_to}
    record("payer.area_ended", area, actor, before={"valid_to": None}, after=after, reason=reason)
    return area
