"""A ledger in memory: drafts with ids, appended as a batch appends them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from penalties.ledger import difference
from penalties.ledger.difference import Charge, EntryDraft


@dataclass(frozen=True, kw_only=True)
class Posted(EntryDraft):
    """A draft that was posted: it has its id."""

    id: int


def append(entries: list[Posted], desired: Mapping[int, Charge]) -> list[Posted]:
    """The ledger after the difference was asked for and appended."""
    drafts = difference.diff(desired, difference.replay(entries))
    return [*entries, *(Posted(id=len(entries) + n, **asdict(draft)) for n, draft in enumerate(drafts, 1))]
