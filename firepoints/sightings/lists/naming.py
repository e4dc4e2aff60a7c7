"""The name of a list as its file proposes it: issuer, period and number, from the name of the file and the lines above its table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from firepoints.models import ImportRun, Source
from firepoints.sightings.importing.reading import ListName
from firepoints.sightings.readers.list_names import said_of_list

ROOM = (80, 40, 80)  # characters of issuer, period and number


def proposed_name(source: Source, filename: str, titles: Sequence[str], name: ListName) -> ListName | None:
    """What may be filled into a name that leaves something open; None for what is no official list, and where nothing is
    proposed."""
    if source.source_class != Source.Class.OFFICIAL_LIST:
        return None
    runs = ImportRun.objects.filter(source=source, state=ImportRun.State.COMMITTED).exclude(issuer="")
    issuers = list(runs.order_by().values_list("issuer", flat=True).distinct())
    parts = said_of_list([PurePath(filename).stem, *titles], issuers)
    texts = [
        own or text[:room]
        for own, text, room in zip((name.issuer, name.period, name.list_no), parts, ROOM, strict=True)
    ]
    proposal = ListName(*texts)
    return proposal if proposal != name else None
