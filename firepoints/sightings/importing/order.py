"""The order of an import: a file and how it is to be read, one value through page, API, command, watched folder, poll."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from core.errors import BadInput
from firepoints.models import ImportRun, Source
from firepoints.sightings.importing import answers, area, reading
from firepoints.sightings.importing.reading import ListName, WayOfReading
from firepoints.sightings.lists.mapping import remembered
from firepoints.sightings.readers.base import ParseResult
from grids.models import User


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """A file, by whom it is handed in, and how it is to be read.

    `datum` None: the source's. `supersedes`: UUID or number of the run that a list corrects. `mapping` (field →
    heading) None: what is remembered for source and issuer. `options`: further ways of reading (reading.OPTIONS), and
    what a person has answered: `datum_confirmed` and answers.ANSWER_OPTIONS. `filename`: the name under which it came,
    else the path's. `uuid` names
    the run beforehand: the second time the same run is returned.
    """

    path: Path
    source_code: str
    actor: User
    datum: str | None = None
    name: ListName = field(default_factory=ListName)
    supersedes: str | None = None
    mapping: Mapping[str, str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    filename: str = ""
    uuid: UUID | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """An order with its names looked up: the source, the datum in use, the column mapping, the run that is corrected."""

    order: ImportOrder
    source: Source
    datum: str
    mapping: dict[str, str]
    supersedes: ImportRun | None

    def read(self) -> ParseResult:
        """The file as its reader gives it. Raises BadInput with place and remedy where it is unreadable."""
        order = self.order
        way = WayOfReading(
            self.mapping,
            area.area_of_the_deployment(),
            order.options,
            filename=order.filename,
            period=order.name.period,
        )
        return reading.read_file(self.order.path, source=self.source, datum=self.datum, way=way)

    def columns(self, digest: str) -> dict[str, Any]:
        """The columns of a run by which this file, read in this way, is known; `digest` is its sha256."""
        name = self.order.name
        return {
            "source": self.source,
            "sha256": digest,
            "datum": self.datum,
            "issuer": name.issuer,
            "period": name.period,
            "list_no": name.list_no,
            "supersedes": self.supersedes,
            "mapping": self.mapping,
            "options": {**self.order.options, "readers": reading.READERS},
        }


def resolve(order: ImportOrder) -> Resolved:
    """Look up what the order names. Raises BadInput: no such source, no such run, no such datum."""
    source = reading.source_named(order.source_code)
    datum = order.datum or source.datum
    answers.checked(order.options)
    if datum not in reading.DATUMS:
        raise BadInput(f"不认识的坐标系“{datum}”，可用：{'、'.join(reading.DATUMS)}", where="datum")
    mapping = remembered(source, order.name.issuer) if order.mapping is None else order.mapping
    replaced = run_named(order.supersedes) if order.supersedes else None
    return Resolved(order, source, datum, dict(mapping), replaced)


def run_named(name: str) -> ImportRun:
    """A run by its UUID or number. Raises BadInput when there is none."""
    text = str(name).strip()
    # isdecimal and a length limit: "²" and a number beyond bigint are no ids
    if text.isascii() and text.isdecimal() and len(text) < 19:
        run = ImportRun.objects.filter(pk=int(text)).first()
    else:
        run = ImportRun.objects.filter(uuid=text).first() if _is_uuid(text) else None
    if run is None:
        raise BadInput(f"没有导入记录“{text}”", code="no_run")
    return run


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
