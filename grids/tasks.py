"""The durable jobs of this app; they are registered where they are done."""

from grids.editions.uploads import check_work, work

__all__ = ["check_work", "work"]
