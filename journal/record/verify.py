"""Proof that the record is whole: triggers, every digest, every link, known heads, and what the apps registered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from core.db import triggers
from core.errors import BadInput
from core.registry import Named
from journal.models import Entry, Seal
from journal.record import digests
from journal.record.sealing import head_text, unsealed
from journal.selectors import deployment

Verifier = Callable[[], list[str]]
CHUNK = 2_000
MOST_PROBLEMS = 200  # a broken chain breaks everywhere after; nobody reads a million lines

# A check of an app above (the ledger, say) returns its problems in Chinese, an empty list when sound.
VERIFIERS: Named[Verifier] = Named(
    "checks", asked_by="`journal verify`", what_for="the checks of each app: tables, ledger, fire points"
)
register = VERIFIERS.add


@dataclass
class Report:
    """What `verify` found. `ok` means that there are no problems; `unsealed` entries are only young."""

    entries: int = 0
    sealed: int = 0
    unsealed: int = 0
    head: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        return {"ok": self.ok, **asdict(self)}


def parse_head(text: str) -> tuple[int, str]:
    """SEQ:HASH as printed on a document; the hash may be shortened to its first 16 digits or more."""
    match = re.fullmatch(r"(\d+):([0-9a-f]{16,64})", text.strip().lower())
    if not match:
        raise BadInput("应为“序号:链值”，链值至少 16 位十六进制。", where="--expect")
    return int(match[1]), match[2]


def verify(expect: tuple[int, str] | None = None) -> Report:
    """Check everything; `expect` is a (seq, hash) kept outside, as from a printed document. Reads only."""
    report = Report(entries=Entry.objects.count())
    for problem in _problems(report, expect):
        if len(report.problems) >= MOST_PROBLEMS:
            report.problems.append("问题过多，其余从略。")
            break
        report.problems.append(problem)
    report.unsealed = unsealed().count()
    report.head = head_text()
    return report


def _problems(report: Report, expect: tuple[int, str] | None) -> Iterator[str]:
    for name in triggers.missing():
        yield f"缺少或被改动的只增触发器：{name}"
    yield from _chain(report)
    for entry in unsealed().iterator(chunk_size=CHUNK):
        yield from _entry(entry)
    if not deployment().is_demo and Entry.objects.filter(simulated=True).exists():
        yield "正式部署中出现了模拟时钟的记录。"
    if expect:
        yield from _expected(*expect)
    for name, verifier in VERIFIERS.items():
        try:
            yield from (f"{name}：{problem}" for problem in verifier())
        except Exception as error:  # a check that breaks must be seen in the report and must not hide the others
            yield f"{name}：检查未能完成（{type(error).__name__}: {error}）"


def _chain(report: Report) -> Iterator[str]:
    """Walk the seals in order, in chunks by key: an entry that is gone must be seen, so no join."""
    seq, prev_hash, epoch = 0, digests.GENESIS, 0
    while seals := list(Seal.objects.filter(seq__gt=seq).order_by("seq")[:CHUNK]):
        entries = Entry.objects.in_bulk([seal.entry_id for seal in seals])
        for seal in seals:
            report.sealed += 1
            if seal.seq != seq + 1:
                yield f"链在第 {seq} 与第 {seal.seq} 环之间缺环。"
            elif seal.prev_hash != prev_hash:
                yield f"第 {seal.seq} 环与前一环不相接。"
            if seal.epoch < epoch:
                yield f"第 {seal.seq} 环的纪元倒退（{epoch} → {seal.epoch}）。"
            yield from _link(seal, entries.get(seal.entry_id))
            seq, prev_hash, epoch = seal.seq, seal.hash, seal.epoch


def _link(seal: Seal, entry: Entry | None) -> Iterator[str]:
    if entry is None:
        yield f"第 {seal.seq} 环所封的记录 {seal.entry_id} 不见了。"
        return
    link_hash = digests.seal_hash(
        seq=seal.seq, prev_hash=seal.prev_hash, digest=entry.digest, sealed_at=seal.sealed_at, epoch=seal.epoch
    )
    if link_hash != seal.hash:
        yield f"第 {seal.seq} 环的链值与内容不符。"
    yield from _entry(entry)


def _entry(entry: Entry) -> Iterator[str]:
    if digests.entry_digest(entry) != entry.digest:
        yield f"记录 {entry.pk}（{entry.act}）的内容与摘要不符。"


def _expected(seq: int, kept_hash: str) -> Iterator[str]:
    seal = Seal.objects.filter(seq=seq).first() if seq else None
    chain_hash = digests.GENESIS if seq == 0 else (seal.hash if seal else "")
    if chain_hash.startswith(kept_hash):
        return
    lost = _lost_in_a_restore(seq)
    yield (f"第 {seq} 环与外存的链值不符。" if chain_hash else f"链上没有第 {seq} 环。") + lost


def _lost_in_a_restore(seq: int) -> str:
    for entry in Entry.objects.filter(act="journal.epoch_opened").order_by("id"):
        opened = entry.after or {}
        lost = opened.get("lost")
        if lost and lost["from_seq"] <= seq <= lost["to_seq"]:
            return f"该环在恢复备份时遗失，见纪元 {opened['epoch']}。"
    return ""
