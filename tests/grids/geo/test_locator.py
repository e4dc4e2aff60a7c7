"""The locator: one exact answer for each point, and files that can be trusted."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest
import shapely

from grids.geo.locator import BORDER, OVERLAP, Locator
from grids.geo.store import IndexDamaged

LEFT, RIGHT = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)


def test_a_point_is_in_its_cell_or_in_none() -> None:
    locator = Locator.build([LEFT, RIGHT], ["a", "b"])
    assert locator.locate([0.5, 1.5, 2.5], [0.5, 0.5, 0.5]).tolist() == [0, 1, -1]
    assert locator.locate([0.5], [0.5]).dtype == np.int32


def test_a_shared_border_belongs_to_the_lower_code_however_the_cells_are_ordered() -> None:
    for cells, codes, expected in (([LEFT, RIGHT], ["b", "a"], 1), ([RIGHT, LEFT], ["a", "b"], 0)):
        positions, flags = Locator.build(cells, codes).locate([1.0], [0.5], flags=True)
        assert positions.tolist() == [expected]
        assert flags.tolist() == [BORDER]


def test_codes_are_compared_as_strings() -> None:
    assert Locator.build([LEFT, RIGHT], ["9", "10"]).locate(1.0, 0.5) == 1


def test_an_overlap_goes_to_the_lower_code_and_is_flagged() -> None:
    locator = Locator.build([shapely.box(0, 0, 1.2, 1), RIGHT], ["b", "a"])
    positions, flags = locator.locate([1.1, 1.0, 1.2, 0.5], [0.5, 0.5, 0.5, 0.5], flags=True)
    assert positions.tolist() == [1, 1, 1, 0]
    assert flags.tolist() == [OVERLAP, OVERLAP | BORDER, OVERLAP | BORDER, 0]


def test_the_outer_edge_belongs_to_the_cell_and_is_a_border() -> None:
    positions, flags = Locator.build([LEFT], ["a"]).locate([0.0, 0.0], [0.5, 0.0], flags=True)
    assert positions.tolist() == [0, 0]
    assert flags.tolist() == [BORDER, BORDER]


def test_a_hole_is_outside_unless_an_enclave_fills_it() -> None:
    ring = shapely.Polygon(shapely.box(0, 0, 3, 3).exterior, [shapely.box(1, 1, 2, 2).exterior.coords])
    assert Locator.build([ring], ["a"]).locate(1.5, 1.5) == -1
    assert Locator.build([ring, shapely.box(1, 1, 2, 2)], ["a", "b"]).locate([1.5, 1.0], [1.5, 1.5]).tolist() == [1, 0]


def test_all_parts_of_a_multipolygon_count() -> None:
    cell = shapely.MultiPolygon([LEFT, shapely.box(5, 5, 6, 6)])
    assert Locator.build([cell], ["a"]).locate([0.5, 5.5, 3], [0.5, 5.5, 3]).tolist() == [0, 0, -1]


def test_cells_without_a_polygon_cover_nothing() -> None:
    locator = Locator.build([None, shapely.Polygon(), LEFT], ["a", "b", "c"])
    assert locator.locate([0.5, 9], [0.5, 9]).tolist() == [2, -1]
    assert Locator.build([], []).locate([0.5], [0.5]).tolist() == [-1]


def test_the_answer_has_the_shape_of_the_question() -> None:
    locator = Locator.build([LEFT], ["a"])
    assert locator.locate(0.5, 0.5).shape == ()
    assert locator.locate([], []).shape == (0,)
    assert locator.locate(np.zeros((2, 3)), np.zeros((2, 3))).shape == (2, 3)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_point_that_is_nowhere_is_refused_not_called_outside(bad: float) -> None:
    with pytest.raises(ValueError, match="不是有限的数"):
        Locator.build([LEFT], ["a"]).locate([0.5, bad], [0.5, 0.5])


def test_longitudes_are_numbers_and_180_is_not_minus_180() -> None:
    locator = Locator.build([shapely.box(179, 0, 180, 1), shapely.box(-180, 0, -179, 1)], ["a", "b"])
    assert locator.locate([180.0, -180.0, 181.0], [0.5, 0.5, 0.5]).tolist() == [0, 1, -1]


def test_lists_of_different_length_and_lines_are_refused() -> None:
    with pytest.raises(ValueError, match="数目不一致"):
        Locator.build([LEFT], ["a", "b"])
    with pytest.raises(ValueError, match="不是面"):
        Locator.build([shapely.LineString([(0, 0), (1, 1)])], ["a"])
    with pytest.raises(ValueError, match="NaN"):
        Locator.build([shapely.Polygon([(0, 0), (1, float("inf")), (1, 0)])], ["a"])


def test_what_is_saved_is_what_is_opened(tmp_path: Path) -> None:
    locator = Locator.build([None, LEFT, RIGHT], ["无", "b", "a"])
    locator.save(tmp_path / "index")
    again = Locator.open(tmp_path / "index")
    assert again.codes == locator.codes
    assert again.digest == locator.digest
    assert again.locate([0.5, 1.0, 1.5, 3.0], [0.5] * 4).tolist() == [1, 2, 2, -1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".index.checked", "index"]


def test_the_digest_changes_with_the_contents_only() -> None:
    digest = Locator.build([LEFT, RIGHT], ["a", "b"]).digest
    assert Locator.build([LEFT, RIGHT], ["a", "b"]).digest == digest
    assert Locator.build([LEFT, RIGHT], ["a", "c"]).digest != digest
    assert Locator.build([RIGHT, LEFT], ["a", "b"]).digest != digest


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "index"
    Locator.build([LEFT], ["a"]).save(path)
    whole = path.read_bytes()
    for damaged in (
        whole[:-1],
        whole[: len(whole) // 2],
        b"",
        b"\x00" * 100,
        whole.replace(b"locator 2", b"locator 9"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(IndexDamaged, match="请重建"):
            Locator.open(path)
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    path.write_bytes(flipped)
    with pytest.raises(IndexDamaged, match="校验和"):
        Locator.open(path)


def test_a_file_that_is_not_there_is_not_damaged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Locator.open(tmp_path / "none")


def test_a_point_alone_has_the_answer_that_it_has_among_many() -> None:
    locator = Locator.build([shapely.box(0, 0, 1.2, 1), RIGHT], ["b", "a"])
    points = [(0.5, 0.5), (1.1, 0.5), (1.0, 0.5), (1.5, 0.5), (9.0, 9.0), (1e300, 0.5)]
    alone = [int(locator.locate(np.array([lon]), np.array([lat]))[0]) for lon, lat in points]
    assert alone == locator.locate(*np.array(points).T).tolist()
    with pytest.raises(ValueError, match="不是有限的数"):
        locator.locate(np.array([float("nan")]), np.array([0.5]))


def test_where_a_shape_is_invalid_geos_is_asked() -> None:
    bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    locator = Locator.build([bow_tie, shapely.box(0, 0, 2, 0.5)], ["b", "a"])
    assert locator.locate([0.5, 1.0, 1.0, 1.5], [1.0, 1.5, 0.25, 1.0]).tolist() == [0, -1, 1, 0]


def test_hundreds_of_areas_upon_each_other_are_one_overlap() -> None:
    many = [shapely.box(0, 0, 1 + at / 1e4, 1) for at in range(200)]
    locator = Locator.build(many, [f"{at:04}" for at in range(200)])
    positions, flags = locator.locate([0.5, 1.01995], [0.5, 0.5], flags=True)
    assert positions.tolist() == [0, -1]
    assert flags.tolist() == [OVERLAP, 0]


def test_far_apart_clusters_stay_exact() -> None:
    cells = [shapely.box(x, y, x + 1e-6, y + 1e-6) for x in np.arange(5) * 1e-6 + 10 for y in np.arange(5) * 1e-6]
    cells.append(shapely.box(170, 80, 171, 81))
    locator = Locator.build(cells, [f"{at:02}" for at in range(len(cells))])
    middles = np.array([(cell.centroid.x, cell.centroid.y) for cell in cells])
    assert locator.locate(*middles.T).tolist() == list(range(len(cells)))


def many_triangles() -> tuple[Locator, np.ndarray, np.ndarray]:
    """A tiling whose borders run slanted through everything, and 300,000 points, a tenth of them on corners and edges."""
    corners = [(i, j) for i in range(12) for j in range(12)]
    cells = [
        shapely.Polygon([(i, j), (i + 1, j), (i + 1, j + 1)]) if side else shapely.Polygon([(i, j), (i + 1, j + 1), (i, j + 1)])
        for i, j in corners for side in (0, 1)
    ]  # fmt: skip
    rng = np.random.default_rng(20261123)
    x, y = rng.uniform(-1, 13, (2, 300_000))
    x[::10], y[::10] = np.round(x[::10]), np.round(y[::10] * 4) / 4
    return Locator.build(cells, [f"{k:04d}" for k in range(len(cells))]), x, y


def test_a_batch_shared_among_threads_is_answered_as_its_points_alone() -> None:
    locator, x, y = many_triangles()
    together = locator.locate(x, y)
    apart = np.concatenate([locator.locate(x[at : at + 999], y[at : at + 999]) for at in range(0, len(x), 999)])
    assert np.array_equal(together, apart)
    some = range(0, len(x), 997)
    assert [int(locator.locate(x[i : i + 1], y[i : i + 1])[0]) for i in some] == together[some].tolist()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_locates_though_its_parent_s_threads_are_gone() -> None:
    locator, x, y = many_triangles()
    expected = locator.locate(x, y)
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()
    child = fork.Process(target=lambda: answers.put(np.array_equal(locator.locate(x, y), expected)), daemon=True)
    child.start()
    child.join(timeout=60)
    assert child.exitcode == 0, "the child waits for threads that only its parent has"
    assert answers.get() is True


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [0, 299_999])
def test_one_bad_number_in_a_large_batch_is_named_by_its_place(bad: float, at: int) -> None:
    locator, x, y = many_triangles()
    y[at] = bad
    with pytest.raises(ValueError, match=f"第 {at + 1} 个坐标"):
        locator.locate(x, y)


def test_numbers_whose_sum_is_infinite_though_each_is_finite_lie_outside() -> None:
    locator, x, y = many_triangles()
    x[:2] = 1.7e308
    assert locator.locate(x, y)[:2].tolist() == [-1, -1]
