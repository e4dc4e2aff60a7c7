"""Whether two photos show the same picture: a difference hash of 64 bits over the decoded picture (dHash). Pure.

It survives another size, another quality, and a little brightness; not a cut or a turn. A picture without detail (a dark
night, a covered lens) has none: it would be like every other one.
"""

from collections.abc import Iterable

from PIL import Image, ImageOps

BITS, BANDS, BAND_BITS = 64, 4, 16
WIDE, HIGH = 9, 8
LEAST_DETAIL = 4.0
"""Grey levels by which neighbours differ on the average, below which a picture says nothing."""
MOST_BITS = 7
"""Up to so many bits two hashes share a band but for one bit, so that an index finds them."""


def difference_hash(image: Image.Image) -> int | None:
    """64 bits: of a picture of 9 × 8 grey fields, whether each is lighter than its right neighbour; None without detail."""
    small = ImageOps.exif_transpose(image).convert("L").resize((WIDE, HIGH), Image.Resampling.BOX)
    grey = list(small.tobytes())
    steps = [grey[row * WIDE + at] - grey[row * WIDE + at + 1] for row in range(HIGH) for at in range(WIDE - 1)]
    if sum(map(abs, steps)) / len(steps) < LEAST_DETAIL:
        return None
    return sum(1 << at for at, step in enumerate(steps) if step > 0)


def bands_of(picture_hash: int) -> tuple[int, ...]:
    """Its four bands of 16 bits."""
    return tuple(picture_hash >> (BAND_BITS * at) & 0xFFFF for at in range(BANDS))


def near_bands(band: int) -> list[int]:
    """The band and those that differ in one bit: of two hashes within 7 bits one band of four is among them."""
    return [band, *(band ^ 1 << at for at in range(BAND_BITS))]


def distance(a: int, b: int) -> int:
    """The bits in which two hashes differ."""
    return (a ^ b).bit_count()


def signed(picture_hash: int) -> int:
    """The hash as a database keeps it, in a signed number of 64 bits."""
    return picture_hash - (1 << BITS) if picture_hash >= 1 << (BITS - 1) else picture_hash


def unsigned(number: int) -> int:
    """The hash of a number that a database kept."""
    return number % (1 << BITS)


def nearest(picture_hash: int, others: Iterable[int]) -> int:
    """The least distance to others; 65 where there are none."""
    return min((distance(picture_hash, other) for other in others), default=BITS + 1)
