"""The benchmark runs, and its answers agree; its figures are for people, not for tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.benchmarks import locate


def test_a_small_run_compares_the_engines_and_finds_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(locate.SCALES, "prefecture", 60)
    monkeypatch.setattr(locate, "mismatches_on_imperfect_tilings", lambda seed: {})
    result = locate.run(tmp_path, "prefecture", 2000, 1, 7, ["ours", "shapely"])
    assert {name: figure["mismatches"] for name, figure in result["engines"].items()} == {"ours": 0, "shapely": 0}
    assert set(result["ratios"]) == {"warm", "warm_cpu", "file_order", "first"}
    assert json.loads(json.dumps(result))["build_peak_mb"] > 0
    assert "one point" in locate.as_text(result)
