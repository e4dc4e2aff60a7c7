"""The seven cells behind an entry, from the yuan to the raw row: what a charge rests on, and what undid it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from core import clock
from firepoints.models import Detection, Recognition, Step, Verification
from firepoints.steps.workflow import BY_ACTION
from grids.models import User
from penalties.models import LedgerEntry
from penalties.money import yuan_whole

UNDOING = ("reopen", "merge_decided", "exclude", "reattribute", "settle_jointly", "relocate", "merge")
"""The acts after which a charge may no longer stand, or stands otherwise."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One step of the way back: a title and its lines; `url` where there is more to read."""

    title: str
    lines: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """What is on record of one point: its decisions, verifications and steps, each in their order."""

    recognitions: Sequence[Recognition]
    verifications: Sequence[Verification]
    steps: Sequence[Step]

    @classmethod
    def of(cls, point_id: int) -> "Record":
        """The record of a point; three queries."""
        return cls(
            list(Recognition.objects.filter(point=point_id).select_related("recognised_by").order_by("seq")),
            list(
                Verification.objects.filter(point=point_id)
                .select_related("verified_by")
                .prefetch_related("evidence")
                .order_by("seq")
            ),
            list(Step.objects.filter(point=point_id).select_related("actor").order_by("seq")),
        )


Namer = Callable[[User], str]
"""The name of a person as the reader may see it: whole for the offices of the city, masked for a county."""


def whole_name(person: User) -> str:
    return str(person)


def masked_name(person: User) -> str:
    """The surname of a person: ``王某``."""
    return f"{str(person)[:1]}某"


def chain_of(entry: LedgerEntry, record: Record, name: Namer) -> list[Cell]:
    """The cells of a charge, or of a return beside those of the charge that it takes back."""
    return _of_return(entry, record, name) if entry.reverses_id else _of_charge(entry, record, name)


def _of_charge(entry: LedgerEntry, record: Record, name: Namer) -> list[Cell]:
    recognition = entry.recognition
    verification = next((row for row in record.verifications if row.pk == recognition.verification_id), None)
    return [
        Cell(f"{yuan_whole(entry.amount_fen)} 元", (f"1 处 · {entry.get_basis_display()}", entry.payer_name), _batch_url(entry)),
        Cell(f"规则 {entry.rule.ref}", (f"{entry.rule.document_no} {entry.rule.clause}".strip(), _ruled(recognition)), rule_url(entry)),
        _decision(recognition, name),
        _checked(verification, name),
        _evidence(verification),
        _pixel(recognition),
        _raw(recognition.charged_detection),
    ]  # fmt: skip


def _of_return(entry: LedgerEntry, record: Record, name: Namer) -> list[Cell]:
    recognition = entry.recognition
    later = [row for row in record.recognitions if row.seq > recognition.seq and row.at <= entry.at]
    newer = [row for row in record.verifications if recognition.at < row.at <= entry.at]
    back = entry.reverses
    return [
        Cell(f"{yuan_whole(entry.amount_fen)} 元", (f"冲第 {back.seq if back else '—'} 笔", entry.payer_name), _batch_url(entry)),
        Cell("为什么退", (entry.reason, str(back.batch) if back else "")),
        _decision(later[-1], name) if later else Cell("认定", ("原认定不再计入", "没有新的认定")),
        _undoing(entry, recognition, record.steps, name),
        _checked(newer[-1], name) if newer else Cell("核实", ("没有新的核实",)),
        _evidence(newer[-1]) if newer else Cell("佐证", ("没有新的佐证",)),
        Cell("原始行没变", _raw(recognition.charged_detection).lines, "#row"),
    ]  # fmt: skip


def _undoing(entry: LedgerEntry, recognition: Recognition, steps: Sequence[Step], name: Namer) -> Cell:
    """The step that undid the decision, or the batch that took its own entries back."""
    if entry.reverses is not None and entry.reverses.batch_id == entry.batch_id:
        return Cell("批次退回", (str(entry.batch), entry.batch.get_state_display()), _batch_url(entry))
    after = [step for step in steps if step.action in UNDOING and recognition.at <= step.at <= entry.at]
    if not after:
        return Cell("撤回", (entry.reason,))
    step = after[-1]
    return Cell(BY_ACTION[step.action].label, (f"{name(step.actor)} {_day(step.at)}", step.reason))


def _ruled(recognition: Recognition) -> str:
    documents = sum(1 for pinned in recognition.rulings.values() if pinned[1])
    return f"裁定 {documents} 项，其余照默认" if documents else "裁定都照默认"


def _decision(recognition: Recognition, name: Namer) -> Cell:
    counted = f"计入 · {recognition.get_basis_display()}" if recognition.counted else "不计入"
    return Cell(
        f"认定 {counted}",
        (f"{name(recognition.recognised_by)} {_day(recognition.at)}", recognition.reason),
        "#recognition",
    )


def _checked(verification: Verification | None, name: Namer) -> Cell:
    if verification is None:
        return Cell("核实", ("—",))
    cause = f" · {verification.get_cause_display()}" if verification.cause else ""
    title = f"{verification.get_kind_display()} {verification.get_conclusion_display()}{cause}"
    return Cell(
        title, (f"{name(verification.verified_by)} {_day(verification.at)}", verification.note), "#verification"
    )


def _evidence(verification: Verification | None) -> Cell:
    pieces = list(verification.evidence.all()) if verification else []
    photos = [piece for piece in pieces if piece.kind == piece.Kind.PHOTO]
    inside = sum(1 for piece in photos if piece.footprint_distance_m == 0)
    others = f"，其他 {len(pieces) - len(photos)}" if len(pieces) > len(photos) else ""
    return Cell("佐证", (f"照片 {len(photos)}{others}", f"像元内 {inside} / {len(photos)}"), "#evidence")


def _pixel(recognition: Recognition) -> Cell:
    place = recognition.attribution
    shares = " / ".join(f"{county['name']} {county['share']:.0%}" for county in place.candidates) or place.county_name
    return Cell("像元", (shares, f"边界 {place.edition}"), "#pixel")


def _raw(detection: Detection | None) -> Cell:
    if detection is None:
        return Cell("原始行", ("—",))
    run = detection.run
    listed = " ".join(part for part in (run.issuer, run.list_no, run.period) if part) or run.filename
    return Cell("原始行", (f"{listed} 第 {detection.row_no} 行", "文件可下载"), "#row")


def _batch_url(entry: LedgerEntry) -> str:
    return reverse("penalties:detail", args=[entry.batch_id])


def rule_url(entry: LedgerEntry) -> str:
    """The page of the rule version that an entry follows."""
    return reverse("penalties:rule", args=[entry.rule_id])


def _day(at: datetime) -> str:
    return f"{at.astimezone(clock.BEIJING):%Y-%m-%d}"
