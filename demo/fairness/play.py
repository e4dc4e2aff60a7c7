"""A world from its first file to its last batch, everything at its own simulated time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from core import clock
from core.errors import BadInput
from demo.fairness.office import Office
from demo.fairness.stage import cast_of, know_works, take_in
from demo.fairness.truth import Truth
from demo.fairness.worldfile import World
from grids.models import User
from penalties.batches.steps import batch_build, batch_freeze
from penalties.models import BatchState


def play(world: World) -> Office:
    """Let it all happen in a deployment that `stage.set_up` has made ready; returns the people with their memories."""
    truth, cast = Truth(world), cast_of()
    office = Office(truth, cast)
    events: list[tuple[datetime, int, Callable[[], None]]] = [
        (file.arrives, 0, partial(_arrive, truth, world, at, cast["clerk"])) for at, file in enumerate(world.files)
    ]
    for act in world.acts:
        events.append((datetime.fromisoformat(act["at"]), 1, _deed(office, act, cast["clerk"])))
    events.sort(key=lambda event: event[:2])
    if not events:
        return office
    with clock.simulated(events[0][0]) as hand:
        know_works(world)
        for at, _, run in events:
            hand.set(at)
            run()
    return office


def _arrive(truth: Truth, world: World, at: int, clerk: User) -> None:
    truth.learn(take_in(world, world.files[at], clerk))


def _deed(office: Office, act: Mapping[str, Any], clerk: User) -> Callable[[], None]:
    deeds: dict[str, Callable[[], None]] = {
        "work": office.work,
        "decide": office.decide,
        "visit": lambda: office.visit(act["row"]),
        "charge": lambda: _charge(act["month"], clerk),
    }
    if act["do"] not in deeds:
        raise BadInput(f"不认识的动作 {act['do']!r}，可用：{'、'.join(deeds)}", where="acts.jsonl")
    return deeds[act["do"]]


def _charge(month: str, clerk: User) -> None:
    batch = batch_build(month=month, actor=clerk)
    if batch.state == BatchState.OPEN:
        batch_freeze(batch_id=batch.pk, actor=clerk)
