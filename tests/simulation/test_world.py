"""A simulated world: byte for byte the same, as dense as asked, and its files are what the importers read."""

from __future__ import annotations

import io
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
import shapely
from django.core.management import call_command

from core.errors import BadInput
from demo.fairness import worldfile
from demo.simulation import calibration, world
from demo.simulation.fires import Fire, fires_of, is_close
from demo.simulation.land import Land
from demo.simulation.params import BORDER_M, DENSITIES, FireParams
from demo.simulation.recipe import FIRST, MIXES, RULE_START, STYLES, Recipe
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
        made = fires_of(seed=seed, land=land, number=60, close_share=DENSITIES[density], first=FIRST,
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
    arguments = ("--seed", "3", "--fires", "6", "--density", "low", "--plain", "--out", str(tmp_path / "w"), "--json")
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


def test_every_style_of_list_meets_every_mix_of_people_six_times_in_sixty_worlds():
    recipes = [Recipe.drawn(seed, density) for seed in range(1, 21) for density in DENSITIES]
    pairs = Counter((recipe.style, recipe.mix) for recipe in recipes)
    assert len(pairs) == len(STYLES) * len(MIXES)
    assert min(pairs.values()) >= 6
    # Neither goes with the density, and some worlds begin before the rule.
    styles = {recipe.style for recipe in recipes[:: len(DENSITIES)]}
    assert styles == set(STYLES)
    assert sum(recipe.first < RULE_START for recipe in recipes) == 12


def test_a_world_of_format_2_holds_every_family_and_is_the_same_to_the_byte(tmp_path: Path, land: Land, rich):
    again = world.build(seed=5, fires=12, density="middle", land=land, recipe=Recipe.drawn(5, "middle"))
    for name, made in (("one", rich), ("again", again)):
        world.write(made, tmp_path / name)
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "again")
    read = worldfile.load(tmp_path / "one")
    assert read.version == 2
    kinds = Counter(made.kind for made in rich.fires)
    assert (kinds["adjacent"], kinds["reburn_day_2"], kinds["reburn_day_3"], kinds["strip"]) == (4, 2, 2, 1)
    families = {row.family for row in read.rows.values() if row.charges}
    assert {"edge", "late", "scar", "corrected"} <= families
    assert any(file.supersedes for file in read.files)
    assert any(file.again for file in read.files)
    assert {"withdraw", "settle"} <= {act["do"] for act in read.acts}
    assert read.before_the_rule  # this one begins five days before it


def test_no_two_rows_of_a_world_have_one_name(land: Land):
    """The truth is read by it. In this world one list tells three rows of the day before once more."""
    repeating = world.build(seed=1, fires=40, density="low", land=land, recipe=Recipe.drawn(1, "low"))
    names = Counter(row.id for paper in repeating.papers for row in paper.rows)
    assert names.most_common(1)[0][1] == 1


def test_one_county_denies_a_third_of_its_own_fires_and_nobody_else_any(rich):
    main = {row.id: row.main for paper in rich.papers for row in paper.rows}
    county = {made.id: next(iter(made.counties)) for made in rich.fires if made.straw}
    visited = {main[act["row"]]: act["temper"] for act in rich.acts if act["do"] == "visit"}
    own = [name for name in visited if county.get(name) == rich.denying]
    denied = [name for name, temper in visited.items() if temper == "denying"]
    assert set(denied) <= set(own)
    assert len(denied) == pytest.approx(len(own) / 3, abs=1)


def test_a_county_objects_now_and_then_and_most_often_where_nobody_looked(small, land):
    objecting = world.build(seed=1, fires=40, density="high", land=land, recipe=Recipe.drawn(1, "high"))
    straw = {made.id for made in objecting.fires if made.straw}
    main = {row.id: row.main for paper in objecting.papers for row in paper.rows}
    appeals = Counter(main[act["row"]] in straw for act in objecting.acts if act["do"] == "appeal")
    assert set(appeals) == {True, False}
    assert not any(act["do"] == "appeal" for act in small.acts)


def test_the_area_of_a_row_that_lies_astray_still_holds_its_fire(tmp_path: Path, rich):
    """The oracle rests on it: by what the world did to a row, its fire must lie inside."""
    world.write(rich, tmp_path)
    read = worldfile.load(tmp_path)
    burnt = {made.id: made.burnt for made in rich.fires}
    astray = [row for row in read.rows.values() if row.charges and row.family and row.main in burnt]
    assert len(astray) > 30
    # The optics smear a great fire over the edge of its pixel now and then.
    assert sum(row.area().intersects(burnt[row.main]) for row in astray) >= 0.95 * len(astray)


def test_a_strip_burns_from_one_end_to_the_other(rich):
    strip = next(made for made in rich.fires if made.along)
    start, end = strip.place_at(strip.starts, 0.0), strip.place_at(strip.ends, 1.0)
    assert (start, end) == (strip.along[0], pytest.approx(strip.along[1]))
    assert strip.burnt.intersects(shapely.Point(strip.place_at(strip.starts + (strip.ends - strip.starts) / 2, 0.5)))
