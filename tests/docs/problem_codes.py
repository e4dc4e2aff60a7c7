"""Every stable code of a refusal, from the code itself: `python -m tests.docs.problem_codes --write` renews the table
of docs/api.md.

A code is a string given as `code=` to a class of refusals, or the `code` of such a class; its status is the class's.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from rest_framework.exceptions import APIException

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "api.md"
PACKAGES = ("core", "journal", "grids", "papers", "firepoints", "penalties", "demo")
START = "<!-- codes: `python -m tests.docs.problem_codes --write` renews this table; a test holds it to the code -->"
END = "<!-- /codes -->"
BASES = {"Refused": ("refused", 409)}

Found = dict[str, tuple[int, str]]


def classes() -> dict[str, tuple[str, int]]:
    """{class of refusals: (its code, its status)}, heirs included."""
    known = dict(BASES)
    heirs = [node for tree in _trees() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for _ in range(4):  # heirs of heirs
        for node in heirs:
            bases = [base.id for base in node.bases if isinstance(base, ast.Name) and base.id in known]
            if bases:
                code, status = known[bases[0]]
                given = dict(_constants(node))
                known[node.name] = (str(given.get("code", code)), int(given.get("http_status", status)))
    return known


def _constants(node: ast.ClassDef) -> Iterator[tuple[str, str | int]]:
    for line in node.body:
        value = getattr(line, "value", None)
        names = [line.target] if isinstance(line, ast.AnnAssign) else getattr(line, "targets", [])
        if isinstance(value, ast.Constant) and isinstance(value.value, str | int):
            yield from ((name.id, value.value) for name in names if isinstance(name, ast.Name))


def _trees() -> Iterator[ast.Module]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield ast.parse(path.read_text("utf-8"))


def codes() -> Found:
    """{code: (status, an example of what people read)}."""
    from core.http.problems import CODES

    known = classes()
    found: Found = {
        code: (int(kind.status_code), title) for kind, code, title in CODES if issubclass(kind, APIException)
    }
    found["no_such_address"] = (404, "没有这个接口")
    for code, status in known.values():
        found.setdefault(code, (status, ""))
    for tree in _trees():
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in known:
                own, status = known[call.func.id]
                given = next((word.value for word in call.keywords if word.arg == "code"), None)
                code = given.value if isinstance(given, ast.Constant) else own if given is None else ""
                if code and not found.get(str(code), (0, ""))[1]:
                    found[str(code)] = (status, _words(call))
    return found


def _words(call: ast.Call) -> str:
    """The message of a call as far as it is written there; what is filled in is shown as …."""
    first = call.args[0] if call.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return first.value
    if isinstance(first, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in first.values)
    return ""


def table() -> str:
    """One line for each code, by name."""
    lines = [f"| `{code}` | {status} | {_plain(text)} |" for code, (status, text) in sorted(codes().items())]
    return "\n".join(["| code | status | for example |", "|---|---|---|", *lines])


def _plain(text: str) -> str:
    short = " ".join(text.replace("|", "｜").replace("`", "").split())
    return short if len(short) <= 60 else f"{short[:59]}…"


def in_page() -> str:
    """The table as it stands in docs/api.md."""
    text = PAGE.read_text("utf-8")
    return text.split(START, 1)[1].split(END, 1)[0].strip()


def write() -> None:
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(START)
    PAGE.write_text(f"{before}{START}\n{table()}\n{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        sys.stdout.write(table() + "\n")
