"""A ledger in memory: drafts with ids, appended as a batch appends them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from penalties.ledger import difference
from penalties.ledger.difference import Charge, EntryDraft


@dataclass(frozen=True, kw_only=True)
class Posted(EntryDraft):
    """A draft that was posted: it has its id."""

    id: int
    batch_id: int = 1


def append(entries: list[Posted], desired: Mapping[int, Charge], batch_id: int = 1) -> list[Posted]:
    """The ledger after the difference was asked for and appended."""
    return posted(entries, difference.diff(desired, difference.replay(entries)), batch_id)


def posted(entries: list[Posted], drafts: list[EntryDraft], batch_id: int) -> list[Posted]:
    """The ledger after drafts were appended under a batch."""
    rows = (Posted(id=len(entries) + n, batch_id=batch_id, **asdict(draft)) for n, draft in enumerate(drafts, 1))
    return [*entries, *rows]
