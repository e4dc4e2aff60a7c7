"""The preview of a file before anything of it is written: outcomes, doubts about its datum, the list that it corrects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from firepoints.models import ImportRun
from firepoints.sightings.importing import placing, reading
from firepoints.sightings.importing.answers import Question, questions_of
from firepoints.sightings.importing.order import ImportOrder, Resolved, resolve
from firepoints.sightings.importing.preparing import generation_of
from firepoints.sightings.importing.results import Import, Look
from firepoints.sightings.importing.start import import_dry_run
from firepoints.sightings.lists import difference as list_difference
from firepoints.sightings.lists.comparing import Difference, Line
from firepoints.sightings.readers.datum_check import SAID, TRIED
from firepoints.sightings.readers.table import table_of

MOST_SAID = 500  # rows of each kind in the JSON answer


@dataclass(frozen=True, slots=True)
class Preview:
    """A dry run and what a person is to look at.

    `questions` must be answered before the file is written. `done` is the dry run;
    `doubt` says with figures why the declared datum seems wrong, "" when it does not;
    `difference` is given where a list replaces the run `replaced`.
    """

    done: Import
    doubt: str = ""
    difference: Difference | None = None
    replaced: ImportRun | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()

    @property
    def unanswered(self) -> tuple[Question, ...]:
        """The questions that have no answer yet."""
        return tuple(question for question in self.questions if not question.answer)

    @property
    def must_confirm(self) -> bool:
        """Whether a person has to say that the datum was checked."""
        return bool(self.doubt)

    @property
    def better(self) -> str:
        """The datum under which the figures of the doubt agree better, "" where nothing is doubted."""
        return next((datum for datum in TRIED if f"按 {SAID[datum]} 有" in self.doubt), "")

    def as_json(self) -> dict[str, Any]:
        """The dry run's counts and, under `preview`, what a person would be shown."""
        rejected = [
            {"sheet": row.sheet, "row": row.row_no, "column": row.column, "code": row.code, "reason": row.reason}
            for row in self.done.rejected[:MOST_SAID]
        ]
        content: dict[str, Any] = {"doubt": self.doubt, "mapping": dict(self.mapping), "quarantined": rejected}
        content["questions"] = [question.as_json() for question in self.questions]
        content["remarks"] = list(self.done.remarks)
        content["days"] = self.done.meta.get("days", {})
        content["looks"] = [_look(look) for look in self.done.looks[:MOST_SAID]]
        if self.difference is not None:
            content["difference"] = difference_json(self.difference)
        return {**self.done.as_json(), "preview": content}


def _look(look: Look) -> dict[str, Any]:
    """A row as it was read, beside its cells as they stand."""
    return {"row": look.row_no, "sheet": look.sheet, "outcome": look.outcome, "starts_at": look.starts_at.isoformat(),
            "ends_at": look.ends_at.isoformat(), "precision": look.precision, "lon": round(look.lon, 6),
            "lat": round(look.lat, 6), "time_given": look.time_given, "lon_given": look.lon_given,
            "lat_given": look.lat_given}  # fmt: skip


def preview(order: ImportOrder) -> Preview:
    """Read the file and say what would become of it. Raises as `import_file`."""
    done = import_dry_run(order)
    resolved = resolve(order)
    replaced = resolved.supersedes
    difference = _difference(resolved, replaced) if replaced else None
    questions = questions_of(done.doubts, order.options)
    return Preview(done, done.doubt, difference, replaced, resolved.mapping, questions)


def _difference(resolved: Resolved, replaced: ImportRun) -> Difference:
    """The difference to the list that is replaced, from a second reading: the dry run keeps none of its thousand rows."""
    result = resolved.read()
    table = table_of(result)
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


def difference_json(difference: Difference) -> dict[str, Any]:
    """The counts and the rows themselves (at most MOST_SAID of a kind); metres and minutes by which a row moved."""
    return {
        "counts": counts_of(difference),
        "added": [_line(line) for line in difference.added[:MOST_SAID]],
        "gone": [_line(line) for line in difference.gone[:MOST_SAID]],
        "moved": [
            {"from": _line(move.old), "to": _line(move.new), "distance_m": round(move.moved_m), "minutes": move.moved_min,
             "what": move.what}
            for move in difference.moved[:MOST_SAID]
        ],
        "unread": [_line(line) for line in difference.unread[:MOST_SAID]],
    }  # fmt: skip


def counts_of(difference: Difference) -> dict[str, int]:
    return {
        "added": len(difference.added),
        "gone": len(difference.gone),
        "moved": len(difference.moved),
        "same": difference.same,
        "unread": len(difference.unread),
    }


def _line(line: Line) -> dict[str, Any]:
    return {"row": line.row_no, "sheet": line.sheet, "seq_no": line.seq_no, "lon": round(line.lon, 5),
            "lat": round(line.lat, 5), "starts_at": line.starts_at.isoformat(), "county": line.stated_county}  # fmt: skip
