"""The register of acts: what may stand in the journal, and its Chinese name. Each app fills it from its acts.py."""

from __future__ import annotations

from dataclasses import dataclass

from journal.errors import UnknownAct


@dataclass(frozen=True)
class Act:
    """`name` is stable and dotted (`fire_point.recognised`); `label` is what people read (认定)."""

    name: str
    label: str


_acts: dict[str, Act] = {}


def register(name: str, label: str) -> Act:
    """Add an act. The same name with another label is a defect and raises ValueError."""
    act = Act(name, label)
    if len(name) > 60:
        raise ValueError(f"act name too long for its column: {name}")
    if _acts.setdefault(name, act) != act:
        raise ValueError(f"act {name} is already registered as {_acts[name].label}")
    return act


def get(name: str) -> Act:
    """The act of that name; raises UnknownAct."""
    try:
        return _acts[name]
    except KeyError:
        raise UnknownAct(f"act {name!r} is not in the register: add it to the app's acts.py") from None


def label(name: str) -> str:
    """The Chinese name; an act that no longer exists in the code is shown by its own name."""
    act = _acts.get(name)
    return act.label if act else name


def choices() -> list[tuple[str, str]]:
    """All acts as (name, label), by name."""
    return sorted((act.name, act.label) for act in _acts.values())


register("journal.deployment_set", "部署设置")
register("journal.epoch_opened", "恢复备份后开启新纪元")
register("journal.job_retried", "重试后台任务")
