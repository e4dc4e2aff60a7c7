"""Photos as they come from the field: once, twice, broken, too small, without a position, far away."""

import io
import json
import uuid
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from core.errors import BadInput, Conflict, Missing, NotAllowed, NotThere
from firepoints.evidence.pieces import evidence_store, path_of, receipt_of
from firepoints.evidence.tracks import MOST_POSITIONS, NotATrack, read_track
from firepoints.models import Evidence
from firepoints.pages.acts.copies import copy_of
from firepoints.steps import selectors
from journal.models import Entry
from tests.factories import points as make
from tests.factories.city import City, person

KEY = "5b0a3f7e-0000-4000-8000-00000000000a"


@pytest.fixture
def point(city: City):
    return make.dispatched(city)


@pytest.mark.embedded
def test_sending_again_gives_the_same_receipt_and_stores_nothing(city: City, point) -> None:
    content = make.jpeg()
    first = make.photo(point, city.west, uuid=KEY, file=content)
    again = make.photo(point, city.west, uuid=KEY, file=io.BytesIO(content))

    assert receipt_of(again) == receipt_of(first)
    assert Evidence.objects.count() == 1
    assert Entry.objects.filter(act="evidence.stored").count() == 1
    assert path_of(first).read_bytes() == content


@pytest.mark.embedded
def test_the_same_uuid_with_another_content_is_a_conflict(city: City, point) -> None:
    make.photo(point, city.west, uuid=KEY)
    with pytest.raises(Conflict) as refused:
        make.photo(point, city.west, uuid=KEY)
    assert (refused.value.http_status, refused.value.code) == (409, "evidence_conflict")


def test_another_person_does_not_get_the_receipt(city: City, point) -> None:
    content = make.jpeg()
    make.photo(point, city.west, uuid=KEY, file=content)
    with pytest.raises(Conflict):
        make.photo(point, city.clerk, uuid=KEY, file=content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"not a photo", "undecodable"),
        (b"", "undecodable"),
        (make.jpeg()[:-900], "undecodable"),
        (make.jpeg(639, 480), "too_small"),
        (b"GIF89a" + bytes(200), "undecodable"),
    ],
    ids=["text", "empty", "cut off", "639 px", "gif"],
)
def test_what_cannot_be_looked_at_is_refused(city: City, point, content: bytes, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        make.photo(point, city.west, file=content)
    assert refused.value.code == code
    assert not Evidence.objects.exists()


def test_an_upright_photo_of_480_by_640_is_large_enough(city: City, point) -> None:
    stored = make.photo(point, city.west, file=make.jpeg(480, 640))
    assert (stored.width_px, stored.height_px) == (480, 640)


def test_a_decompression_bomb_is_refused_by_its_header(city: City, point) -> None:
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    with pytest.raises(BadInput) as refused:
        make.photo(point, city.west, file=bomb.getvalue())
    assert refused.value.code in ("too_large", "undecodable")


def test_a_photo_has_a_position_or_a_reason(city: City, point) -> None:
    with pytest.raises(Missing, match="定位"):
        make.photo(point, city.west, lon=None, lat=None)
    stored = make.photo(point, city.west, lon=None, lat=None, no_position_reason="室内无信号")
    assert (stored.footprint_distance_m, stored.no_position_reason) == (None, "室内无信号")


@pytest.mark.parametrize("where", [(None, 41.2), (200, 41.2), ("nan", 41.2), ("abc", 41.2)])
def test_a_position_that_is_none_is_refused(city: City, point, where: tuple) -> None:
    with pytest.raises(BadInput):
        make.photo(point, city.west, lon=where[0], lat=where[1])


@pytest.mark.embedded
def test_the_distance_to_the_footprint_is_in_metres_and_0_inside(city: City, point) -> None:
    inside = make.photo(point, city.west)
    away = make.photo(point, city.west, at=(point.lon, point.lat + 0.01))  # about 1.11 km north of the centre
    assert inside.footprint_distance_m == 0
    assert 700 < away.footprint_distance_m < 900


def test_device_position_exif_and_both_clocks_stand_side_by_side(city: City, point) -> None:
    exif = Image.Exif()
    exif[0x0110] = "Demo Phone"
    exif.get_ifd(0x8825).update({1: "N", 2: (41.0, 15.0, 36.0), 3: "E", 4: (123.0, 45.0, 0.0)})
    content = io.BytesIO()
    Image.new("RGB", (800, 600)).save(content, "JPEG", exif=exif)

    stored = make.photo(
        point, city.west, file=content.getvalue(), device_at="2023-10-07T14:00:00+08:00", accuracy_m="12.5"
    )

    assert (stored.exif_lon, stored.exif_lat) == (123.75, pytest.approx(41.26))
    assert (stored.lon, stored.accuracy_m, stored.exif["model"]) == (point.lon, 12.5, "Demo Phone")
    assert receipt_of(stored)["clock_skew_s"] > 0


def test_a_naive_device_time_has_no_meaning(city: City, point) -> None:
    with pytest.raises(BadInput, match="时区"):
        make.photo(point, city.west, device_at="2023-10-07T14:00:00")


def test_a_merged_point_hands_its_evidence_to_the_survivor(city: City) -> None:
    survivor, gone = make.dispatched(city), make.dispatched(city)
    make.take(gone, "merge", city.clerk, into=survivor.pk, reason="同一处")
    stored = make.photo(gone, city.west)
    assert (stored.point, stored.named_point) == (survivor, str(gone.pk))


def test_what_was_filed_before_a_merge_proves_the_survivor(city: City) -> None:
    survivor, gone = make.dispatched(city), make.dispatched(city)
    early = make.photo(gone, city.west)
    make.take(gone, "merge", city.clerk, into=survivor.number, reason="同一处")
    done = make.take(survivor, "report", city.west, conclusion="true", evidence=make.uuids(early))
    assert done.state == "verified"


def test_who_may_not_see_the_point_may_not_file_and_readers_do_not_file(city: City, point) -> None:
    with pytest.raises(NotThere):
        make.photo(point, city.east)
    with pytest.raises(NotAllowed):
        make.photo(point, city.auditor)


def test_scans_and_tracks_are_checked_for_what_they_claim(city: City, point) -> None:
    assert make.scan(point, city.west).content_type == "application/pdf"
    assert make.track(point, city.west).footprint_distance_m == 0
    for kind, code in (("scan", "undecodable"), ("track", "no_track")):
        with pytest.raises(BadInput) as refused:
            evidence_store(point=point, actor=city.west, uuid=uuid.uuid4(), file=b"{}", kind=kind)
        assert refused.value.code == code
    with pytest.raises(BadInput, match="佐证种类"):
        evidence_store(point=point, actor=city.west, uuid=uuid.uuid4(), file=b"{}", kind="song")


@pytest.mark.parametrize(
    "content",
    [
        '{"type":"LineString","coordinates":[[123.75,41.25,9],[123.76,41.26,9]]}',
        '{"type":"FeatureCollection","features":[{"geometry":{"coordinates":[[123.75,41.25],[123.76,41.26]]}}]}',
        "[[123.75, 41.25], [123.76, 41.26]]",
        '{"points": [{"lon": 123.75, "lat": 41.25, "at": "x"}, {"lon": 123.76, "lat": 41.26}]}',
        '<gpx><trk><trkseg><trkpt lat="41.25" lon="123.75"/><trkpt lon="123.76" lat="41.26"></trkpt></trkseg></trk></gpx>',
    ],
)
def test_a_track_is_read_from_the_usual_formats(content: str) -> None:
    assert read_track(content.encode()) == [(123.75, 41.25), (123.76, 41.26)]


KML = '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark>{}</Placemark></Document></kml>'
LINE = "<LineString><coordinates>123.75,41.25,0 123.76,41.26,0</coordinates></LineString>"
TCX = (
    "<Trackpoint><Time>t</Time><Position><LatitudeDegrees>{}</LatitudeDegrees>"
    "<LongitudeDegrees>{}</LongitudeDegrees></Position></Trackpoint>"
)
GPX = '<?xml version="1.0" encoding="GBK"?><gpx><trk><name>巡查轨迹</name><trkseg>{}</trkseg></trk></gpx>'
POINTS = '<trkpt lat="41.25" lon="123.75"/><trkpt lat="41.26" lon="123.76"/>'


def kmz(text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("files/icon.png", b"x")
        archive.writestr("doc.kml", text)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        KML.format(LINE).encode(),
        KML.format(f"<Point><coordinates>120,30,0</coordinates></Point>{LINE}").encode(),
        KML.format(
            "<gx:Track><when>2024</when><gx:coord>123.75 41.25 0</gx:coord><gx:coord>123.76 41.26 0</gx:coord></gx:Track>"
        ).encode(),
        kmz(KML.format(LINE)),
        ("<TrainingCenterDatabase>" + TCX.format(41.25, 123.75) + "<Trackpoint><Time>t</Time></Trackpoint>"
         + TCX.format(41.26, 123.76) + "</TrainingCenterDatabase>").encode(),
        GPX.format(POINTS).encode("gb18030"),
        GPX.format(POINTS).encode("utf-16"),
        GPX.format("<trkpt/>" + POINTS + '<trkpt lat="" lon=""></trkpt>').encode("gb18030"),
        GPX.format('<trkpt lat="0.0" lon="0.0"/>' + POINTS).encode("gb18030"),
        b'{"features":[{"geometry":null},{"geometry":{"type":"LineString","coordinates":[[123.75,41.25],null,[123.76,41.26]]}}]}',
        b'{"features":[{"geometry":{"type":"Point","coordinates":[120,30]}},'
        b'{"geometry":{"type":"LineString","coordinates":[[123.75,41.25],[123.76,41.26]]}}]}',
        b'{"points":[{"lon":123.75,"lat":41.25},{"lon":null,"lat":null},{},{"lon":123.76,"lat":41.26}]}',
    ],
)  # fmt: skip
def test_a_track_is_read_as_the_apps_of_phones_export_it(content: bytes) -> None:
    assert read_track(content) == [(123.75, 41.25), (123.76, 41.26)]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"\x0e\x10\xd9\x07\x00\x00\x00\x00.FIT\x00\x00", "FIT"),
        (b'<gpx><wpt lat="41.25" lon="123.75"/><wpt lat="41.26" lon="123.76"/></gpx>', "标注点"),
        (KML.format("<Point><coordinates>120,30,0</coordinates></Point>").encode(), "标注点"),
        (b"$GPRMC,0501,A,4115,N,12345,E", "NMEA"),
        (b"\xff\xd8\xff\xe0", "照片"),
        (b"PK\x03\x04 broken", "压缩包"),
    ],
)
def test_what_is_no_track_is_named_with_what_to_export(content: bytes, word: str) -> None:
    with pytest.raises(NotATrack) as refused:
        read_track(content)
    assert word in str(refused.value)
    assert "GPX" in str(refused.value)


def test_a_day_at_one_position_a_second_is_thinned_for_measuring_and_kept_whole(city: City, point) -> None:
    points = [[123.70 + at / 1_000_000, 41.25] for at in range(86_400)]
    content = json.dumps(points).encode()
    read = read_track(content)
    assert len(read) <= MOST_POSITIONS
    assert (read[0], read[-1]) == ((123.70, 41.25), tuple(points[-1]))
    assert max(b[0] - a[0] for a, b in pairwise(read)) < 6 / 1_000_000
    piece = evidence_store(point=point, actor=city.west, uuid=uuid.uuid4(), file=content, kind="track")
    assert path_of(piece).read_bytes() == content


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"[[1,2]]", b"{}", b"null", b"[[1,2],[500,2]]", b"\xff\xfe", b"<x/>", b"[" * 9000]
)
def test_what_is_no_track_is_refused(content: bytes) -> None:
    with pytest.raises(NotATrack):
        read_track(content)


@pytest.mark.parametrize("wrong", ["4110,124.1", "124.1,411.0", "1e400,41.1"])
def test_one_position_nowhere_on_earth_does_not_refuse_the_track_and_several_do(wrong: str) -> None:
    lon, lat = wrong.split(",")
    good = ["[123.75, 41.25]", "[123.76, 41.26]"]
    assert read_track(f"[{good[0]}, [{lon}, {lat}], {good[1]}]".encode()) == [(123.75, 41.25), (123.76, 41.26)]
    with pytest.raises(NotATrack, match="不是经纬度"):
        read_track(f"[{good[0]}, [{lon}, {lat}], [{lon}, {lat}], {good[1]}]".encode())


def test_names_of_files_stay_names(city: City, point) -> None:
    stored = make.photo(point, city.west, filename="..\\..\\etc/火点 1.jpg")
    assert stored.filename == "火点 1.jpg"
    assert ".." not in Path(stored.stored_as).parts


class TestNegativeProof:
    """policy.md §5: a 查否 is harder to file than a 属实."""

    def report(self, city: City, point, pieces, **changes):
        told = {"conclusion": "false", "cause": "grass", "signed_by": "演示科长", **changes}
        return make.take(point, "report", city.west, evidence=make.uuids(*pieces), **told)

    @pytest.mark.embedded
    def test_it_is_accepted_when_all_is_there(self, city: City) -> None:
        point = make.negative(city)
        assert (point.verification.conclusion, point.verification.cause) == ("false", "grass")

    def test_each_lacking_piece_is_named(self, city: City, point) -> None:
        with pytest.raises(Missing) as refused:
            self.report(city, point, [make.photo(point, city.west, at=(123.76, 41.35))], cause="", signed_by=" ")
        assert refused.value.code == "negative_proof"
        assert len(refused.value.requirements) == 5

    def test_two_photos_are_not_three_and_one_sent_thrice_is_one(self, city: City, point) -> None:
        content = make.jpeg()
        same = [make.photo(point, city.west, file=content) for _ in range(3)]
        with pytest.raises(Missing, match="现有 1 张"):
            self.report(city, point, [*same, make.track(point, city.west)])

    def test_photos_beside_the_footprint_do_not_show_what_is_in_it(self, city: City, point) -> None:
        away = [make.photo(point, city.west, at=(123.76, 41.26)) for _ in range(3)]
        with pytest.raises(Missing) as refused:
            self.report(city, point, [*away, make.track(point, city.west)])
        assert refused.value.requirements == ["至少一张在像元范围内拍摄、有定位的照片"]

    def test_a_cause_of_our_own_list(self, city: City, point) -> None:
        with pytest.raises(BadInput, match="原因只能是"):
            self.report(city, point, [make.photo(point, city.west)], cause="无")

    def test_paper_is_no_easier_way(self, city: City, point) -> None:
        told = {"conclusion": "false", "cause": "grass", "signed_by": "演示科长"}
        paper = make.uuids(make.scan(point, city.clerk))
        with pytest.raises(Missing) as refused:
            make.take(point, "report_on_behalf", city.clerk, evidence=paper, **told)
        assert refused.value.code == "negative_proof"


def test_a_county_that_lost_the_point_keeps_only_what_it_filed(city: City) -> None:
    point = make.joint(city, at=(123.8001, 41.25))
    wests, easts = make.photo(point, city.west), make.photo(point, city.east)
    record = make.uuids(make.scan(point, city.clerk))
    told = {"conclusion": "true", "county_code": "210591", "attendances": make.attendance(), "evidence": record}
    point = make.take(point, "settle_jointly", city.clerk, **told)

    assert list(selectors.evidence_for(point, city.west)) == [wests]
    assert easts in selectors.evidence_for(point, city.east)
    assert selectors.evidence_for(point, city.recogniser).count() == 3


def test_the_journal_entry_of_evidence_names_no_person_and_no_position(city: City, point) -> None:
    make.photo(point, city.west, caption="演示人物")
    told = json.dumps(Entry.objects.get(act="evidence.stored").after, ensure_ascii=False)
    assert "演示" not in told
    assert "lon" not in told


def test_a_member_of_the_township_may_file(city: City, point) -> None:
    member = person("member", "member", "210590001")
    assert make.photo(point, member).uploader == member


def heic(size: tuple[int, int] = (800, 600), gps: dict | None = None) -> bytes:
    """A photo as an iPhone keeps it, with a camera and a position in its EXIF."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Apple"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps if gps is not None else GPS)
    out = io.BytesIO()
    image.save(out, "HEIF", quality=50, exif=exif)
    return out.getvalue()


GPS = {
    ExifTags.GPS.GPSLatitudeRef: "N", ExifTags.GPS.GPSLatitude: (41.0, 15.0, 0.0),
    ExifTags.GPS.GPSLongitudeRef: "E", ExifTags.GPS.GPSLongitude: (123.0, 45.0, 0.0),
}  # fmt: skip


def test_a_heic_is_kept_as_it_came_and_shown_as_a_jpeg(city: City, point) -> None:
    content = heic()
    piece = make.photo(point, city.west, file=content)
    assert (piece.content_type, piece.width_px, piece.height_px) == ("image/heic", 800, 600)
    assert (piece.exif_lon, piece.exif_lat, piece.exif["make"]) == (123.75, 41.25, "Apple")
    assert path_of(piece).read_bytes() == content
    assert path_of(piece).suffix == ".heic"
    copy = copy_of(piece, 480)
    assert copy is not None
    with Image.open(copy) as image:
        assert (image.format, image.size) == ("JPEG", (480, 360))
        assert not image.getexif()


def test_a_heic_is_measured_and_searched_like_any_photo(city: City, point) -> None:
    for content, code in ((heic((400, 300)), "too_small"), (heic()[:-2000], "undecodable"),
                          (heic() + b"PK\x03\x04 more", "polyglot")):  # fmt: skip
        with pytest.raises(BadInput) as refused:
            make.photo(point, city.west, file=content)
        assert refused.value.code == code


def test_a_camera_without_a_fix_gives_no_position(city: City, point) -> None:
    zero = {**GPS, ExifTags.GPS.GPSLatitude: (0.0, 0.0, 0.0), ExifTags.GPS.GPSLongitude: (0.0, 0.0, 0.0)}
    piece = make.photo(point, city.west, file=heic(gps=zero))
    assert (piece.exif_lon, piece.exif_lat) == (None, None)
