"""Drawn evidence: photos and scans that nobody can take for real ones, since every one says 演示 and 示意图."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from PIL import ExifTags, Image, ImageDraw

from core.clock import BEIJING
from demo import strokes

WIDTH, HEIGHT = 960, 720
HORIZON = 300
RED, WHITE, BLACK = (196, 30, 30), (255, 255, 255), (24, 24, 24)
SUBJECTS = ("fire", "scar", "none")


@dataclass(frozen=True, slots=True)
class Shot:
    """What a picture shows (`subject`: fire, scar or none), where and when; `seed` makes two pictures differ."""

    subject: str
    lon: float
    lat: float
    at: datetime
    seed: str


def photo(shot: Shot) -> bytes:
    """A JPEG of 960 × 720 with position and time in its EXIF, as a phone would write them. The same shot, same bytes."""
    draw_from = random.Random(shot.seed)  # noqa: S311  not for secrets
    image = Image.new("RGB", (WIDTH, HEIGHT), (196, 212, 226))
    draw = ImageDraw.Draw(image)
    _field(draw, draw_from)
    if shot.subject == "fire":
        _fire(draw, draw_from)
    elif shot.subject == "scar":
        _scar(draw, draw_from)
    strokes.write(draw, "演示", start_x=40, top=36, size=110, fill=RED)
    strokes.write(draw, "示意图", start_x=WIDTH - 330, top=HEIGHT - 170, size=84, fill=WHITE)
    local = shot.at.astimezone(BEIJING)
    draw.rectangle((0, HEIGHT - 44, WIDTH, HEIGHT), fill=BLACK)
    draw.text(
        (16, HEIGHT - 36), f"DEMO  {local:%Y-%m-%d %H:%M}  {shot.lon:.5f}E {shot.lat:.5f}N", fill=WHITE, font_size=24
    )
    out = io.BytesIO()
    image.save(out, "JPEG", quality=72, exif=_exif(shot))
    return out.getvalue()


def scan(title: str) -> bytes:
    """A PNG of a sheet of paper; `title` in ASCII, since the mark of the demonstration says the rest."""
    image = Image.new("L", (900, 1270), 252)
    draw = ImageDraw.Draw(image)
    strokes.write(draw, "演示", start_x=330, top=120, size=110, fill=60)
    draw.text((330, 270), title, fill=40, font_size=34)
    for line in range(16):
        draw.line((110, 380 + 44 * line, 790 if line % 5 else 640, 380 + 44 * line), fill=205, width=3)
    draw.ellipse((560, 980, 760, 1180), outline=120, width=6)
    strokes.write(draw, "示意图", start_x=575, top=1055, size=50, fill=120)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=False)
    return out.getvalue()


def track(positions: Sequence[tuple[float, float]]) -> bytes:
    """A search track as GeoJSON: lon, lat in WGS-84 degrees."""
    line = {"type": "LineString", "coordinates": [[round(lon, 6), round(lat, 6)] for lon, lat in positions]}
    return json.dumps(
        {"type": "Feature", "properties": {"note": "演示"}, "geometry": line}, ensure_ascii=False
    ).encode()


def _field(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    hills = [(x, HORIZON - chance.randrange(20, 90)) for x in range(0, WIDTH + 81, 80)]
    draw.polygon([(0, HORIZON), *hills, (WIDTH, HORIZON)], fill=(120, 138, 124))
    draw.rectangle((0, HORIZON, WIDTH, HEIGHT), fill=(182, 158, 104))
    _patches(draw, chance)
    vanishing = chance.randrange(300, 660)
    for x in range(-900, WIDTH + 900, 90):
        draw.line((vanishing, HORIZON, x, HEIGHT), fill=(150, 126, 80), width=5)


def _patches(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    """Clouds and fields of their own tone: no two places look alike, and the product asks about those that do."""
    for _ in range(9):
        x, y, grey = chance.randrange(-80, WIDTH), chance.randrange(-40, HORIZON - 60), chance.randrange(120, 250)
        draw.ellipse((x, y, x + chance.randrange(120, 420), y + chance.randrange(40, 150)), fill=(grey, grey, grey))
    for _ in range(12):
        x, y, tone = chance.randrange(-80, WIDTH), chance.randrange(HORIZON, HEIGHT), chance.randrange(60, 235)
        colour = (tone, int(tone * 0.9), int(tone * 0.6))
        draw.rectangle((x, y, x + chance.randrange(120, 380), y + chance.randrange(60, 200)), fill=colour)


def _fire(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    x, y = chance.randrange(300, 660), chance.randrange(430, 520)
    for step in range(14):
        radius = 26 + step * 9
        grey = 150 + step * 6
        edge = x + step * chance.randrange(4, 12) - radius
        draw.ellipse((edge, y - 30 * step - radius, edge + 2 * radius, y - 30 * step + radius), fill=(grey, grey, grey))
    for _ in range(9):
        dx, tall = chance.randrange(-110, 110), chance.randrange(40, 110)
        draw.polygon(
            [(x + dx - 20, y + 30), (x + dx, y + 30 - tall), (x + dx + 20, y + 30)], fill=(232, 110 + tall // 3, 30)
        )


def _scar(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    x, y = chance.randrange(240, 560), chance.randrange(440, 520)
    for _ in range(22):
        dx, dy, half = chance.randrange(-150, 190), chance.randrange(-40, 60), chance.randrange(30, 80)
        draw.ellipse((x + dx - half, y + dy - half // 3, x + dx + half, y + dy + half // 3), fill=(46, 42, 38))


def _exif(shot: Shot) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "DEMO"
    exif[ExifTags.Base.Software] = "Jinshao demo, drawn picture"
    exif.get_ifd(ExifTags.IFD.Exif)[0x9003] = f"{shot.at.astimezone(BEIJING):%Y:%m:%d %H:%M:%S}"
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", _sexagesimal(shot.lat)
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", _sexagesimal(shot.lon)
    return exif


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    whole = int(degrees)
    minutes = int((degrees - whole) * 60)
    return float(whole), float(minutes), round((degrees - whole - minutes / 60) * 3600, 4)
