"""The register of acts: what may stand in the journal, and its Chinese name. Each app fills it from its acts.py."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import UnknownAct
from core.registry import Named


@dataclass(frozen=True)
class Act:
    """`name` is stable and dotted (`fire_point.recognised`); `label` is what people read (认定)."""

    name: str
    label: str


ACTS: Named[Act] = Named(
    "acts",
    asked_by="every act that is recorded, the journal's page",
    what_for="what may stand in the journal, and its Chinese name",
    unknown=lambda name: UnknownAct(f"act {name!r} is not in the register: add it to the app's acts.py"),
)


def register(name: str, label: str) -> Act:
    """Add an act. The same name with another label is a defect and raises ValueError."""
    if len(name) > 60:
        raise ValueError(f"act name too long for its column: {name}")
    return ACTS.add(name, Act(name, label))


def get(name: str) -> Act:
    """The act of that name; raises UnknownAct."""
    return ACTS[name]


def label(name: str) -> str:
    """The Chinese name; an act that no longer exists in the code is shown by its own name."""
    act = ACTS.get(name)
    return act.label if act else name


def choices() -> list[tuple[str, str]]:
    """All acts as (name, label), by name."""
    return [(name, act.label) for name, act in ACTS.items()]


register("journal.deployment_set", "部署设置")
register("journal.epoch_opened", "恢复备份后开启新纪元")
register("journal.job_retried", "重试后台任务")
register("proposal.made", "提请")
register("proposal.accepted", "同意提请")
register("proposal.refused", "不同意提请")
register("proposal.lapsed", "提请失效")
