"""A home of an earlier commit under the program of today: nothing of what it recorded may be lost.

`python -m tests.upgrade.forward --from COMMIT [--only sqlite]` makes the demonstration with the earlier program, on SQLite
and on a PostgreSQL of its own, migrates it with today's, and compares: the journal verifies against the head kept before,
every append-only table has its triggers, the month's report is the same but for the printed head, every page of a clerk
answers as before, and the difference of the schema is printed. One JSON object on stdout; exit code 0 when all hold.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import services

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv" / "bin" / "python"
HEAD = re.compile(r'"journal_head": "[^"]*"')
WALK = Path(__file__).with_name("answers.py")


def main(arguments: list[str]) -> int:
    """0 when every comparison holds on every database that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.upgrade.forward")
    parser.add_argument("--from", dest="commit", required=True, help="the commit whose program makes the home")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    options = parser.parse_args(arguments)
    results: dict[str, Any] = {}
    with earlier_tree(options.commit) as tree:
        for vendor in ("sqlite", "postgresql"):
            if options.only in (None, vendor):
                results[vendor] = forward(tree, vendor)
    print(json.dumps(results, ensure_ascii=False, indent=1))
    return 0 if all(result["ok"] for result in results.values()) else 1


@contextmanager
def earlier_tree(commit: str) -> Iterator[Path]:
    """A checkout of `commit` that shares this tree's packages; its front end is built when the home is made."""
    folder = Path(tempfile.mkdtemp(prefix="jinshao-earlier-"))
    try:
        run(["git", "worktree", "add", "--detach", "--quiet", str(folder / "tree"), commit], ROOT, {})
        (folder / "tree" / ".venv").symlink_to(ROOT / ".venv")
        shutil.copytree(ROOT / "frontend" / "dist", folder / "tree" / "frontend" / "dist")
        yield folder / "tree"
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", str(folder / "tree")], cwd=ROOT, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def forward(tree: Path, vendor: str) -> dict[str, Any]:
    """What became of one home: each comparison with its outcome, and `ok`."""
    room = Path(tempfile.mkdtemp(prefix="jinshao-home-"))
    room.chmod(0o711)
    servers = services.Services()
    environment = {"JINSHAO_HOME": str(room / "home"), "DATABASE_URL": f"sqlite:///{room / 'home' / 'jinshao.sqlite3'}"}
    try:
        if vendor == "postgresql":
            servers.folder = room
            environment["DATABASE_URL"] = servers._start_postgres()
        run([PYTHON, "manage.py", "quickstart", "--check"], tree, environment)
        before = state_of(tree, environment, room / "before")
        manage(ROOT, environment, "migrate", "--no-input")
        after = state_of(ROOT, environment, room / "after", head=before["head"])
        return compared(before, after)
    finally:
        servers.stop()
        shutil.rmtree(room, ignore_errors=True)


def state_of(tree: Path, environment: dict[str, str], out: Path, head: str = "") -> dict[str, Any]:
    """What the program in `tree` says of the home: the verified journal, the month's report, pages, schema."""
    expect = ["--expect", head] if head else []
    verified = json.loads(manage(tree, environment, "journal", "verify", *expect, "--json"))
    answers = json.loads(run([PYTHON, str(WALK)], tree, environment))
    month = answers["month"]
    report = HEAD.sub("", manage(tree, environment, "report", month, "--out", str(out), "--json"))
    report = report.replace(str(out), "")
    return {"head": verified["head"], "verified": verified["ok"], "report": report, **answers}


def compared(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The comparisons, each true or with what differs; the schema's difference is for a person to read."""
    pages = {
        address: [status, after["pages"].get(address)]
        for address, status in before["pages"].items()
        if after["pages"].get(address) != status
    }
    held = {
        "verified": after["verified"],
        "triggers": not after["missing_triggers"],
        "report": before["report"] == after["report"],
        "pages": not pages,
    }
    schema = {
        "gone": sorted(set(before["schema"]) - set(after["schema"])),
        "new": sorted(set(after["schema"]) - set(before["schema"])),
    }
    counts = {"asked": len(before["pages"]), "points": before["points"]}
    return {"ok": all(held.values()), **held, "differing_pages": pages, "schema": schema, "of": counts}


def manage(tree: Path, environment: dict[str, str], *arguments: str) -> str:
    """The stdout of one management command of the program in `tree`."""
    return run([PYTHON, "manage.py", *arguments], tree, environment)


def run(command: list[Any], folder: Path, environment: dict[str, str]) -> str:
    """The stdout of a command; what it says on stderr is shown when it fails."""
    whole = {**os.environ, "JINSHAO_BOOTSTRAPPED": "1", "PYTHONPATH": str(folder), **environment}
    done = subprocess.run([str(part) for part in command], cwd=folder, env=whole, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout[-2000:], done.stderr[-4000:], file=sys.stderr)
        raise SystemExit(f"{command[1:]} ended with {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
