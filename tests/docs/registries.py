"""The registries as a Markdown table, from the code: `python -m tests.docs.registries` prints it for docs/architecture.md."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from core.registry import Registry, registries

HEAD = "| registry | of | shape | asked by | what for | answered by |"
START, END = "<!-- registries:", "<!-- /registries -->"
APPS = ("core", "journal", "papers", "grids", "firepoints", "penalties", "demo")


def table() -> str:
    """One line for each registry of a process that serves pages and does jobs."""
    from django.conf import settings

    from journal.jobs import jobs

    jobs.discover()
    import_module(settings.ROOT_URLCONF)
    ours = [one for one in registries() if one.module.partition(".")[0] in APPS]
    return "\n".join([HEAD, "|---" * 6 + "|", *map(_line, ours)])


def _line(registry: Registry[Any]) -> str:
    answered_by = [f"`{app}`" for app in APPS if app in registry.answered_by]
    cells = [
        f"`{registry.module.replace('.', '/')}.py`",
        registry.name,
        type(registry).__name__,
        registry.asked_by,
        registry.what_for,
        ", ".join(answered_by) if len(answered_by) < 4 else "every app",
    ]
    return "| " + " | ".join(cells) + " |"


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
