"""Files of sightings in: the door to `firepoints.sightings.importing`. Every row gets one outcome, and the same row is
never kept twice (policy.md §6).

An `ImportOrder` says what is handed in. `import_start` takes it in and answers at once; `import_run_now` works on a run
here; `import_file` does both, `import_dry_run` neither. `import_sightings` stores a few rows that were read already. A run
says how far it is: `run.progress`.
"""

from firepoints.sightings.importing.area import DatumDoubt
from firepoints.sightings.importing.order import ImportOrder, run_named
from firepoints.sightings.importing.results import Import, Look, Progress, result_of
from firepoints.sightings.importing.start import (
    INLINE_WAIT_S,
    SMALL_BYTES,
    import_dry_run,
    import_file,
    import_run_now,
    import_sightings,
    import_start,
    is_known,
)
from firepoints.sightings.importing.turns import Busy, one_at_a_time

__all__ = [
    "INLINE_WAIT_S",
    "SMALL_BYTES",
    "Busy",
    "DatumDoubt",
    "Import",
    "ImportOrder",
    "Look",
    "Progress",
    "import_dry_run",
    "import_file",
    "import_run_now",
    "import_sightings",
    "import_start",
    "is_known",
    "one_at_a_time",
    "result_of",
    "run_named",
]
