"""A CSV of the office, UTF-8 or GBK, as its rows by our own names of the columns. Pure."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.errors import BadInput
from grids.editions.columns import text_of

Columns = Mapping[str, Sequence[str]]
"""Our name of a column → how it may be headed, in lower case."""


def csv_rows(
    path: Path, columns: Columns, *, must: Sequence[str], missing_message: str
) -> list[tuple[int, dict[str, str]]]:
    """(line of the file, {our name: text}) of every row that is not blank; a column that is not there is the empty text.

    Raises BadInput for no file, and with `missing_message` when one of the columns that must be there is not.
    """
    reader = csv.DictReader(_text(path).splitlines())
    names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    headings = {
        field: next((names[alias] for alias in aliases if alias in names), None) for field, aliases in columns.items()
    }
    if not all(headings[field] for field in must):
        raise BadInput(missing_message, where=path.name, code="missing_column")
    return [
        (line, {field: text_of(row.get(name or "")) if name else "" for field, name in headings.items()})
        for line, row in enumerate(reader, start=2)
        if any(text_of(value) for value in row.values() if not isinstance(value, list))
    ]


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput("没有这个文件", where=path.name, code="no_file") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", errors="replace")
