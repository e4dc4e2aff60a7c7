"""Many points at once, for the map and for plans: rows alone, with a place, a county and nothing of a life."""

import random
from datetime import UTC, datetime

from firepoints.models import FirePoint, PointCounty
from tests.factories.city import BORDER_LON, EAST, WEST, City

BURNT = datetime(2023, 10, 8, 5, 30, tzinfo=UTC)


def crowd(city: City, number: int, *, span: float = 0.18, seed: int = 7) -> list[FirePoint]:
    """So many suspected points within `span` degrees in the middle of the city, each with its county."""
    chance = random.Random(seed)
    points = FirePoint.objects.bulk_create(
        [
            FirePoint(
                starts_at=BURNT, ends_at=BURNT, precision="instant", burn_date=BURNT.date(),
                lon=round(BORDER_LON + span * (chance.random() - 0.5), 6),
                lat=round(41.3 + span * (chance.random() - 0.5), 6),
            )
            for _ in range(number)
        ],
        batch_size=2000,
    )  # fmt: skip
    PointCounty.objects.bulk_create(
        [PointCounty(point=point, county_code=WEST if point.lon < BORDER_LON else EAST) for point in points],
        batch_size=2000,
    )
    return points
