"""Keys: re-import adds nothing, a newer processing replaces, equal rows of a list are both kept."""

from __future__ import annotations

from dataclasses import replace

from firepoints.sightings.readers import firms, keys, patrol
from firepoints.sightings.readers.base import ParseOptions, Sighting
from firepoints.sightings.readers.table import table_of
from firepoints.terms.satellite_keys import satellite_base, satellite_key

CSV = (
    "latitude,longitude,acq_date,acq_time,satellite,version\n"
    "41.30000,123.70000,2023-10-05,0501,N20,2.0NRT\n"
    "41.3,123.7,2023-10-05,501,NOAA-20,2.0\n"
)
FINDING = {"found_at": "2023-10-05 13:30", "lon": 123.7, "lat": 41.2, "kind": "明火"}


def finding(**changes: object) -> Sighting:
    found = patrol.patrol_finding({**FINDING, **changes}, options=ParseOptions())
    assert isinstance(found, Sighting)
    return found


def test_versions_of_one_hit_share_a_base_key_and_rank_by_processing():
    columns = keys.satellite_columns(table_of(firms.parse(CSV.encode(), options=ParseOptions())), "firms")
    nrt, standard = columns.key.to_pylist()
    assert nrt != standard
    assert len(set(columns.base_key.to_pylist())) == 1
    assert columns.version_rank[1] > columns.version_rank[0]
    assert [satellite_base(nrt), satellite_base(standard)] == columns.base_key.to_pylist()
    assert nrt == satellite_key("firms", "N20", "2.0NRT", 1696482060, 12370000, 4130000)


def test_a_separator_in_a_name_cannot_shift_the_parts_of_a_key():
    table = table_of(firms.parse(CSV.replace("2.0NRT", "2|0").encode(), options=ParseOptions()))
    columns = keys.satellite_columns(table, "firms")
    assert columns.key[0].as_py().startswith("firms|N20|2/0|")
    assert satellite_base(columns.key[0].as_py()) == columns.base_key[0].as_py()


def test_standard_outranks_real_time_and_real_time_ranks_by_its_delay():
    order = ["", "2.0URT", "2.0RT", "2.0NRT", "6.1NRT", "2.0", "6.03", "6.1"]
    ranks = [keys.version_rank(version) for version in order]
    assert ranks == sorted(set(ranks))
    assert keys.version_rank("61") == keys.version_rank("6.1")


def test_equal_rows_of_a_list_are_both_kept_and_flagged_and_import_again_alike():
    rows = [finding(), finding(lon=123.8), finding()]
    found = keys.list_keys(rows, source="provincial_list", issuer="省厅")
    assert len({key.key for key in found}) == 3
    assert [key.equal_of for key in found] == [None, None, 0]
    assert found == keys.list_keys(rows, source="provincial_list", issuer="省厅")


def test_a_rows_own_number_is_its_key_only_where_the_list_has_one():
    rows = [replace(finding(), seq_no="1"), replace(finding(lon=123.8), seq_no="2")]
    numbered = keys.list_keys(rows, source="p", issuer="省厅", period="2023-10", list_no="7")
    moved = keys.list_keys(
        [replace(rows[0], lon=123.75), rows[1]], source="p", issuer="省厅", period="2023-10", list_no="7"
    )
    assert [key.key for key in numbered] == [key.key for key in moved]
    other_list = keys.list_keys(rows, source="p", issuer="省厅", period="2023-10", list_no="8")
    assert not {key.key for key in numbered} & {key.key for key in other_list}
    unnumbered = keys.list_keys(rows, source="p")
    assert not any("#1" in key.key for key in unnumbered)


def test_a_separator_inside_a_number_forges_no_other_rows_key():
    rows = [replace(finding(), seq_no=number) for number in ("1", "1", "1|2")]
    assert len({key.key for key in keys.list_keys(rows, source="p", list_no="7")}) == 3


def test_a_finding_sent_twice_with_one_uuid_is_one_finding():
    uuid = "9d9bc2a4-3c43-4d3e-9b0a-000000000001"
    first, second, other = keys.patrol_keys(
        [finding(uuid=uuid), finding(uuid=uuid, note="补充"), finding()], source="patrol"
    )
    assert first.key == second.key != other.key
