"""Whatever the file: sightings, rejected rows and notes add up to its rows, or it is refused with words. Nothing else.

JINSHAO_FUZZ_EXAMPLES sets how many files each test makes (60 here; what longer runs found is in docs/threat-model.md).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firepoints.feedback.returned import opinions_in
from firepoints.sightings.readers import firms, fy4, himawari, lists, patrol
from firepoints.sightings.readers.base import ParseOptions, ParseResult, SourceError
from firepoints.sightings.readers.suggest import suggest_mapping
from firepoints.sightings.readers.table import table_of
from firepoints.sightings.readers.text import plain
from papers.encodings import decode
from papers.reading import Sheet, read_sheets
from tests.fuzz.files import KINDS, LIST, LIST_ROW, texts, workbooks

EXAMPLES = int(os.environ.get("JINSHAO_FUZZ_EXAMPLES", "60"))
QUICK = settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
FEW = settings(QUICK, max_examples=max(EXAMPLES // 6, 5))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
OPTIONS = ParseOptions(now=NOW, area=(118.0, 38.0, 126.0, 44.0))
READERS: dict[str, Callable[..., ParseResult]] = {
    "firms": firms.parse, "lists": lists.parse, "patrol": patrol.parse, "himawari": himawari.parse, "fy4": fy4.parse
}  # fmt: skip
NOTHING = " \t\r\n\f\v\x1a\x1c\x1d\x1e\x1f\x85\xa0\u3000\u2028\u2029,;#\"'，；、"


def outcomes(kind: str, data: bytes, options: ParseOptions = OPTIONS) -> ParseResult | None:
    """Read, and check all that must hold of any answer."""
    try:
        result = READERS[kind](data, options=options)
    except SourceError as error:
        return None if error.what and error.code else pytest.fail("a refusal without words")
    parts: list[Any] = [*result.sightings, *result.rejected, *result.notes]
    places = [(row.sheet, row.row_no) for row in parts]
    assert len(places) == len(set(places)), "a row ended in two places"
    assert all(row.reason and row.code for row in result.rejected)
    for one in result.sightings:
        assert one.starts_at <= one.ends_at
        assert abs(one.lat) <= 90
        assert abs(one.lon) <= 180
        assert one.starts_at <= NOW + options.future_tolerance
    table = table_of(result)
    assert len(table) == len(result.sightings)
    assert all("\x00" not in line for line in table.raw_line.to_pylist())
    return result


def filled_rows(data: bytes, kind: str) -> set[tuple[str, int]] | None:
    """(sheet, row) of every row that holds anything, counted without the readers; None where lines cannot be told."""
    if data[:4] == b"PK\x03\x04" or kind in ("lists", "patrol"):
        return {(sheet.name, i + 1) for sheet in read_sheets(data, OPTIONS) for i in rows_with_text(sheet)}
    text, _ = decode(data)
    lines = text.replace("\r\n", "\n").split("\n") if "\n" in text else text.split("\r")
    if "\r" in text.replace("\r\n", "") and "\n" in text:
        return None  # line ends of both kinds: which of them counts is the reader's matter
    return {("", i + 1) for i, line in enumerate(lines) if line.strip(NOTHING)}


def rows_with_text(sheet: Sheet) -> list[int]:
    # Marks without a width are nothing: a row of them alone is blank to whoever looks at it.
    return [
        i
        for i, row in enumerate(sheet.rows)
        if any(plain(str(cell)).strip(NOTHING) for cell in row if cell is not None)
    ]


def nothing_vanishes(kind: str, data: bytes) -> None:
    result = outcomes(kind, data)
    if result is None:
        return
    expected = filled_rows(data, kind)
    if expected is None:
        return
    parts: list[Any] = [*result.sightings, *result.rejected, *result.notes]
    missing = expected - {(row.sheet, row.row_no) for row in parts}
    # The heading of a FIRMS file is no note: `notes` counts what an office added.
    headings = {min(row for row in missing if row[0] == sheet) for sheet, _ in missing} if kind == "firms" else set()
    assert missing <= headings, f"rows without an outcome: {sorted(missing)[:5]}"


@pytest.mark.parametrize("kind", KINDS)
@QUICK
@given(data=st.data())
def test_every_filled_line_of_a_text_has_one_outcome_or_the_file_is_refused(kind, data):
    nothing_vanishes(kind, data.draw(texts(kind)))


@pytest.mark.parametrize("kind", ["firms", "lists", "patrol"])
@FEW
@given(data=st.data())
def test_every_filled_row_of_a_workbook_has_one_outcome_or_the_file_is_refused(kind, data):
    nothing_vanishes(kind, data.draw(workbooks(kind)))


def test_a_reader_that_loses_a_row_is_seen(monkeypatch):
    good, bad = LIST_ROW, LIST_ROW.replace("41.2", "x")
    data = "\n".join((LIST, good, bad)).encode()
    nothing_vanishes("lists", data)
    monkeypatch.setitem(READERS, "lists", lambda *given, **told: replace(lists.parse(*given, **told), rejected=()))
    with pytest.raises(AssertionError, match="without an outcome"):
        nothing_vanishes("lists", data)


@FEW
@given(st.sampled_from(sorted(KINDS)), st.sampled_from(sorted(KINDS)), st.data())
def test_a_file_of_one_kind_read_as_another_is_refused_or_accounted_for(kind, other, data):
    nothing_vanishes(other, data.draw(texts(kind)))


@FEW
@given(
    st.one_of(st.binary(max_size=400), texts("lists"), workbooks("lists")),
    st.sampled_from(["firms", "national_list", "patrol"]),
)
def test_a_mapping_is_proposed_for_any_table_and_reads_it_or_is_refused(data, parser):
    try:
        found = suggest_mapping(data, parser=parser, options=OPTIONS)
    except SourceError:
        return
    kind = {"national_list": "lists"}.get(parser, parser)
    assert all(0 <= one.confidence <= 1 for sheet in found.sheets for one in sheet.columns)
    result = outcomes(kind, data, ParseOptions(now=NOW, mapping=found.mapping))
    assert result is not None or not found.complete


@FEW
@given(st.sampled_from(sorted(KINDS)), st.binary(max_size=600))
def test_any_bytes_are_refused_or_accounted_for(kind, data):
    outcomes(kind, data)


@FEW
@given(st.one_of(texts("lists"), workbooks("lists")), st.booleans())
def test_a_returned_table_is_refused_or_every_opinion_has_its_row_or_its_problem(data, has_opinions):
    original = "\n".join((LIST, *(LIST_ROW.replace("1,", f"{at},", 1) for at in range(1, 4)))).encode()
    options = ParseOptions(now=NOW, mapping={"note": "备注"})
    try:
        sheets = read_sheets(data, options)
        if has_opinions:
            sheets = [replace(one, rows=[[*row, "认可" if i % 2 else "省厅意见"] for i, row in enumerate(one.rows)])
                      for one in sheets]  # fmt: skip
        found, silent = opinions_in(sheets, read_sheets(original, options), options=options)
    except SourceError:
        return
    assert silent >= 0
    assert all(bool(one.of) != bool(one.problem) for one in found)
    assert all(one.of is None or one.accepted is not None for one in found)
