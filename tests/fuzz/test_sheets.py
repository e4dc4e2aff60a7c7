"""Whatever the structure of a workbook: every position ends somewhere, no moment is made up, its own numbers are compared.

The long run is `python -m tests.benchmarks.sheets`; its figures are in docs/measurements.md.
"""

from __future__ import annotations

import os

import pytest

from tests.fuzz.sheets import faults_of, make

FILES = int(os.environ.get("JINSHAO_FUZZ_SHEETS", "200"))


@pytest.mark.parametrize("part", range(4))
def test_every_position_ends_no_moment_is_made_up_and_every_total_is_compared(part):
    for seed in range(part, FILES, 4):
        assert faults_of(make(seed)) == []
