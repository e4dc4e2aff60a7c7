"""What a few re-checks say: exact tests and intervals, and a lot that nobody can steer (policy.md §5)."""

import random
from math import comb

import pytest

from firepoints.rechecks.chance import (
    Limits,
    Tally,
    at_least,
    drawn_at_least,
    is_beyond_chance,
    least_wrong,
    named,
    wilson,
)  # fmt: skip
from firepoints.rechecks.drawing import Shares, drawn, number_of, seed_of, share_of_denials

LIMITS = Limits()


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [(0, 0, 0.0, 1.0), (3, 12, 0.0889, 0.5323), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0)],
)
def test_the_interval_is_wilsons(hits: int, total: int, low: float, high: float) -> None:
    assert wilson(hits, total) == pytest.approx((low, high), abs=5e-4)


def test_the_tails_are_exact() -> None:
    assert at_least(2, 4, 0.05) == pytest.approx(1 - 0.95**4 - 4 * 0.05 * 0.95**3)
    assert (at_least(0, 4, 0.05), at_least(5, 4, 0.05)) == (pytest.approx(1.0), 0)
    assert drawn_at_least(2, 3, 4, 10) == pytest.approx((comb(4, 2) * 6 + comb(4, 3)) / comb(10, 3))


def test_no_county_is_named_for_one_contradiction_nor_for_what_an_honest_one_may_show() -> None:
    assert not is_beyond_chance(Tally(1, 1, 1), LIMITS)
    assert is_beyond_chance(Tally(9, 3, 2), LIMITS)
    assert not is_beyond_chance(Tally(60, 40, 4), LIMITS)
    assert named({"b": Tally(9, 3, 3), "a": Tally(9, 4, 3), "c": Tally(9, 9, 0)}, LIMITS) == ["a", "b"]


def test_few_that_are_contradicted_say_how_many_of_all_are_wrong_at_the_least() -> None:
    assert least_wrong(Tally(12, 12, 5)) == 5
    assert least_wrong(Tally(12, 4, 0)) == 0
    assert 5 <= least_wrong(Tally(12, 4, 4)) <= 8


def test_the_seed_decides_alone_and_each_record_has_its_own_chance() -> None:
    seed = seed_of("head", "2023-10-08T16:00:00+00:00")
    assert drawn(seed, range(1000), 0.15) == drawn(seed, reversed(range(1000)), 0.15)
    assert set(drawn(seed, range(500), 0.15)) == {key for key in drawn(seed, range(1000), 0.15) if key < 500}
    assert 110 < len(drawn(seed, range(1000), 0.15)) < 190
    assert number_of(seed, 7) != number_of(seed_of("other", "2023-10-08T16:00:00+00:00"), 7)


def test_of_a_few_denials_most_are_drawn_and_after_a_contradiction_all() -> None:
    shares = Shares()
    assert [share_of_denials(shares, filed, is_contradicted=False) for filed in (0, 3, 12, 100)] == [
        0.15,
        1.0,
        0.5,
        0.15,
    ]
    assert share_of_denials(shares, 100, is_contradicted=True) == 1.0


def one_month(seed: int, *, lies: float, fires: int, others: int) -> bool:
    """Whether a county is named in a month: `fires` true ones of which it denies a share, `others` that it denies rightly."""
    chance = random.Random(seed)
    days = sorted(
        [(chance.random() * 30, True) for _ in range(fires)] + [(chance.random() * 30, False) for _ in range(others)]
    )
    denials = [(day, is_lie) for day, is_lie in days if not is_lie or chance.random() < lies]
    tally, is_contradicted, waiting = [0, 0], False, []
    for number, (_, is_lie) in enumerate(denials, start=1):
        if chance.random() >= share_of_denials(Shares(), number, is_contradicted=is_contradicted):
            waiting.append(is_lie)
            continue
        looked = [is_lie]
        if is_lie and not is_contradicted:
            is_contradicted, looked, waiting = True, [is_lie, *waiting], []
        tally[0] += len(looked)
        tally[1] += sum(looked)
    return is_beyond_chance(Tally(len(denials), *tally), LIMITS)


@pytest.mark.parametrize(("fires", "others"), [(12, 2), (20, 5), (40, 10), (40, 40)])
def test_who_denies_one_true_fire_in_three_is_named_within_a_month(fires: int, others: int) -> None:
    months = [one_month(seed, lies=1 / 3, fires=fires, others=others) for seed in range(400)]
    assert sum(months) >= 0.9 * len(months)


@pytest.mark.parametrize(("fires", "others"), [(12, 2), (40, 10), (40, 40)])
def test_an_honest_county_is_seldom_named(fires: int, others: int) -> None:
    months = [one_month(seed, lies=0.01, fires=fires, others=others) for seed in range(400)]
    assert sum(months) <= 0.05 * len(months)
