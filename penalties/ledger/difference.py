"""The ledger as arithmetic: what should be posted, less what is posted, is what to post (C12, C13).

Pure: no clock and no current setting. The caller gives both sides over the same scope (a batch takes what is final at
its cut-off and everything posted before), because a point that is missing from ``desired`` gives its money back.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from core.month import Month, NotAMonth
from penalties.money import yuan

BASES = ("satellite", "inspection", "scar")


# Why an entry was posted: stable codes, with the words that the ledger, a page and the corrections table show.
REASONS = {
    "charged": "认定计入",
    "withdrawn": "不再计入，退回",
    "payer_changed": "付款单位变更",
    "amount_changed": "金额变更",
    "facts_changed": "月份、依据或规则变更",
    "asked": "有问题待答复，移出本批",
    "emptied": "批次清空，恢复原状",
    "recalled": "批次撤回，恢复原状",
    "refused": "市政府退回批次，恢复原状",
}

Terms = tuple[str, str, str, int, str]
"""What the finance table shows of a charge: payer, month, basis, fen, rule. Equal terms move no money."""


class LedgerBroken(ValueError):
    """Posted entries break the ledger's own rules; each problem is a Chinese sentence that names point and seq."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("；".join(problems))
        self.problems = problems


class Movement(Protocol):
    """One movement of money, posted or only proposed: the columns of `penalties.models.LedgerEntry`, money in fen."""

    @property
    def point_id(self) -> int: ...
    @property
    def seq(self) -> int: ...
    @property
    def recognition_id(self) -> int: ...
    @property
    def amount_fen(self) -> int: ...
    @property
    def balance_fen(self) -> int: ...
    @property
    def pinned_fen(self) -> int: ...
    @property
    def payer_code(self) -> str: ...
    @property
    def payer_name(self) -> str: ...
    @property
    def month(self) -> str: ...
    @property
    def basis(self) -> str: ...
    @property
    def rule_ref(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def reverses_id(self) -> int | None: ...


class Entry(Movement, Protocol):
    """A movement as it was posted: it has its id. A row of `penalties.models.LedgerEntry` is one."""

    @property
    def id(self) -> int: ...


PostedEntry = TypeVar("PostedEntry", bound=Entry)


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What one recognised point should cost, as pinned at 认定. ``month`` is YYYY-MM of the burning date in Beijing."""

    point_id: int
    recognition_id: int
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
        try:
            Month.parse(self.month)
        except NotAMonth as error:
            raise ValueError(f"火点 {self.point_id}：{error}。") from None

    @property
    def terms(self) -> Terms:
        return (self.payer_code, self.month, self.basis, self.amount_fen, self.rule_ref)


@dataclass(frozen=True, kw_only=True)
class EntryDraft:
    """One entry to append: ``seq`` is per point from 1, ``reverses_id`` is the id of the charge that it takes back.

    ``amount_fen`` is +pinned for a charge and -pinned for a reversal, which carries the payer, month, basis and rule of
    the charge, so that it falls on whoever was charged. ``cause`` is a key of REASONS.
    """

    point_id: int
    seq: int
    recognition_id: int
    amount_fen: int
    balance_fen: int
    pinned_fen: int
    payer_code: str
    payer_name: str
    month: str
    basis: str
    rule_ref: str
    cause: str
    reverses_id: int | None = None

    @property
    def reason(self) -> str:
        return REASONS[self.cause]


def diff(desired: Mapping[int, Charge], posted: Mapping[int, Entry]) -> list[EntryDraft]:
    """The entries that bring ``posted`` (point → its last entry) to ``desired``, over the union of both, by point id.

    A change of payer, amount, month, basis or rule is a reversal and a new charge; a charge of zero fen is no charge.
    Applying the result and asking again gives nothing.
    """
    drafts: list[EntryDraft] = []
    for point_id in sorted(desired.keys() | posted.keys()):
        charge = desired.get(point_id)
        if charge is not None and charge.amount_fen == 0:
            charge = None
        drafts += _steps(charge, posted.get(point_id))
    return drafts


def replay(entries: Iterable[PostedEntry]) -> dict[int, PostedEntry]:
    """The last entry of every point after ``entries``, taken in (point, seq) order whatever order they come in.

    Raises LedgerBroken with every problem (``faults_of``).
    """
    in_order = sorted(entries, key=lambda entry: (entry.point_id, entry.seq, entry.id))
    if problems := list(faults_of(in_order)):
        raise LedgerBroken(problems)
    return {entry.point_id: entry for entry in in_order}


def faults_of(entries: Iterable[Entry]) -> Iterator[str]:
    """The problems of a posted ledger as sentences, none when it holds; ``entries`` come in (point, seq) order.

    A gap in seq, a balance that is neither 0 nor pinned, a reversal of something else than the open charge, a second
    charge over an open one. Holds one entry at a time.
    """
    before: Entry | None = None
    for entry in entries:
        if before is not None and before.point_id != entry.point_id:
            before = None
        if problem := _column_problem(entry) or _problem(entry, before):
            yield f"火点 {entry.point_id} 第 {entry.seq} 笔：{problem}"
        before = entry


def _terms(entry: Movement) -> Terms:
    return (entry.payer_code, entry.month, entry.basis, entry.pinned_fen, entry.rule_ref)


def _steps(charge: Charge | None, last: Entry | None) -> list[EntryDraft]:
    """The reversal and the charge that one point needs after its last entry; either may be missing."""
    drafts: list[EntryDraft] = []
    seq, cause = last.seq if last else 0, "charged"
    if last is not None and last.balance_fen:
        if charge is not None and charge.terms == _terms(last):
            return []
        seq, cause = seq + 1, _cause(charge, last)
        drafts.append(_reversal(last, seq=seq, cause=cause))
    if charge is not None:
        drafts.append(_charging(charge, seq=seq + 1, cause=cause))
    return drafts


def _reversal(entry: Entry, *, seq: int, cause: str) -> EntryDraft:
    return EntryDraft(
        point_id=entry.point_id,
        seq=seq,
        recognition_id=entry.recognition_id,
        amount_fen=-entry.balance_fen,
        balance_fen=0,
        pinned_fen=entry.pinned_fen,
        payer_code=entry.payer_code,
        payer_name=entry.payer_name,
        month=entry.month,
        basis=entry.basis,
        rule_ref=entry.rule_ref,
        cause=cause,
        reverses_id=entry.id,
    )


def _charging(charge: Charge, *, seq: int, cause: str) -> EntryDraft:
    return EntryDraft(
        point_id=charge.point_id,
        seq=seq,
        recognition_id=charge.recognition_id,
        amount_fen=charge.amount_fen,
        balance_fen=charge.amount_fen,
        pinned_fen=charge.amount_fen,
        payer_code=charge.payer_code,
        payer_name=charge.payer_name,
        month=charge.month,
        basis=charge.basis,
        rule_ref=charge.rule_ref,
        cause=cause,
    )


def _cause(charge: Charge | None, entry: Entry) -> str:
    if charge is None:
        return "withdrawn"
    if charge.payer_code != entry.payer_code:
        return "payer_changed"
    return "amount_changed" if charge.amount_fen != entry.pinned_fen else "facts_changed"


def _column_problem(entry: Entry) -> str | None:
    """What is wrong with an entry on its own."""
    if entry.pinned_fen <= 0:
        return "认定金额应大于零"
    if entry.basis not in BASES:
        return f"不认识的扣缴依据“{entry.basis}”"
    try:
        Month.parse(entry.month)
    except NotAMonth as error:
        return str(error)
    return None


def _problem(entry: Entry, before: Entry | None) -> str | None:
    """What is wrong with an entry after the one before it of the same point."""
    balance = before.balance_fen if before else 0
    if entry.seq != (before.seq if before else 0) + 1:
        return "序号不连续"
    if entry.balance_fen != balance + entry.amount_fen:
        return f"余额 {yuan(entry.balance_fen)} 元不等于上期余额加本笔"
    if entry.balance_fen not in (0, entry.pinned_fen):
        return f"余额 {yuan(entry.balance_fen)} 元既不是零，也不是认定金额"
    if entry.reverses_id is None:
        return None if balance == 0 else "上一笔扣缴没有冲回，又记了一笔"
    if before is None or balance == 0 or entry.reverses_id != before.id:
        return "冲回的不是当前的扣缴"
    return None if _terms(entry) == _terms(before) else "冲回与原扣缴的付款单位、月份或依据不一致"
