"""One line of a roster of people, as it is read and before anybody asks what it would change (C2). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from grids.roles import POST_KIND_LABELS, PostKind

PostKey = tuple[str, str, str]
"""Cell code, kind, title."""


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One person in one post. `username` "" = found by identity, or by name and phone, or opened anew; `phone` "" = left as it is.

    `starts` None = from the day of the load; `line` = the row of the sheet, for the words of an error.
    """

    cell_code: str
    level: str
    kind: str
    username: str
    full_name: str
    phone: str = ""
    title: str = ""
    unit: str = ""
    is_acting: bool = False
    starts: date | None = None
    ends: date | None = None
    document_no: str = ""
    line: int = 0
    identity: str = ""

    @property
    def post_title(self) -> str:
        return self.title or POST_KIND_LABELS[PostKind(self.kind)]

    @property
    def key(self) -> PostKey:
        return self.cell_code, self.kind, self.post_title
