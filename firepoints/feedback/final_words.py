"""The issuer's final words for many rows at once, from the table that came back: shown first, then recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.db import transaction

from core import clock
from core.errors import BadInput, Refused
from firepoints.feedback import sending
from firepoints.feedback.answers import RowAnswer, answers_of
from firepoints.feedback.returned import Opinion, opinions_in
from firepoints.models import FinalWord, ImportRun, RawRow
from firepoints.sightings.readers.base import ParseOptions, SourceError
from grids.models import User
from papers import filing
from papers.reading import read_sheets


@dataclass(frozen=True, slots=True)
class Word:
    """What would be recorded for one row: its answer as it stands now and the issuer's opinion of it; `last` is the word
    that it has already, if any."""

    opinion: Opinion
    told: RowAnswer
    last: FinalWord | None

    @property
    def is_question(self) -> bool:
        """Whether its point would be put before a person."""
        return not self.opinion.accepted and self.told.point is not None


@dataclass(frozen=True, slots=True)
class Returned:
    """`words` can be recorded; `problems` say in their opinion why not; `silent` rows of the table say nothing."""

    words: tuple[Word, ...]
    problems: tuple[Opinion, ...]
    silent: int

    @property
    def rejected(self) -> int:
        return sum(not word.opinion.accepted for word in self.words)


def returned_words(*, run: ImportRun, path: Path) -> Returned:
    """Read the returned table against the list as it came. Nothing is written.

    Raises Refused as `feedback.require_list` and when the stored file is gone, BadInput for what is no such table.
    """
    sending.require_list(run)
    original = filing.stored_path(run.stored_as) if run.stored_as else None
    if original is None or not original.is_file():
        raise Refused("原表不在库里，不能逐行对照", code="no_file")
    options = ParseOptions(datum=run.datum, mapping=run.mapping, now=clock.now(), filename=run.filename)
    try:
        opinions, silent = opinions_in(read_sheets(path, options), read_sheets(original, options), options=options)
    except SourceError as error:
        raise BadInput(f"{error.what}。{error.todo}" if error.todo else error.what, where=error.where) from error
    return _against(run, _once(opinions), silent)


def _once(opinions: Sequence[Opinion]) -> list[Opinion]:
    """The opinions, where two returned rows for one row of the list are both a problem."""
    matches = [opinion.of for opinion in opinions if opinion.of]
    twice = {of for of in matches if matches.count(of) > 1} if len(matches) != len(set(matches)) else set()
    return [
        Opinion(
            opinion.place,
            opinion.said,
            opinion.accepted,
            opinion.note,
            None,
            f"退回的表里有两行对着原表第 {opinion.of[1]} 行",
        )
        if opinion.of and opinion.of in twice
        else opinion
        for opinion in opinions
    ]


def _against(run: ImportRun, opinions: Sequence[Opinion], silent: int) -> Returned:
    rows = {(row.sheet, row.row_no): row for row in run.raw_rows.exclude(outcome=RawRow.Outcome.NOTE)}
    matched = [(opinion, rows[opinion.of]) for opinion in opinions if opinion.of in rows]
    answers = {answer.row.pk: answer for answer in answers_of(run, [row for _, row in matched])}
    last = {word.row_id: word for word in FinalWord.objects.filter(row__run=run).order_by("seq")}
    return Returned(
        tuple(Word(opinion, answers[row.pk], last.get(row.pk)) for opinion, row in matched),
        tuple(opinion for opinion in opinions if opinion.of not in rows),
        silent,
    )


@transaction.atomic
def final_words_record(
    *, run: ImportRun, path: Path, actor: User, document_no: str, document_date: date
) -> tuple[int, Returned]:
    """Record every word of the returned table that has its row; (how many were new, what was read). All or none.

    The same table again adds nothing. Rows that did not match stay out, and `problems` names them. Raises as
    `returned_words` and `feedback.final_word_record`.
    """
    sending.require_bureau(actor)
    # Two who record words of one list follow each other, so what is read here still stands when it is written.
    list(ImportRun.objects.select_for_update(no_key=True).filter(pk=run.pk).values_list("pk"))
    returned = returned_words(run=run, path=path)
    before = FinalWord.objects.filter(row__run=run).count()
    for word in returned.words:
        sending.final_word_record(
            row=word.told.row, actor=actor, accepted=bool(word.opinion.accepted), document_no=document_no,
            document_date=document_date, note=word.opinion.note, row_answer=word.told,
        )  # fmt: skip
    return FinalWord.objects.filter(row__run=run).count() - before, returned
