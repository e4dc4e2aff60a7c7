"""The commands that decide as Markdown, from the code: `python -m tests.docs.deciding` prints it for docs/commands.md."""

from __future__ import annotations

from core.deciding import DECIDING

START, END = "<!-- deciding:", "<!-- /deciding -->"


def table() -> str:
    """One line for each row of the list, in its order."""
    lines = [f"| `{row.command}` | {', '.join(f'`{word}`' for word in row.words)} | {row.what} |" for row in DECIDING]
    return "\n".join(["| command | words | 决定什么 |", "|---|---|---|", *lines])


def in_page(page: str) -> str:
    """What stands between the two marks of a page."""
    after = page.split(START, 1)[1].split("-->", 1)[1]
    return after.split(END, 1)[0].strip()


if __name__ == "__main__":
    print(table())
