"""The acts that take two persons as a Markdown table, from the code: `python -m tests.docs.two_persons` prints it for
docs/architecture.md."""

from __future__ import annotations

from typing import Any

from grids.roles import ROLE_LABELS, Role

HEAD = "| ruling | 办理 | acts | 要由两人办理的情况 | second person |"
START, END = "<!-- two_persons:", "<!-- /two_persons -->"


def table() -> str:
    """One line for each row of the table, in its order."""
    from firepoints.policy.two_persons import TABLE  # its rulings are models: not before the apps are ready

    return "\n".join([HEAD, "|---" * 5 + "|", *map(_line, TABLE)])


def _line(row: Any) -> str:
    acts = ", ".join(f"`{action}`" for action in row.actions)
    second = "、".join(ROLE_LABELS[role] for role in Role if role in row.second)
    return f"| `{row.ruling}` | {row.label} | {acts} | {row.when} | {second} |"


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
