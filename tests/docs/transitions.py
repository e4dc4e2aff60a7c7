"""The tables of acts as Markdown, from the code: `python -m tests.docs.transitions` prints them for docs/architecture.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.transitions import Datum, Transition
from firepoints.steps.workflow import TRANSITIONS
from firepoints.terms.states import State
from grids.roles import ROLE_LABELS, Role
from penalties.batches.life import TRANSITIONS as BATCH_STEPS
from penalties.models import BatchState

HEAD = "| action | 办理 | from | to | by | requires | takes |"
START, END = "<!-- {}:", "<!-- /{} -->"


def table() -> str:
    """One line for each act on a fire point, in the order of its table."""
    return _table(TRANSITIONS, State)


def batch_table() -> str:
    """One line for each step of a batch, in the order of its table."""
    return _table(BATCH_STEPS, BatchState)


def _table(rows: Iterable[Transition[Any]], states: Any) -> str:
    return "\n".join([HEAD, "|---" * 7 + "|", *(_line(row, states) for row in rows)])


def _line(row: Transition[Any], states: Any) -> str:
    sources = [state.label for state in states if state in row.sources]
    roles = [ROLE_LABELS[role] for role in Role if role in row.roles]
    cells = [
        f"`{row.action}`",
        row.label,
        "、".join(sources),
        states(row.target).label if row.target else "–",
        "、".join(roles),
        ", ".join(f"`{one.__name__}`" for one in row.requires) or "–",
        ", ".join(map(_datum, row.takes)) or "–",
    ]
    return "| " + " | ".join(cells) + " |"


def _datum(datum: Datum) -> str:
    return f"`{datum.name}`{'' if datum.is_required else '?'}{' …' if datum.is_list else ''}"


def in_page(page: str, name: str = "transitions") -> str:
    """The table that stands between the two marks of that name on a page."""
    after = page.split(START.format(name), 1)[1].split("-->", 1)[1]
    return after.split(END.format(name), 1)[0].strip()


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    print(table(), batch_table(), sep="\n\n")
