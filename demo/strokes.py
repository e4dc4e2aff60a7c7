"""The four characters that mark a drawn picture, as strokes: a machine without any Chinese font can draw them too."""

from __future__ import annotations

from PIL import ImageDraw

Stroke = tuple[tuple[int, int], ...]

# On a square of 100 × 100, from the top left.
GLYPHS: dict[str, tuple[Stroke, ...]] = {
    "演": (
        ((12, 12), (20, 22)), ((6, 36), (16, 44)), ((6, 90), (20, 60)), ((58, 2), (62, 11)),
        ((32, 28), (32, 17), (92, 17), (88, 28)), ((42, 30), (82, 30)),
        ((40, 42), (84, 42), (84, 72), (40, 72), (40, 42)), ((40, 57), (84, 57)), ((62, 30), (62, 72)),
        ((50, 78), (34, 95)), ((72, 78), (90, 95)),
    ),
    "示": (
        ((24, 17), (76, 17)), ((8, 41), (92, 41)), ((50, 41), (50, 92), (40, 85)),
        ((30, 56), (16, 79)), ((69, 56), (85, 77)),
    ),
    "意": (
        ((50, 2), (50, 11)), ((18, 14), (82, 14)), ((36, 17), (40, 27)), ((64, 17), (60, 27)), ((7, 30), (93, 30)),
        ((28, 38), (72, 38), (72, 63), (28, 63), (28, 38)), ((28, 50), (72, 50)),
        ((15, 74), (8, 92)), ((28, 71), (31, 92), (68, 92), (73, 80)), ((46, 69), (53, 79)), ((80, 72), (92, 88)),
    ),
    "图": (
        ((10, 6), (90, 6), (90, 94), (10, 94), (10, 6)), ((44, 15), (26, 40)), ((37, 25), (66, 25), (50, 42), (23, 58)),
        ((33, 33), (76, 60)), ((45, 60), (57, 67)), ((38, 75), (58, 84)),
    ),
}  # fmt: skip


def write(
    draw: ImageDraw.ImageDraw, text: str, *, start_x: float, top: float, size: float, fill: int | tuple[int, int, int]
) -> None:
    """Draw `text` with its characters `size` pixels high; raises KeyError for a character without strokes."""
    for at, character in enumerate(text):
        x = start_x + at * size * 1.12
        for stroke in GLYPHS[character]:
            points = [(x + px * size / 100, top + py * size / 100) for px, py in stroke]
            draw.line(points, fill=fill, width=max(2, round(size / 11)), joint="curve")
