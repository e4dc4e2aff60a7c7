"""A simulated world: byte for byte the same, as dense as asked, and its files are what the importers read."""

from __future__ import annotations

import io
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import call_command

from core.errors import BadInput
from demo.fairness import worldfile
from demo.simulation import calibration, world
from demo.simulation.fires import Fire, fires_of, is_close
from demo.simulation.land import Land
from demo.simulation.params import BORDER_M, DENSITIES, FireParams
from demo.simulation.reports import Paper
from demo.simulation.writing import content, first_line
from firepoints.sightings.readers import firms, lists, patrol
from firepoints.sightings.readers.base import ParseOptions
from firepoints.sightings.readers.table import table_of
from tests.benchmarks.simulation import worlds

PARSERS = {"firms": firms.parse, "patrol": patrol.parse}


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def parsed(paper: Paper):
    options = ParseOptions(datum="wgs84", now=datetime(2024, 6, 1, tzinfo=UTC))
    return PARSERS.get(paper.source, lists.parse)(content(paper), options=options)


def test_the_same_seed_gives_the_same_folder_to_the_byte_and_another_seed_another(tmp_path, land, small):
    again = world.build(seed=5, fires=40, density="middle", land=land)
    other = world.build(seed=6, fires=40, density="middle", land=land)
    for name, made in (("one", small), ("again", again)):
        world.write(made, tmp_path / name)
    one = bytes_of(tmp_path / "one")
    assert one == bytes_of(tmp_path / "again")
    assert [fire.lon for fire in other.fires] != [fire.lon for fire in small.fires]
    assert {"world.json", "acts.jsonl", "truth.gpkg", "cells/county.geojson"} <= set(one)


@pytest.mark.parametrize("density", DENSITIES)
def test_so_many_fires_burn_beside_another_and_along_a_border_as_the_density_says(land: Land, density: str):
    close = border = 0
    for seed in (1, 2):
        made = fires_of(seed=seed, land=land, number=60, close_share=DENSITIES[density], first=world.FIRST,
                        params=FireParams())  # fmt: skip
        close += sum(any(is_close(one, other) for other in made if other is not one) for one in made)
        border += sum(one.border_m <= BORDER_M for one in made)
    assert close / 120 == pytest.approx(DENSITIES[density], abs=0.02)
    assert border / 120 == pytest.approx(0.15, abs=0.04)


def test_two_fires_that_burn_at_once_share_no_ground(small: world.World):
    def at_once(a: Fire, b: Fire) -> bool:
        return a.starts <= b.ends and b.starts <= a.ends

    pairs = [(a, b) for a in small.fires for b in small.fires if a.id < b.id and at_once(a, b)]
    assert pairs
    assert not any(a.burnt.intersects(b.burnt) for a, b in pairs)


def test_the_importers_read_every_row_of_every_file_at_its_place_and_reject_only_what_was_spoiled(small: world.World):
    spoiled = Counter()
    for paper in small.papers:
        found = parsed(paper)
        assert found.rows == len(paper.rows), paper.name
        table = table_of(found)
        places = {table[at].row_no: (table[at].lon, table[at].lat) for at in range(len(table))}
        for at, row in enumerate(paper.rows):
            line = first_line(paper) + at
            spoiled[row.readable] += 1
            assert (line in places) == row.readable, (paper.name, line)
            if row.readable and row.datum == "wgs84":
                assert places[line] == pytest.approx((row.lon, row.lat), abs=6e-4)
    assert spoiled[True] > 100


def test_the_sighting_of_a_fire_lies_where_its_truth_says_that_it_must_lie(small: world.World, tmp_path: Path):
    world.write(small, tmp_path)
    read = worldfile.load(tmp_path)
    inside = missed = 0
    for row in read.rows.values():
        fire = read.fires.get(row.main)
        if fire is None or row.datum != "wgs84":
            continue
        # The field may be larger than the pixel that shows a corner of it: its edge counts.
        burnt = next(one.burnt for one in small.fires if one.id == fire.id)
        hit = row.area().intersects(burnt)
        inside, missed = inside + hit, missed + (not hit)
    assert inside > 50
    assert missed <= 0.02 * inside


def test_a_world_that_is_not_in_the_format_is_refused_with_its_place(tmp_path: Path):
    with pytest.raises(BadInput, match="读不了"):
        worldfile.load(tmp_path)
    for name in ("world.json", "truth.json"):
        (tmp_path / name).write_text(json.dumps({"format": "another/1"}), encoding="utf-8")
    (tmp_path / "acts.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(BadInput, match="jinshao-world/1 或 jinshao-world/2"):
        worldfile.load(tmp_path)


def test_the_command_writes_a_world_and_never_over_another(tmp_path: Path):
    out = io.StringIO()
    arguments = ("--seed", "3", "--fires", "6", "--density", "low", "--out", str(tmp_path / "w"), "--json")
    call_command("simulate", *arguments, stdout=out)
    assert json.loads(out.getvalue())["fires"] == 6
    assert len(worldfile.load(tmp_path / "w").fires) == 6
    with pytest.raises(Exception, match="不是空的"):
        call_command("simulate", *arguments, stdout=io.StringIO())


def test_the_world_is_like_the_real_files(data_dir: Path):
    lines = {line.name: (line.real, line.simulated) for line in calibration.compare(data_dir, worlds(5))}

    def near(start: str, within: float) -> None:
        name = next(name for name in lines if name.startswith(start))
        real, simulated = lines[name]
        assert simulated == pytest.approx(real, abs=within), name

    near("pixels per site and pass", 0.15)
    near("sites of one pixel", 0.1)
    near("share by night, fixed heat", 0.04)
    near("share by night, the rest", 0.10)
    near("ln FRP (MW) by day, mean", 0.3)
    near("ln FRP (MW) by night, mean", 0.35)
    near("NOAA-20 rows in the city", 1.5)
