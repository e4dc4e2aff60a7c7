"""Decisions have a subject, a status and a date, follow each other without a gap, and stand in the index."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import decisions


def test_every_decision_says_its_subject_status_and_date_and_its_file_its_number() -> None:
    rows = decisions.decisions()
    assert [row.number for row in rows] == [f"{at:04}" for at in range(1, len(rows) + 1)]
    assert [row.path.name[:4] for row in rows] == [row.number for row in rows]


def test_a_superseded_decision_names_one_that_is_there_and_younger() -> None:
    rows = {row.path.name: row for row in decisions.decisions()}
    for row in rows.values():
        if (match := decisions.STATUS.fullmatch(row.status)) and match[2]:
            assert rows[match[2]].number == match[1] > row.number


def test_the_index_is_that_of_the_files() -> None:
    assert decisions.in_page() == decisions.index(), "python -m tests.docs.decisions --write"


@pytest.mark.parametrize(
    "text",
    [
        "# A title without a number\n\n*Status:* Accepted. *Date:* 2026-11-28. *Subject:* API.\n\n",
        "# 0099 Title\n\n**Accepted.** And no date.\n",
        "# 0099 Title\n\n*Status:* Perhaps. *Date:* 2026-11-28. *Subject:* API.\n\n",
        "# 0099 Title\n\n*Status:* Accepted. *Date:* 2026-13-28. *Subject:* API.\n\n",
    ],
)
def test_a_head_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    page = tmp_path / "0099.txt"
    page.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"0099|month"):
        decisions.read(page)
