"""The transition table as Markdown, from the code: `python -m tests.docs.transitions` prints it for docs/architecture.md."""

from __future__ import annotations

from core.transitions import Datum, Transition
from firepoints.steps.workflow import TRANSITIONS, Facts
from firepoints.terms.states import State
from grids.roles import ROLE_LABELS, Role

HEAD = "| action | 办理 | from | to | by | requires | takes |"
START, END = "<!-- transitions:", "<!-- /transitions -->"


def table() -> str:
    """One line for each row of the table, in its order."""
    return "\n".join([HEAD, "|---" * 7 + "|", *map(_line, TRANSITIONS)])


def _line(row: Transition[Facts]) -> str:
    sources = [state.label for state in State if state in row.sources]
    roles = [ROLE_LABELS[role] for role in Role if role in row.roles]
    cells = [
        f"`{row.action}`",
        row.label,
        "、".join(sources),
        State(row.target).label if row.target else "–",
        "、".join(roles),
        ", ".join(f"`{one.__name__}`" for one in row.requires) or "–",
        ", ".join(map(_datum, row.takes)) or "–",
    ]
    return "| " + " | ".join(cells) + " |"


def _datum(datum: Datum) -> str:
    return f"`{datum.name}`{'' if datum.is_required else '?'}{' …' if datum.is_list else ''}"


def in_page(page: str) -> str:
    """What stands between the two marks of a page."""
    after = page.split(START, 1)[1].split("-->", 1)[1]
    return after.split(END, 1)[0].strip()


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    print(table())
