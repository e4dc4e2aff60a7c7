"""The files of a world as the office takes them in: imported, corrected by a later one, taken back, imported again."""

from __future__ import annotations

from core.errors import Refused
from demo.fairness.hands import Hands
from demo.fairness.stage import take_in
from demo.fairness.truth import Truth
from demo.fairness.worldfile import File
from demo.services.verbs import second_of
from firepoints.models import ImportRun
from firepoints.sightings.importing.proposing import withdraw_or_propose
from journal.proposals import services as proposals


class Intake:
    """The clerk at the counter, with the run that each file became; a file that the product refuses became none."""

    def __init__(self, truth: Truth, hands: Hands) -> None:
        self.truth, self.hands = truth, hands
        self.runs: dict[str, ImportRun] = {}

    def arrive(self, file: File) -> None:
        """Import a file; a list that corrects another says so."""
        corrected = self.runs.get(file.supersedes)
        supersedes = str(corrected.uuid) if corrected else None
        try:
            run, row_ids = take_in(self.truth.world, file, self.hands.cast["clerk"], supersedes)
        except Refused as refused:
            self.hands.refused[f"import: {refused.code}"] += 1
            return
        self.runs[file.again or file.name] = self.runs[file.name] = run
        self.truth.learn(row_ids)

    def withdraw(self, name: str) -> None:
        """Take a file back, wherever its points stand by now."""
        run = self.runs.get(name)
        if run is None:
            return
        try:
            cast = self.hands.cast
            outcome = withdraw_or_propose(run=str(run.uuid), actor=cast["clerk"], reason="清单有误，撤回重导")
            if outcome.proposal is not None:
                proposals.accept(proposal_id=outcome.proposal.pk, actor=second_of(cast, cast["clerk"]))
        except Refused as refused:
            self.hands.refused[f"withdraw: {refused.code}"] += 1
