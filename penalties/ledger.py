"""The ledger as arithmetic: what should stand, less what stands, is what to post (C12, C13).

Pure: no clock and no current setting. The caller gives both sides over the same scope (a batch takes what is final at
its cut-off and everything posted before), because a point that is missing from ``desired`` gives its money back.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from penalties.money import yuan

BASES = ("satellite", "inspection", "scar")
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")

# Why an entry was posted: stable codes, with the words that a page and the corrections table show.
REASONS = {
    "charged": "认定计入",
    "withdrawn": "不再计入，退回",
    "payer_changed": "付款单位变更",
    "amount_changed": "金额变更",
    "facts_changed": "月份、依据或规则变更",
}


class LedgerBroken(ValueError):
    """Posted entries break the ledger's own rules; each problem is a Chinese sentence that names point and seq."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("；".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Charge:
    """What one recognised point should cost, as pinned at 认定. ``month`` is YYYY-MM of the burning date in Beijing."""

    point_id: str
    recognition_id: str
    payer_code: str
    payer_name: str
    month: str
    basis: str
    amount_fen: int
    rule_ref: str

    def __post_init__(self) -> None:
        if self.amount_fen < 0:
            raise ValueError(f"火点 {self.point_id}：扣缴金额不能为负。")
        if self.basis not in BASES:
            raise ValueError(f"火点 {self.point_id}：不认识的扣缴依据“{self.basis}”。")
        if not MONTH.fullmatch(self.month):
            raise ValueError(f"火点 {self.point_id}：月份“{self.month}”应写成 YYYY-MM。")

    @property
    def terms(self) -> tuple[str, str, str, int, str]:
        """What the finance table shows of it; a new 认定 with equal terms moves no money."""
        return (self.payer_code, self.month, self.basis, self.amount_fen, self.rule_ref)


@dataclass(frozen=True)
class Posted:
    """Where a point stands: its last entry, the balance after it (0 or the pinned amount), and the pinned charge."""

    point_id: str
    seq: int
    balance_fen: int
    last_entry_id: int
    pinned: Charge


@dataclass(frozen=True)
class EntryDraft:
    """One entry to append: ``seq`` is per point from 1, ``reverses`` is the id of the charge that it takes back.

    ``amount_fen`` is +pinned for a charge and -pinned for a reversal; ``pinned`` carries payer, month, basis and rule,
    so that a reversal falls on whoever was charged.
    """

    point_id: str
    seq: int
    amount_fen: int
    balance_fen: int
    pinned: Charge
    reason: str
    reverses: int | None = None

    @property
    def pinned_fen(self) -> int:
        return self.pinned.amount_fen


@dataclass(frozen=True)
class Entry:
    """An entry as it was posted: its id, and its content."""

    id: int
    draft: EntryDraft


def diff(desired: Mapping[str, Charge], posted: Mapping[str, Posted]) -> list[EntryDraft]:
    """The entries that bring ``posted`` to ``desired``, over the union of both, in point order.

    A change of payer, amount, month, basis or rule is a reversal and a new charge; a charge of zero fen is no charge.
    Applying the result and asking again gives nothing.
    """
    drafts: list[EntryDraft] = []
    for point_id in sorted(desired.keys() | posted.keys()):
        wanted, standing = desired.get(point_id), posted.get(point_id)
        if wanted is not None and wanted.amount_fen == 0:
            wanted = None
        drafts += _step(point_id, wanted, standing)
    return drafts


def replay(entries: Iterable[Entry]) -> dict[str, Posted]:
    """Where every point stands after ``entries``, in (point, seq) order whatever order they come in.

    Raises LedgerBroken with every problem: a gap in seq, a balance that is neither 0 nor pinned, a reversal of
    something else than the open charge, a second charge over an open one.
    """
    standing: dict[str, Posted] = {}
    problems: list[str] = []
    for entry in sorted(entries, key=lambda item: (item.draft.point_id, item.draft.seq, item.id)):
        problem = _problem(entry, standing.get(entry.draft.point_id))
        if problem:
            problems.append(f"火点 {entry.draft.point_id} 第 {entry.draft.seq} 笔：{problem}")
        draft = entry.draft
        standing[draft.point_id] = Posted(draft.point_id, draft.seq, draft.balance_fen, entry.id, draft.pinned)
    if problems:
        raise LedgerBroken(problems)
    return standing


def problems_of(entries: Iterable[Entry]) -> list[str]:
    """The problems of a posted ledger as sentences; empty when it holds. For ``journal verify``."""
    try:
        replay(entries)
    except LedgerBroken as broken:
        return broken.problems
    return []


def _step(point_id: str, wanted: Charge | None, standing: Posted | None) -> list[EntryDraft]:
    drafts: list[EntryDraft] = []
    seq, reason = 0, "charged"
    if standing is not None:
        seq = standing.seq
        if standing.balance_fen:
            if wanted is not None and wanted.terms == standing.pinned.terms:
                return []
            reason = _reason(wanted, standing.pinned)
            seq += 1
            drafts.append(
                EntryDraft(point_id, seq, -standing.balance_fen, 0, standing.pinned, reason, standing.last_entry_id)
            )
    if wanted is not None:
        amount = wanted.amount_fen
        drafts.append(EntryDraft(point_id, seq + 1, amount, amount, replace(wanted, point_id=point_id), reason))
    return drafts


def _reason(wanted: Charge | None, pinned: Charge) -> str:
    if wanted is None:
        return "withdrawn"
    if wanted.payer_code != pinned.payer_code:
        return "payer_changed"
    return "amount_changed" if wanted.amount_fen != pinned.amount_fen else "facts_changed"


def _problem(entry: Entry, before: Posted | None) -> str | None:
    draft = entry.draft
    balance = before.balance_fen if before else 0
    if draft.seq != (before.seq if before else 0) + 1:
        return "序号不连续"
    if draft.pinned_fen <= 0:
        return "认定金额应大于零"
    if draft.balance_fen != balance + draft.amount_fen:
        return f"余额 {yuan(draft.balance_fen)} 元不等于上期余额加本笔"
    if draft.balance_fen not in (0, draft.pinned_fen):
        return f"余额 {yuan(draft.balance_fen)} 元既不是零，也不是认定金额"
    if draft.reverses is None:
        return None if balance == 0 else "上一笔扣缴没有冲回，又记了一笔"
    if before is None or balance == 0 or draft.reverses != before.last_entry_id:
        return "冲回的不是当前的扣缴"
    return None if draft.pinned.terms == before.pinned.terms else "冲回与原扣缴的付款单位、月份或依据不一致"
