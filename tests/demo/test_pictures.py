"""Drawn evidence: accepted as evidence, and plainly marked."""

from __future__ import annotations

from datetime import datetime

import pytest

from core.clock import BEIJING
from demo import pictures, strokes
from firepoints.evidence.images import read_photo
from firepoints.evidence.tracks import read_track

AT = datetime(2026, 10, 3, 14, 5, tzinfo=BEIJING)


@pytest.mark.parametrize("subject", pictures.SUBJECTS)
def test_a_drawn_photo_is_read_with_the_position_and_time_it_claims(subject: str) -> None:
    read = read_photo(pictures.photo(pictures.Shot(subject, 124.12345, 41.23456, AT, "a")))
    assert (read.exif_lon, read.exif_lat) == (pytest.approx(124.12345, abs=1e-6), pytest.approx(41.23456, abs=1e-6))
    assert read.exif["taken_at"] == "2026:10:03 14:05:00"
    assert "drawn" in read.exif["software"]


def test_two_shots_of_one_scene_are_two_different_files_and_one_shot_is_always_the_same() -> None:
    one = pictures.Shot("fire", 124.0, 41.0, AT, "a")
    other = pictures.Shot("fire", 124.0, 41.0, AT, "b")
    assert pictures.photo(one) == pictures.photo(one) != pictures.photo(other)


def test_a_drawn_scan_is_accepted_as_a_picture() -> None:
    assert read_photo(pictures.scan("APPROVAL (DEMO)")).content_type == "image/png"


def test_a_drawn_track_is_read_back() -> None:
    assert read_track(pictures.track([(124.0, 41.0), (124.001, 41.001)])) == [(124.0, 41.0), (124.001, 41.001)]


def test_the_marks_need_no_font() -> None:
    assert set("演示示意图") <= set(strokes.GLYPHS)
