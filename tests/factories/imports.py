"""Files handed in from tests, by the same door as from anywhere else."""

from typing import Any

from firepoints.sightings.importing import start
from firepoints.sightings.importing.order import ImportOrder
from firepoints.sightings.importing.results import Import

HOW = ("progress", "wait_s", "points_at_once")


def import_file(*, dry_run: bool = False, **given: Any) -> Import:
    """`start.import_file` of an order made from the names given; with `dry_run` what it would do."""
    how = {name: given.pop(name) for name in HOW if name in given}
    order = ImportOrder(**given)
    return start.import_dry_run(order) if dry_run else start.import_file(order, **how)
