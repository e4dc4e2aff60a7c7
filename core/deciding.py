"""Commands that decide in a person's name, and are refused outside a demonstration (policy.md §5).

Whoever may run the program could be every office at once, without a password. What settles a question of money is done by
the person's own hand, on a page or by a token; set-up, import, report, list and verify stay commands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from core import clock
from core.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Deciding:
    """Words of one command that decide, and what they decide."""

    command: str
    words: tuple[str, ...]
    what: str


DECIDING: Final = (
    Deciding("point act", ("recognise", "exclude", "uphold", "stand"), "认定，复核后维持"),
    Deciding("point act", ("waive",), "书面放弃异议"),
    Deciding("point act", ("reopen",), "重新核实"),
    Deciding("point act", ("settle_jointly",), "联合核实记录"),
    Deciding("point act", ("review", "close"), "核对完毕，关闭线索"),
    Deciding("point act", ("merge", "merge_decided", "unmerge", "split"), "并入、撤销并入、划分"),
    Deciding("point act", ("relocate", "reattribute"), "更正位置、重新归属"),
    Deciding(
        "batch",
        ("freeze", "submit", "approve", "send", "settle", "empty", "recall", "return"),
        "批次：冻结、报送、批件、送财政、凭证、撤回、退回",
    ),
    Deciding("circular", ("issue",), "通报：登记印发"),
    Deciding("ruling", ("set",), "裁定"),
    Deciding("payer", ("set", "area", "succeed"), "扣缴单位"),
    Deciding("proposal", ("accept", "refuse"), "提议：同意、不同意"),
)
"""Everything that decides; what is not here, no command of that name or an act that decides nothing, stays."""


def decides(words: Sequence[str]) -> bool:
    """Whether the words of a command decide: ("point", "act", "recognise")."""
    command, last = " ".join(words[:-1]), words[-1] if words else ""
    return any(row.command == command and last in row.words for row in DECIDING)


def require_may_decide(words: Sequence[str]) -> None:
    """Raises NotAllowed (command_decides) for a command that decides, but in a demonstration or where the deployment says
    JINSHAO_COMMANDS_DECIDE=1."""
    if not decides(words) or settings.JINSHAO_COMMANDS_DECIDE or clock.MAY_SIMULATE.get()():
        return
    raise NotAllowed(
        f"“{' '.join(words)}”要由本人在网页或接口上办理：命令不问密码，谁都能以别人的身份办。"
        "确要用命令办的部署，设置 JINSHAO_COMMANDS_DECIDE=1（docs/deployment.md）。",
        code="command_decides",
    )
