"""The source of each row of a patrol file: who found it and how, as the row itself says (policy.md §3).

A row never makes more of itself than its file: what a county, township or village found is self-found in any file, and a
file of self-found rows or leads stays one whatever its rows claim.
"""

from __future__ import annotations

from collections.abc import Sequence

from firepoints.models import Source
from firepoints.sightings.readers.base import Sighting

LOCAL = ("county", "township", "village")


def sources_of(source: Source, rows: Sequence[Sighting]) -> list[int]:
    """The id of each row's source; that of the file where the row says nothing, or there is no such source."""
    if source.source_class != Source.Class.INSPECTION or not any(
        sighting.authority or sighting.category for sighting in rows
    ):
        return [source.pk] * len(rows)
    patrol_sources = Source.objects.filter(parser="patrol").order_by("-position").values_list("authority", "kind", "pk")
    by_cell = {(authority, kind): pk for authority, kind, pk in patrol_sources}
    by_cell[source.authority, source.kind] = source.pk

    def of(row: Sighting) -> int:
        authority = row.authority or source.authority
        kind = row.category or (Source.Kind.SELF_FOUND if authority in LOCAL else source.kind)
        own = by_cell.get((authority, Source.Kind.SELF_FOUND), source.pk)
        return by_cell.get((authority, kind), own)

    return [of(sighting) for sighting in rows]
