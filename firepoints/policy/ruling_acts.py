"""Setting a ruling: one person asks for it with its document and scan, another accepts (policy.md §2, §5).

No ruling loosens this one: whoever could loosen it alone could loosen all. A ruling holds from a date on; decisions that
are made keep what they pinned, and it never reaches behind a batch that went to the city government.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse

from core import clock
from core.errors import BadInput, Conflict, Missing, NotAllowed
from core.registry import Listeners
from firepoints.models import Ruling
from firepoints.policy import charge_matrix, ruling_kinds, rulings
from firepoints.policy.ruling_kinds import RulingKind, kind_of
from grids import selectors as grids
from grids.models import User
from grids.roles import Role
from journal.models import Proposal
from journal.proposals import register, services
from journal.record.services import record
from papers import filing

ACT, SUBJECT = "ruling.set", "ruling"
FILES = "rulings"
SECONDS = frozenset({Role.BUREAU, Role.RECOGNISER})
READERS = frozenset({Role.BUREAU, Role.RECOGNISER, Role.AUDITOR, Role.SYSTEM})

Guard = Callable[[date], str]
GUARDS: Listeners[Guard] = Listeners(
    "guards of rulings",
    asked_by="setting a ruling",
    what_for="why none may hold from that date (money went out behind it)",
)


@dataclass(frozen=True, slots=True)
class RulingDraft:
    """A ruling as it is asked for: what it is from when, and the filed scan of the document that says so."""

    key: str
    value: Any
    valid_from: date
    document_no: str
    scan_name: str
    scan_sha256: str
    scan_stored_as: str
    note: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> RulingDraft:
        """The ruling that a proposal holds."""
        return cls(**{**data, "valid_from": date.fromisoformat(data["valid_from"])})


def ruling_propose(
    *, key: str, value: Any, valid_from: date, document_no: str, scan: tuple[bytes, str], actor: User, note: str = ""
) -> Proposal:
    """Ask for a ruling; nothing changes until another person accepts. `scan` is the document's (bytes, filename).

    Raises NotAllowed for anybody but the bureau, BadInput for a key or value that is none, Missing without document or
    scan, Conflict: ruling_differs (that date has one), ruling_behind_batch, already_proposed.
    """
    if Role.BUREAU not in grids.roles_of(actor):
        raise NotAllowed("裁定由市局经办提请")
    kind = kind_of(key)
    value = kind.require(value)
    content, filename = scan
    missing = [what for what, proof in (("依据文号", document_no.strip()), ("文件扫描件", content)) if not proof]
    if missing:
        raise Missing(missing)
    _require_date(kind, valid_from)
    stored = filing.store_scanned(content, kind=FILES, filename=filename)
    draft = RulingDraft(
        key=key,
        value=value,
        valid_from=valid_from,
        document_no=document_no.strip()[:80],
        scan_name=stored.filename,
        scan_sha256=stored.sha256,
        scan_stored_as=stored.stored_as,
        note=note.strip()[:200],
    )
    reason = f"{kind.label}：{kind.words(value)}，自 {valid_from} 起（{draft.document_no}）"
    return services.propose(
        act=ACT, subject_id=key, version=version_of(key), data=asdict(draft), reason=draft.note or reason, actor=actor
    )


@transaction.atomic
def ruling_set(*, draft: RulingDraft, actor: User, accepted_by: User) -> Ruling:
    """Register a ruling that two persons want. Raises NotAllowed for one and the same, BadInput, Conflict as above."""
    if grids.is_same_person(actor, accepted_by):
        raise NotAllowed("裁定由两个人登记")
    kind = kind_of(draft.key)
    kind.require(draft.value)
    _require_date(kind, draft.valid_from)
    try:
        with transaction.atomic():
            row = Ruling.objects.create(**asdict(draft), set_by=actor, accepted_by=accepted_by, recorded_at=clock.now())
    except IntegrityError:
        raise _differs(kind, draft.valid_from) from None
    after = {
        "key": row.key,
        "valid_from": row.valid_from,
        "value": row.value,
        "document_no": row.document_no,
        "scan": row.scan_sha256,
        "accepted_by": accepted_by.pk,
    }
    record("ruling.set", row, actor, after=after, reason=row.note)
    return row


def _require_date(kind: RulingKind, valid_from: date) -> None:
    if Ruling.objects.filter(key=kind.key, valid_from=valid_from).exists():
        raise _differs(kind, valid_from)
    require_before_no_batch(valid_from)


def require_before_no_batch(valid_from: date) -> None:
    """Raises Conflict (ruling_behind_batch) for a date behind which money was asked for."""
    for guard in GUARDS:
        if refusal := guard(valid_from):
            raise Conflict(refusal, code="ruling_behind_batch")


def _differs(kind: RulingKind, valid_from: date) -> Conflict:
    return Conflict(f"{kind.label}自 {valid_from} 起已有裁定；改变要写新的日期", code="ruling_differs")


def version_of(key: str) -> str:
    """The version of a ruling: the last row of its key, so that a proposal lapses when another one was set meanwhile."""
    return str(Ruling.objects.filter(key=key).order_by("-pk").values_list("pk", flat=True).first() or 0)


def cell_key(authority: str, kind: str) -> str:
    """The key of the ruling on a cell of the charge matrix. Raises BadInput for a lead (C12)."""
    key = charge_matrix.key_of(authority, kind)
    if not key:
        raise BadInput("线索和举报只能派发核实，不能凭裁定扣缴（四(二)）", where="kind", code="lead_never_charged")
    return key


def _perform(proposal: Proposal, accepted_by: User) -> Ruling:
    asker = User.objects.get(pk=proposal.asked_by)
    return ruling_set(draft=RulingDraft.of(proposal.data), actor=asker, accepted_by=accepted_by)


def _refusal(proposal: Proposal, user: User) -> str:
    return "" if grids.roles_of(user) & SECONDS else "裁定由市局经办或认定人同意"


def _effects(proposal: Proposal) -> Sequence[str]:
    draft = RulingDraft.of(proposal.data)
    kind = kind_of(draft.key)
    before = rulings.value_on(draft.key, draft.valid_from)
    return (
        f"{kind.label}：{kind.words(before)} → {kind.words(draft.value)}，自 {draft.valid_from} 起",
        f"依据 {draft.document_no}，扫描件 {draft.scan_name}",
        "已作出的认定不变",
    )


def register_all() -> None:
    """Let the setting of a ruling be proposed."""
    register.register(
        register.Proposable(
            act=ACT,
            label="登记裁定",
            subject_kind=SUBJECT,
            version=lambda subject_id, data: version_of(subject_id),
            perform=_perform,
            refusal=_refusal,
            is_readable=lambda user: bool(grids.roles_of(user) & READERS),
            effects=_effects,
        )
    )


def told(ids: list[str]) -> dict[str, tuple[str, str]]:
    """What the journal calls a ruling by its key, and where its page is."""
    page = reverse("firepoints:rulings")
    kinds = ruling_kinds.kinds()
    return {key: (kinds[key].label, f"{page}#{key}") for key in ids if key in kinds}
