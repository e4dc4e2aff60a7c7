"""The whole life of a deduction batch on one screen: who may take which step of C13 from where, and what it takes.

Pure: facts in, answers out. Each step is said once, here; its service attaches itself by `@act`. Buttons, API, command and
the guard in the services read this table. A requirement is a function of (facts) → a Chinese sentence, or "".
"""

from dataclasses import dataclass, replace

from core.transitions import REASON, Datum, Life, Transition
from grids.roles import Role
from penalties.models import BatchState

ORDER = "编制 → 冻结 → 报送 → 市政府同意 → 送财政 → 已扣缴（四(二)）"


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one batch and one actor that the table needs; built by `steps.facts_for`."""

    state: str
    roles: frozenset[str]
    actor_id: int
    prepared_by_id: int
    another_freezes: bool = True
    another_approves: bool = True
    another_settles: bool = True
    actor_accounts: frozenset[int] = frozenset()


def is_actor(f: Facts, account_id: int | None) -> bool:
    """Whether an account is the actor's, or another one of the same person (`grids.selectors.is_same_person`)."""
    return account_id is not None and (account_id == f.actor_id or account_id in f.actor_accounts)


def another_checks(f: Facts) -> str:
    """Refuse whoever made the table, unless the ruling `freeze_by_another` says otherwise."""
    is_own = f.another_freezes and is_actor(f, f.prepared_by_id)
    return "制表人不能自己审核冻结（裁定 freeze_by_another），请换一位经办人" if is_own else ""


def another_registers(f: Facts) -> str:
    """Refuse whoever made the table, unless the ruling `approve_by_another` says otherwise."""
    is_own = f.another_approves and is_actor(f, f.prepared_by_id)
    return "制表人不能登记自己这一批的批件（裁定 approve_by_another），请换一位经办人" if is_own else ""


def another_vouches(f: Facts) -> str:
    """Refuse whoever made the table: finance enters its vouchers, another clerk copies them in with the scan."""
    is_own = f.another_settles and is_actor(f, f.prepared_by_id)
    return "制表人不能登记本批的凭证（裁定 settle_by_another）：由财政登记，或由另一位经办人代录" if is_own else ""


S = BatchState
_BUREAU, _FINANCE = (frozenset({role}) for role in (Role.BUREAU, Role.FINANCE))
_FILE = (Datum("file"), Datum("filename", is_required=False))
_SCAN = tuple(replace(datum, is_required=False) for datum in _FILE)
_DOC_NO, _REMARK_NO = Datum("doc_no"), Datum("doc_no", is_required=False)

TRANSITIONS: tuple[Transition[Facts], ...] = (
    Transition("freeze", "冻结", "batch.frozen", (S.OPEN,), S.FROZEN, _BUREAU, (another_checks,), (), is_next=True,
        hint="冻结后明细不能再改，算出摘要；以后的更正记入下一批。"),
    Transition("submit", "报送", "batch.submitted", (S.FROZEN,), S.SUBMITTED, _BUREAU,
        takes=(Datum("submitted_on", is_required=False), _REMARK_NO), is_next=True,
        hint="请示和汇总表按此刻的内容入档，一并报市政府。"),
    Transition("approve", "登记批件", "batch.approved", (S.SUBMITTED,), S.APPROVED, _BUREAU, (another_registers,),
        takes=(_DOC_NO, Datum("approved_on"), *_FILE), is_next=True,
        hint="没有批件文号、日期和扫描件，不能登记同意（四（二））。"),
    Transition("send", "送财政", "batch.sent", (S.APPROVED,), S.SENT, _BUREAU,
        takes=(Datum("sent_on", is_required=False), _REMARK_NO), is_next=True,
        hint="市政府同意后才能送财政；函随之入档。"),
    Transition("settle", "登记凭证", "batch.settled", (S.SENT,), S.SETTLED, _FINANCE | _BUREAU, (another_vouches,),
        takes=(Datum("voucher_no"), Datum("settled_on"), Datum("payer_code", is_required=False),
               Datum("amount_fen", is_required=False), *_SCAN), is_next=True,
        hint="由财政登记；市局只能代录，要有凭证扫描件，不能是制表人。一张凭证对一个单位，可以分次；各单位都结清，本批就是已扣缴。"),
    Transition("empty", "清空", "batch.emptied", (S.OPEN,), S.RETURNED, _BUREAU,
        hint="月份选错了，或者要重来：本批记入的全部冲回，台账恢复原状；火点由下一次编制再记入。"),
    Transition("recall", "撤回", "batch.recalled", (S.FROZEN,), S.RETURNED, _BUREAU,
        hint="报送以前撤回：明细和摘要留档，本批记入的全部冲回；火点由下一次编制再记入。"),
    Transition("return", "登记退回", "batch.returned", (S.SUBMITTED, S.APPROVED), S.RETURNED, _BUREAU,
        takes=(Datum("returned_on"), REASON, _REMARK_NO, *_SCAN),
        hint="市政府没有同意，或者退回来了：登记退件、日期和理由。本批什么也不再成立，火点由下一次编制再记入。"),
)  # fmt: skip

LIFE = Life(
    "batch",
    TRANSITIONS,
    noun="批次",
    state_label=lambda state: BatchState(state).label,
    common=frozenset({"batch_id", "actor"}),
    # Requirements that another actor could meet.
    about_the_person=(another_checks, another_registers, another_vouches),
)
BY_STEP = LIFE.by_action
act, available_actions, refusal = LIFE.act, LIFE.available_actions, LIFE.refusal
