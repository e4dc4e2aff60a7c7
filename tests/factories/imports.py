"""Files handed in from tests, by the same door as from anywhere else."""

from typing import Any

from firepoints.sightings.importing import ingest
from firepoints.sightings.importing.ingest import Import, ImportOrder

HOW = ("progress", "wait_s", "points_at_once")


def import_file(*, dry_run: bool = False, **given: Any) -> Import:
    """`ingest.import_file` of an order made from the names given; with `dry_run` what it would do."""
    how = {name: given.pop(name) for name in HOW if name in given}
    order = ImportOrder(**given)
    return ingest.import_dry_run(order) if dry_run else ingest.import_file(order, **how)
