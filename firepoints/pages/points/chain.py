"""扣缴依据: from the yuan back to the raw row, one card a step; dashed cards have not happened."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from firepoints.models import FirePoint, ImportRun, Recognition, Verification
from firepoints.pages.panels import Card, PointMoney
from firepoints.pages.points.evidence_cards import Evidences
from firepoints.pages.points.sightings import Sighting


def chain_of(
    point: FirePoint, money: PointMoney | None, evidence: Evidences, sightings: Sequence[Sighting]
) -> list[dict[str, Any]]:
    """Cards for partials/chain.html."""
    nothing = PointMoney(
        Card("0 元", ("还没有扣缴规则",), is_open=True), Card("规则", ("还没有载入政策包",), is_open=True)
    )
    point_money = money or nothing
    cards = [_card(point_money.amount, is_sum=True)]
    if point_money.batch:
        cards.append(_card(point_money.batch))
    cards += [
        _card(point_money.rule),
        _card(_recognition(point.recognition)),
        _card(_verification(point.verification)),
        _card(_evidence(evidence)),
        _card(_pixel(point, sightings)),
        _card(_raw(sightings)),
    ]
    return cards


def _card(card: Card, *, is_sum: bool = False) -> dict[str, Any]:
    return {"title": card.title, "lines": card.lines, "open": card.is_open, "sum": is_sum, "url": card.url}


def _recognition(recognition: Recognition | None) -> Card:
    if recognition is None:
        return Card("认定", ("还没有", "不能由核实人认定"), is_open=True)
    decision = f"计入 · {recognition.get_basis_display()}" if recognition.counted else "不计入"
    at = f"{timezone.localtime(recognition.at):%Y-%m-%d}"
    return Card(
        "认定", (decision, f"{recognition.recognised_by} {at}", f"付款 {recognition.payer_name}"), url="#recognition"
    )


def _verification(verification: Verification | None) -> Card:
    if verification is None:
        return Card("核实", ("还没有", "四(一)"), is_open=True)
    cause = f" · {verification.get_cause_display()}" if verification.cause else ""
    conclusion = f"{verification.get_conclusion_display()}{cause}"
    return Card(
        verification.get_kind_display(),
        (conclusion, f"{verification.verified_by} {timezone.localtime(verification.at):%m-%d %H:%M}"),
        url="#verification",
    )


def _evidence(evidence: Evidences) -> Card:
    if not evidence.pieces:
        return Card("佐证", ("还没有",), is_open=True)
    papers = f"、其他 {len(evidence.papers)}" if evidence.papers else ""
    return Card("佐证", (f"照片 {len(evidence.photos)}{papers}", f"像元内 {evidence.inside}"), url="#evidence")


def _pixel(point: FirePoint, sightings: Sequence[Sighting]) -> Card:
    where = point.attribution
    if where is None:
        return Card("像元", ("还没有定位",), is_open=True)
    shares = " / ".join(f"{candidate['share']:.0%}" for candidate in where.candidates) or "—"
    before = "（早于第一版，借用）" if where.is_before_first_edition else ""
    return Card(
        "像元", (f"{len(sightings)} 条记录，县（区）占比 {shares}", f"边界版本 {where.edition}{before}"), url="#map"
    )


def _raw(sightings: Sequence[Sighting]) -> Card:
    if not sightings:
        return Card("原始行", ("来源已撤回",), is_open=True)
    first = sightings[0]
    run: ImportRun = first.detection.run
    more = f"，另 {len(sightings) - 1} 行" if len(sightings) > 1 else ""
    return Card("原始行", (f"{first.origin}{more}", f"sha256 {run.sha256[:12]}…"), url="#rows")
