"""Checks of photos explain themselves: each a sentence with its figures, beside the picture and in the API (policy.md §5)."""

import io
import random
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from PIL import ExifTags, Image

from core.errors import Missing
from firepoints.evidence.checking import checks_by_photo
from firepoints.evidence.likeness import bands_of, difference_hash, distance, near_bands, signed, unsigned
from firepoints.models import Question
from firepoints.steps import selectors
from grids.geo.datum import from_wgs84
from tests.factories import points as make
from tests.factories.city import City


def picture(seed: int, *, quality: int = 85, width: int = 800, taken_at: str = "", at: tuple | None = None) -> bytes:
    """A picture with detail, the same for a seed whatever its size and quality."""
    chance = random.Random(seed)
    small = Image.frombytes("L", (12, 9), bytes(chance.randrange(256) for _ in range(108)))
    image = small.resize((800, 600), Image.Resampling.BICUBIC).convert("RGB")
    exif = Image.Exif()
    if taken_at:
        exif.get_ifd(ExifTags.IFD.Exif)[0x9003] = taken_at
    if at:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", (at[0], 0.0, 0.0)
        gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", (at[1], 0.0, 0.0)
    content = io.BytesIO()
    image.resize((width, width * 3 // 4)).save(content, "JPEG", quality=quality, exif=exif)
    return content.getvalue()


def keys(point, city: City, user=None) -> dict[str, str]:
    """The checks of the point's first photo: key → words."""
    pieces = list(selectors.evidence_for(point, user or city.clerk))
    checks = checks_by_photo(point, pieces, selectors.active_detections(point), user or city.clerk)
    return {check.key: check.words for check in checks[pieces[0].pk]}


def test_the_hash_survives_another_size_and_quality_and_tells_pictures_apart() -> None:
    def hashed(content: bytes) -> int:
        value = difference_hash(Image.open(io.BytesIO(content)))
        assert value is not None
        return value

    own = hashed(picture(1))
    assert distance(own, hashed(picture(1, quality=30, width=1600))) <= 3
    assert min(distance(own, hashed(picture(seed))) for seed in range(2, 60)) > 7
    assert difference_hash(Image.new("RGB", (800, 600), (9, 9, 9))) is None


def test_two_hashes_within_seven_bits_share_a_band_but_for_one_bit() -> None:
    chance = random.Random(3)
    for _ in range(500):
        own = chance.getrandbits(64)
        other = own
        for bit in chance.sample(range(64), 7):
            other ^= 1 << bit
        assert any(a in near_bands(b) for a, b in zip(bands_of(own), bands_of(other), strict=True))
        assert unsigned(signed(own)) == own


@pytest.mark.embedded
def test_a_picture_of_another_case_is_named_to_who_may_see_it_with_how_alike_it_is(city: City) -> None:
    make.photo(make.dispatched(city, at=(123.85, 41.25)), city.east, file=picture(1))
    point = make.dispatched(city)
    make.photo(point, city.west, file=picture(1, quality=30, width=1600))
    assert keys(point, city)["alike"].startswith("与 HD2023-0001 的照片画面几乎相同（64 位差 ")
    assert keys(point, city, city.west)["alike"].startswith("与另一处火点的照片画面几乎相同")


def test_positions_and_times_that_disagree_are_said_in_figures(city: City) -> None:
    point = make.dispatched(city)
    early = datetime(2023, 10, 7, 4, 30, tzinfo=UTC)
    make.photo(point, city.west, file=picture(2, taken_at="2023:10:07 15:00:00"), device_at=early)
    make.photo(point, city.west, file=picture(3))
    told = keys(point, city)
    assert told["before_pass"] == "早于过境 1 时"
    assert told["exif_time"] == "EXIF 拍摄时间比设备时间晚 2 时 30 分"
    assert told["same_spot"] == "与另外 1 张的定位是同一点（不到 1 米）"
    assert told["no_twin"] == "无重复"


def test_an_exif_time_after_the_arrival_is_wrong(city: City) -> None:
    point = make.dispatched(city)
    later = datetime.now(UTC) + timedelta(days=3)
    make.photo(point, city.west, file=picture(2, taken_at=f"{later:%Y:%m:%d %H:%M:%S}"))
    assert keys(point, city)["exif_time"].startswith("EXIF 拍摄时间比收到还晚 ")


def test_a_position_read_off_a_map_of_gcj02_is_suspected(city: City) -> None:
    point = make.dispatched(city)
    lon, lat = (float(value) for value in from_wgs84(point.lon, point.lat, "gcj02"))
    make.photo(point, city.west, at=(lon, lat), file=picture(4))
    words = keys(point, city)["gcj02"]
    assert words.startswith("疑为火星坐标（GCJ-02）：像元外")
    assert words.endswith("落在像元内")

    other = make.dispatched(city, at=(124.0 - 0.22, 41.25))
    exif = (other.lon, other.lat)
    lon, lat = (float(value) for value in from_wgs84(*exif, "gcj02"))
    make.photo(other, city.west, at=(lon, lat), file=picture(5, at=exif))
    assert "换回 WGS-84 后差 0 米" in keys(other, city)["gcj02"]


@pytest.mark.embedded
def test_a_denial_on_another_cases_photo_is_not_accepted_before_somebody_has_looked(city: City) -> None:
    make.photo(make.dispatched(city, at=(123.85, 41.25)), city.east, file=picture(1))
    point = make.dispatched(city)
    pieces = [
        make.photo(point, city.west, file=picture(1, width=1600)), *(make.photo(point, city.west) for _ in range(2)),
        make.track(point, city.west),
    ]  # fmt: skip
    data = {"conclusion": "false", "cause": "grass", "signed_by": "演示科长", "evidence": make.uuids(*pieces)}
    denied = make.take(point, "report", city.west, **data)
    question = Question.objects.get(point=point)
    assert (question.kind, question.stops_money) == ("same_picture", False)
    assert "有 1 张照片与另一处火点的" in question.words
    with pytest.raises(Missing, match="相同或几乎相同"):
        make.take(denied, "exclude", city.recogniser, reason="确是荒草")
    answered = make.take(denied, "review", city.clerk, reason="两处相邻，同一天拍的")
    assert make.take(answered, "exclude", city.recogniser, reason="确是荒草").counted is False


def test_a_true_finding_is_not_held_up_by_what_its_payer_files(city: City) -> None:
    make.photo(make.dispatched(city, at=(123.85, 41.25)), city.east, file=picture(1))
    point = make.dispatched(city)
    photo = make.photo(point, city.west, file=picture(1, width=1600))
    reported = make.take(point, "report", city.west, conclusion="true", evidence=make.uuids(photo))
    assert make.take(reported, "recognise", city.recogniser, reason="属实").counted


def test_the_api_tells_the_checks_of_each_photo(city: City) -> None:
    point = make.dispatched(city)
    make.photo(point, city.west)
    client = Client()
    client.force_login(city.clerk)
    checks = client.get(f"/api/fire-points/{point.pk}/").json()["evidence"][0]["checks"]
    assert {"key": "inside", "kind": "ok", "words": "像元内，距中心 0 米"} in checks
