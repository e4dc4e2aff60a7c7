"""What code and pages cite is there: clauses and sections of docs/policy.md, decisions by number, and nothing of other papers."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
POLICY = ROOT / "docs" / "policy.md"
HERE = Path(__file__).name
CLAUSE = re.compile(r"(?<![\w%])C(\d{1,2})(?![\w%])")
SECTION = re.compile(r"(?:\bpolicy\.md |, )§(\d)([a-h])?")
DECISION = re.compile(
    r"\b(?:ADR|[Dd]ecision|docs/decisions/) ?(\d{4})\b|\]\((?:\.\./)?(?:decisions/)?(\d{4})-[\w-]+\.md\)"
)


@cache
def texts() -> dict[str, str]:
    """{path: text} of every file under version control that people write: code, templates, front end, packs, pages."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    kinds = (".py", ".html", ".ts", ".css", ".toml", ".md", ".txt")
    paths = [ROOT / name for name in listed if name.endswith(kinds) and not name.startswith("requirements/")]
    return {
        str(path.relative_to(ROOT)): path.read_text("utf-8") for path in paths if path.name != HERE and path.exists()
    }


def cited(pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
    for name, text in texts().items():
        if name != "pyproject.toml":  # C4 is a set of ruff's rules there
            yield from ((name, match) for match in pattern.finditer(text))


def clauses() -> set[str]:
    """The ids of the rows of §1."""
    return set(re.findall(r"^\| C(\d+) \|", POLICY.read_text("utf-8"), re.M))


def sections() -> set[str]:
    """ "4" for each section, "2e" for each of the questions in it."""
    page = POLICY.read_text("utf-8")
    return set(re.findall(r"^## (\d)\. ", page, re.M)) | {
        f"2{letter}" for letter in re.findall(r"^\* \*\*\(([a-h])\)\*\*", page, re.M)
    }


def test_the_policy_has_every_clause_every_section_and_every_question() -> None:
    assert clauses() == {str(number) for number in range(1, 24)}
    assert sections() == {*"12345678", *(f"2{letter}" for letter in "abcdefgh")}


def test_every_clause_cited_is_a_row_of_the_policy() -> None:
    places = list(cited(CLAUSE))
    assert [(name, match[0]) for name, match in places if match[1] not in clauses()] == []
    assert len(places) > 200


def test_every_section_cited_is_a_heading_of_the_policy() -> None:
    places = list(cited(SECTION))
    assert [(name, match[0]) for name, match in places if f"{match[1]}{match[2] or ''}" not in sections()] == []
    assert len(places) > 80


def test_no_section_is_cited_without_the_page_it_is_of() -> None:
    bare = [
        (name, text[max(0, at - 30) : at + 4])
        for name, text in texts().items()
        if name not in ("docs/policy.md", "docs/policy-text.md")
        for at in (match.start() for match in re.finditer("§", text))
        if not SECTION.search(text[max(0, at - 11) : at + 3])
    ]
    assert bare == []


def test_only_pages_of_this_repository_are_cited() -> None:
    pages = {Path(name).name for name in texts() if name.endswith(".md")}
    foreign = [(name, match[0]) for name, match in cited(re.compile(r"\b[\w-]+\.md\b")) if match[0] not in pages]
    assert foreign == []


def test_every_decision_cited_is_on_file() -> None:
    numbers = {path.name[:4] for path in (ROOT / "docs/decisions").glob("0*.md")}
    places = [(name, match[1] or match[2]) for name, match in cited(DECISION)]
    assert [place for place in places if place[1] not in numbers] == []
    assert len(places) > 5


def test_the_words_in_corner_brackets_are_those_of_the_notice() -> None:
    notice = re.sub(r"\s", "", (ROOT / "docs/policy-text.md").read_text("utf-8"))
    obligations = POLICY.read_text("utf-8").split("## 1. ")[1].split("\n## ")[0]
    quotes = re.findall("「([^」]+)」", obligations)
    assert [words for words in quotes if re.sub(r"\s", "", words) not in notice] == []
    assert len(quotes) > 25


def test_a_mark_of_a_reading_is_explained_in_the_policy() -> None:
    assert "*`[R]`* marks a **reading of ours**" in POLICY.read_text("utf-8")
