"""What became of the old codes: suggested by shared ground, corrected by a person, kept for ever."""

from datetime import date

import pytest

from core.errors import AppendOnly, BadInput, Refused
from grids.editions.activating import edition_activate, edition_import
from grids.editions.changes import changes_in_force, changes_read, changes_store, suggestions
from grids.models import CellChange
from grids.selectors import edition_for, system_user
from journal.models import Entry
from tests.grids.files import box, feature, two_counties, write

pytestmark = pytest.mark.django_db
NORTH, SOUTH = box(123.7, 41.3, 123.8, 41.4), box(123.7, 41.2, 123.8, 41.3)


def town(shape, code: str, name: str):
    return feature(shape, code=code, name=name, county="210590")


@pytest.fixture
def editions(tmp_path):
    """A function: the old and the new townships of 甲县 → the new edition, loaded beside the old one in force."""

    def load(old: list, new: list):
        county = two_counties(tmp_path)
        for name, towns in (("旧", old), ("新", new)):
            levels = {"county": county, "township": write(tmp_path / f"{name}.geojson", *towns)}
            edition, _ = edition_import(name=name, levels=levels, actor=system_user())
            if name == "旧":
                edition_activate(name=name, valid_from=date(2016, 1, 1), actor=system_user())
        return edition

    return load


def told(rows) -> list[tuple]:
    return [(row.kind, row.old_code, row.new_code, row.share) for row in rows]


def test_what_did_not_change_is_not_listed(editions):
    both = [town(NORTH, "210590001", "北乡"), town(SOUTH, "210590002", "南乡")]
    assert suggestions(editions(both, both)) == []


def test_a_rename_and_a_new_code_are_told_apart(editions):
    edition = editions(
        [town(NORTH, "210590001", "东营房乡"), town(SOUTH, "210590002", "南乡")],
        [town(NORTH, "210590001", "东营坊乡"), town(SOUTH, "210590102", "南镇")],
    )
    assert told(suggestions(edition)) == [
        ("renamed", "210590001", "210590001", None),
        ("recoded", "210590002", "210590102", 1.0),
    ]


def test_two_that_became_one_are_a_merger(editions):
    edition = editions(
        [town(NORTH, "210590001", "北乡"), town(SOUTH, "210590002", "南乡")],
        [town(box(123.7, 41.2, 123.8, 41.4), "210590001", "北乡")],
    )
    assert told(suggestions(edition)) == [
        ("moved", "210590001", "210590001", 1.0),
        ("merged", "210590002", "210590001", 1.0),
    ]


def test_one_that_became_two_is_a_split_with_the_share_of_each(editions):
    edition = editions(
        [town(box(123.7, 41.2, 123.8, 41.4), "210590009", "大乡")],
        [
            town(box(123.7, 41.25, 123.8, 41.4), "210590001", "北乡"),
            town(box(123.7, 41.2, 123.8, 41.25), "210590002", "南乡"),
        ],
    )
    kinds = [(kind, new, round(share, 2)) for kind, _, new, share in told(suggestions(edition))]
    assert kinds == [("split", "210590001", 0.75), ("split", "210590002", 0.25)]


def test_a_border_that_moved_gives_the_part_to_its_new_cell(editions):
    edition = editions(
        [town(NORTH, "210590001", "北乡"), town(SOUTH, "210590002", "南乡")],
        [
            town(box(123.7, 41.32, 123.8, 41.4), "210590001", "北乡"),
            town(box(123.7, 41.2, 123.8, 41.32), "210590002", "南乡"),
        ],
    )
    assert [(kind, old, new) for kind, old, new, _ in told(suggestions(edition))] == [
        ("moved", "210590001", "210590001"),
        ("moved", "210590001", "210590002"),
        ("moved", "210590002", "210590002"),
    ]


def test_cells_without_polygons_are_matched_by_code_and_by_name(editions):
    edition = editions(
        [town(None, "210590001", "一乡"), town(None, "210590002", "二乡"), town(None, "210590003", "三乡")],
        [town(None, "210590001", "壹乡"), town(None, "210590012", "二乡"), town(None, "210590014", "四乡")],
    )
    assert [(kind, old, new) for kind, old, new, _ in told(suggestions(edition))] == [
        ("renamed", "210590001", "210590001"),
        ("recoded", "210590002", "210590012"),
        ("ended", "210590003", ""),
        ("new", "", "210590014"),
    ]


@pytest.fixture
def merged(editions):
    return editions(
        [town(NORTH, "210590001", "北乡"), town(SOUTH, "210590002", "南乡")],
        [town(box(123.7, 41.2, 123.8, 41.4), "210590001", "北乡")],
    )


def test_a_csv_of_the_office_replaces_the_suggestion_and_both_stay_on_record(merged, tmp_path):
    changes_store(edition=merged, changes=suggestions(merged), actor=system_user(), is_suggested=True)
    csv = tmp_path / "对应.csv"
    csv.write_bytes("原代码,新代码,变化,依据文件\n210590002,210590001,并入,演示政〔2026〕1号\n".encode("gbk"))
    changes_store(
        edition=merged, changes=changes_read(edition=merged, path=csv), actor=system_user(), is_suggested=False
    )
    (row,) = changes_in_force(merged)
    assert (row.revision, row.get_kind_display(), row.document_no, row.is_suggested) == (
        2,
        "并入",
        "演示政〔2026〕1号",
        False,
    )
    assert CellChange.objects.filter(revision=1).count() == 2
    assert Entry.objects.filter(act="grid.codes_mapped").count() == 2
    assert (row.old_code, row.new_code) == ("210590002", "210590001")
    with pytest.raises(AppendOnly):
        row.delete()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("原代码,新代码\n999,210590001\n", "没有代码 999"),
        ("原代码,新代码\n210590002,999\n", "没有代码 999"),
        ("原代码,新代码\n210590002,210590001\n210590002,210590001\n", "第 3 行"),
        ("原代码,新代码\n210590002,210590\n", "不是同一级"),
        ("原代码,新代码,变化\n210590002,210590001,搬家\n", "搬家"),
        ("原代码,新代码\n,\n", "没有一行数据"),
        ("旧,新\n1,2\n", "原代码"),
    ],
)
def test_a_csv_with_a_fault_is_refused_with_its_line_and_changes_nothing(merged, tmp_path, text, said):
    (tmp_path / "c.csv").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        changes_read(edition=merged, path=tmp_path / "c.csv")
    assert said in refused.value.message
    assert not CellChange.objects.exists()


def test_the_first_edition_has_nothing_to_map(tmp_path):
    edition, _ = edition_import(name="首", levels={"county": two_counties(tmp_path)}, actor=system_user())
    with pytest.raises(Refused) as refused:
        suggestions(edition)
    assert refused.value.code == "no_previous_edition"


def test_a_fire_keeps_the_edition_of_its_date_when_a_new_one_begins(merged):
    edition_activate(name="新", valid_from=date(2024, 1, 1), actor=system_user())
    assert edition_for(date(2023, 12, 31))[0].name == "旧"
    assert edition_for(date(2024, 1, 1))[0].name == "新"
