"""What a file would do, before anything of it is written: outcomes, doubts about its datum, the list that it corrects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from firepoints.models import ImportRun
from firepoints.sightings.importing import ingest, placing, reading
from firepoints.sightings.importing.ingest import Import
from firepoints.sightings.importing.order import ImportOrder, Resolved, resolve
from firepoints.sightings.importing.preparing import generation_of
from firepoints.sightings.lists import difference as list_difference
from firepoints.sightings.lists.comparing import Difference, Line
from firepoints.sightings.readers.datum_check import SAID, TRIED

MOST_SAID = 500  # rows of each kind in the JSON answer


@dataclass(frozen=True, slots=True)
class Preview:
    """`done` is the dry run; `doubt` says with figures why the declared datum seems wrong, "" when it does not;
    `difference` is given where a list replaces the run `replaced`."""

    done: Import
    doubt: str = ""
    difference: Difference | None = None
    replaced: ImportRun | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)

    @property
    def must_confirm(self) -> bool:
        """Whether a person has to say that the datum was checked."""
        return bool(self.doubt)

    @property
    def better(self) -> str:
        """The datum under which the figures of the doubt agree better, "" where nothing is doubted."""
        return next((one for one in TRIED if f"按 {SAID[one]} 有" in self.doubt), "")

    def as_json(self) -> dict[str, Any]:
        """The dry run's counts and, under `preview`, what a person would be shown."""
        rejected = [
            {"sheet": one.sheet, "row": one.row_no, "column": one.column, "code": one.code, "reason": one.reason}
            for one in self.done.rejected[:MOST_SAID]
        ]
        shown: dict[str, Any] = {"doubt": self.doubt, "mapping": dict(self.mapping), "quarantined": rejected}
        if self.difference is not None:
            shown["difference"] = difference_json(self.difference)
        return {**self.done.as_json(), "preview": shown}


def preview(order: ImportOrder) -> Preview:
    """Read the file and say what would become of it. Raises as `import_file`."""
    done = ingest.import_dry_run(order)
    resolved = resolve(order)
    replaced = resolved.supersedes
    difference = _difference(resolved, replaced) if replaced else None
    return Preview(done, done.doubt, difference, replaced, resolved.mapping)


def _difference(resolved: Resolved, replaced: ImportRun) -> Difference:
    """Read once more: a list has some thousand rows, and the dry run keeps none of them."""
    result = resolved.read()
    table = result.table()
    generation = generation_of(replaced)
    keys = reading.keys_of(table, source=resolved.source, name=resolved.order.name, generation=generation)
    return list_difference.difference_before(
        supersedes=replaced,
        table=table,
        keys=keys,
        places=placing.place(table, datum=resolved.datum),
        rejected=result.rejected,
        mapping=resolved.mapping,
    )


def difference_json(found: Difference) -> dict[str, Any]:
    """The counts and the rows themselves (at most MOST_SAID of a kind); metres and minutes by which a row moved."""
    return {
        "counts": counts_of(found),
        "added": [_line(one) for one in found.added[:MOST_SAID]],
        "gone": [_line(one) for one in found.gone[:MOST_SAID]],
        "moved": [
            {"from": _line(one.old), "to": _line(one.new), "distance_m": round(one.moved_m), "minutes": one.moved_min,
             "what": one.what}
            for one in found.moved[:MOST_SAID]
        ],
        "unread": [_line(one) for one in found.unread[:MOST_SAID]],
    }  # fmt: skip


def counts_of(found: Difference) -> dict[str, int]:
    return {"added": len(found.added), "gone": len(found.gone), "moved": len(found.moved), "same": found.same,
            "unread": len(found.unread)}  # fmt: skip


def _line(one: Line) -> dict[str, Any]:
    return {"row": one.row_no, "sheet": one.sheet, "seq_no": one.seq_no, "lon": round(one.lon, 5),
            "lat": round(one.lat, 5), "starts_at": one.starts_at.isoformat(), "county": one.stated_county}  # fmt: skip
