"""A question before it is asked: what the room that doubts hands to the room that asks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doubt:
    """A question before it is asked: its kind, its whole words, and the key of what it is about.

    With a list (`run`) and a row of it (`detection`) it is about the list; where that was answered before, about the row.
    `stops_money`: 认定, waiver, lapse and every step of a batch wait for the answer; not so what the paying county files (自查,
    举报, appeal), which is shown beside. `beside`: a sighting that may belong to the same fire; the question
    is about its point, where it has one by then.
    """

    kind: str
    words: str
    detection: int | None = None
    run: int | None = None
    other: int | None = None
    beside: int | None = None
    speaks_for: str = ""
    speaks_against: str = ""
    stops_money: bool = True
