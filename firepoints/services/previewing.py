"""What a file would do, before anything of it is written: outcomes, doubts about its datum, the list that it corrects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firepoints.comparing import Difference, Line
from firepoints.models import ImportRun
from firepoints.services import ingest, list_difference, placing, reading
from firepoints.services.importing.area import area_of_the_deployment
from firepoints.services.importing.preparing import generation_of
from firepoints.services.ingest import Import
from firepoints.services.mapping_memory import remembered
from firepoints.services.reading import ListName
from firepoints.sources.datum_check import SAID, TRIED
from grids.models import User

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


def preview(
    *,
    path: Path,
    source_code: str,
    actor: User,
    datum: str | None = None,
    name: ListName | None = None,
    supersedes: str | None = None,
    mapping: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    filename: str = "",
) -> Preview:
    """Read the file and say what would become of it; `mapping` None takes the remembered one. Raises as `import_file`."""
    if mapping is None:
        mapping = remembered(reading.source_named(source_code), name.issuer if name else "")
    done = ingest.import_file(
        path=path, source_code=source_code, actor=actor, datum=datum, name=name, supersedes=supersedes,
        mapping=mapping, options=options, filename=filename, dry_run=True,
    )  # fmt: skip
    replaced = ingest.run_named(supersedes) if supersedes else None
    found = _difference(path, filename, source_code, datum, name or ListName(), replaced, mapping) if replaced else None
    return Preview(done, done.doubt, found, replaced, mapping)


def _difference(
    path: Path,
    filename: str,
    source_code: str,
    datum: str | None,
    name: ListName,
    replaced: ImportRun,
    mapping: Mapping[str, str],
) -> Difference:
    """Read once more: a list has some thousand rows, and the dry run keeps none of them."""
    source = reading.source_named(source_code)
    used = datum or source.datum
    result = reading.read_file(
        path, source=source, datum=used, mapping=mapping, area=area_of_the_deployment(), filename=filename or path.name
    )
    table = result.table()
    keys = reading.keys_of(table, source=source, name=name, generation=generation_of(replaced))
    return list_difference.difference_before(
        supersedes=replaced,
        table=table,
        keys=keys,
        places=placing.place(table, datum=used),
        rejected=result.rejected,
        mapping=mapping,
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
