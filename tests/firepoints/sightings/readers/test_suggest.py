"""What the page proposes for the columns of a file: known headings are used, the rest is only a guess that says so."""

from __future__ import annotations

import pytest

from firepoints.sightings.readers import lists
from firepoints.sightings.readers.base import ParseOptions, SourceError
from firepoints.sightings.readers.suggest import suggest_mapping
from tests.firepoints.sightings.readers.test_lists import HEADING, ROW, book


def propose(*rows: list[object], parser: str = "provincial_list", **mapping: str):
    return suggest_mapping(book(list(rows)), parser=parser, options=ParseOptions(mapping=mapping))


def test_headings_that_are_known_are_used_without_asking():
    found = propose(HEADING, ROW)
    (sheet,) = found.sheets
    assert (found.complete, sheet.heading_row, sheet.rows, sheet.missing) == (True, 1, 1, ())
    assert {one.field for one in sheet.columns if one.used} == {
        "seq_no", "date", "time", "satellite", "city", "county", "township", "lon", "lat", "note"
    }  # fmt: skip
    assert sheet.columns[7].samples == ("125.3",)


def test_a_heading_with_a_known_word_in_it_is_a_guess_that_the_reader_does_not_take():
    rows = [["火点经度值", "火点纬度值", "火点登记日期"], [125.3, 41.2, "2023-10-05"]]
    found = propose(*rows)
    assert (found.complete, found.sheets[0].missing) == (False, ("经度", "纬度", "日期或时间"))
    assert [(one.field, one.used) for one in found.sheets[0].columns] == [
        ("lon", False),
        ("lat", False),
        ("date", False),
    ]
    read = lists.parse(book(rows), options=ParseOptions(mapping=found.mapping))
    assert [one.lon for one in read.sightings] == [125.3]


def test_columns_without_a_heading_are_told_by_their_values_and_meant_by_their_number():
    rows = [["某省火点"], ["a", 125.3, 41.2, "2023-10-05"], ["b", 125.4, 41.3, "2023-10-06"]]
    found = propose(*rows)
    assert found.mapping == {"lon": "#2", "lat": "#3", "date": "#4"}
    read = lists.parse(book(rows), options=ParseOptions(mapping=found.mapping))
    assert ([one.row_no for one in read.sightings], [note.row_no for note in read.notes]) == ([2, 3], [1])


def test_headings_that_the_values_contradict_are_proposed_the_other_way_round():
    rows = [["经度", "纬度", "日期"], [41.2, 125.3, "2023-10-05"]]
    found = propose(*rows)
    assert (found.complete, found.mapping["lon"], found.mapping["lat"]) == (False, "纬度", "经度")
    assert "写反" in found.sheets[0].columns[0].why
    assert lists.parse(book(rows), options=ParseOptions(mapping=found.mapping)).sightings[0].lat == 41.2


def test_what_a_person_said_wins_and_an_empty_answer_takes_a_column_away():
    found = propose(HEADING, ROW, lon="备注", time="")
    assert found.sheets[0].columns[9].field == "lon"
    assert (found.sheets[0].columns[7].field, found.sheets[0].columns[2].used) == ("", False)
    rows = book([HEADING, ROW])
    (one,) = lists.parse(rows, options=ParseOptions(mapping={"time": ""})).sightings
    assert one.precision == "day"


def test_a_remembered_heading_that_this_file_does_not_have_does_no_harm():
    read = lists.parse(book([HEADING, ROW]), options=ParseOptions(mapping={"lon": "火点X"}))
    assert len(read.sightings) == 1


def test_a_cover_has_no_columns_and_a_fixed_format_nothing_to_choose():
    found = suggest_mapping(book([["封面"], ["2023年第10期"]], [HEADING, ROW]), parser="provincial_list")
    assert [sheet.sheet for sheet in found.sheets] == ["表2"]
    assert suggest_mapping(b"# 2025", parser="himawari").fields == ()
    with pytest.raises(SourceError):
        suggest_mapping(b"", parser="provincial_list")


def test_real_files_are_proposed_whole(data_dir):
    assert suggest_mapping(data_dir / "straw_fire_list_2016_2017_half.xlsx", parser="national_list").complete
    found = suggest_mapping(data_dir / "firms_viirs_noaa20_liaoning_2023-10.csv", parser="firms")
    assert (found.complete, found.mapping["acq_time"]) == (True, "acq_time")
