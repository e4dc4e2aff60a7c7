"""The index of the decisions, from their own heads: `python -m tests.docs.decisions --write` renews docs/decisions/README.md."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "decisions"
PAGE = FOLDER / "README.md"
START = "<!-- index: `python -m tests.docs.decisions --write` renews this; a test holds it to the files -->"
END = "<!-- /index -->"
TITLE = re.compile(r"# (\d{4}) (\S.*)\n\n")
HEAD = re.compile(
    r"\*Status:\* (?P<status>[^*]+)\. \*Date:\* (?P<date>[\d-]{10})\. \*Subject:\* (?P<subject>[^*.]+)\.\n\n"
)
STATUS = re.compile(r"Accepted|Proposed|Rejected|Superseded by \[(\d{4})\]\((\d{4}-[\w-]+\.md)\)")


@dataclass(frozen=True)
class Decision:
    """One record: what its first lines say. `date` is the day on which it was decided."""

    path: Path
    number: str
    title: str
    status: str
    date: date
    subject: str


def read(path: Path) -> Decision:
    """The head of one record. Raises ValueError, naming the file, for a head of another shape."""
    text = path.read_text("utf-8")
    title = TITLE.match(text)
    head = HEAD.match(text, title.end()) if title else None
    if not (title and head and STATUS.fullmatch(head["status"])):
        raise ValueError(f"{path.name}: “# NNNN Subject: what is decided”, then *Status:* … *Date:* … *Subject:* …")
    return Decision(path, title[1], title[2], head["status"], date.fromisoformat(head["date"]), head["subject"])


def decisions() -> list[Decision]:
    """Every record, by number."""
    return [read(path) for path in sorted(FOLDER.glob("[0-9]*.md"))]


def index() -> str:
    """The two lists of the page: by number, and by subject."""
    rows = decisions()
    lines = ["## By number", "", "| | decision | status | date |", "|---|---|---|---|"]
    lines += [f"| {row.number} | [{row.title}]({row.path.name}) | {row.status} | {row.date} |" for row in rows]
    lines += ["", "## By subject", ""]
    for subject in sorted({row.subject for row in rows}):
        links = (f"[{row.number}]({row.path.name}) {row.title}" for row in rows if row.subject == subject)
        lines.append(f"* **{subject}.** {'; '.join(links)}")
    return "\n".join(lines)


def in_page() -> str:
    """The index as it stands in the page."""
    return PAGE.read_text("utf-8").split(START, 1)[1].split(END, 1)[0].strip()


def write() -> None:
    before, _, rest = PAGE.read_text("utf-8").partition(START)
    PAGE.write_text(f"{before}{START}\n{index()}\n{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        sys.stdout.write(index() + "\n")
