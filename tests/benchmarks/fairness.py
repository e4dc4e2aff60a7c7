"""Many simulated worlds, judged one after another: a JSON line for each, and the sums of all lines at the end.

Run from the repository: `python -m tests.benchmarks.fairness RUNS.jsonl --seeds 1-20 [--densities low,middle,high]`. Worlds
whose line stands already for this commit are left out, so that a run cut short goes on where it was. `--sums` only adds up.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LISTED = ("double_unasked", "uncharged_machine", "wrong_county", "before_the_rule")


def main() -> None:
    """Judge what is lacking, then print the sums."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    arguments = _arguments()
    commit = arguments.commit or _commit()
    lines = [line for line in _lines(arguments.lines) if line["commit"] == commit]
    known = {(line["seed"], line["density"]) for line in lines}
    if not arguments.sums:
        wanted = [(seed, density) for seed in arguments.seeds for density in arguments.densities.split(",")]
        for line in _judged([world for world in wanted if world not in known], arguments.fires, commit):
            with arguments.lines.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
            lines.append(line)
            print(_short(line), file=sys.stderr, flush=True)
    print(json.dumps(_sums(lines), ensure_ascii=False, indent=1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=Path, help="the file of lines: read, and added to")
    parser.add_argument("--seeds", type=_span, default=range(1, 21), help="a seed, or the first and last: 1-20")
    parser.add_argument("--densities", default="low,middle,high")
    parser.add_argument("--fires", type=int, default=40)
    parser.add_argument("--commit", default="", help="judge under another name, for a tree that is not committed")
    parser.add_argument("--sums", action="store_true")
    return parser.parse_args()


def _span(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def _judged(worlds: list[tuple[int, str]], fires: int, commit: str) -> Iterator[dict[str, Any]]:
    from demo.fairness import home
    from demo.simulation import world
    from demo.simulation.land import Land
    from demo.simulation.recipe import Recipe

    land = Land.of(ROOT / "packs/benxi/divisions.csv")
    with home.homes() as homes:
        for seed, density in worlds:
            begun = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="jinshao-world-") as folder:
                recipe = Recipe.drawn(seed, density)
                world.write(
                    world.build(seed=seed, fires=fires, density=density, land=land, recipe=recipe), Path(folder)
                )
                result = homes.judge(Path(folder))
            seconds = round(time.monotonic() - begun, 1)
            yield {"commit": commit, "seed": seed, "density": density, "style": recipe.style, "mix": recipe.mix,
                   "seconds": seconds, "result": result}  # fmt: skip


def _short(line: dict[str, Any]) -> str:
    result = line["result"]
    counts = {key: len(result[key]) for key in LISTED}
    person = result["person"]
    return (
        f"{line['seed']} {line['density']} {line['style']} {line['mix']} {line['seconds']:.0f} s: reported "
        f"{result['reported']}, charges {result['charges']}, {counts}, asked {person['asked']} / {person['oracle']}"
    )


def _sums(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything added up, the unasked doubles by the sorts of their rows, and a row for each style and mix."""
    from demo.fairness import score

    if not lines:
        return {}
    results = [line["result"] for line in lines]
    unasked = Counter("+".join(failure["families"]) for result in results for failure in result["double_unasked"])
    pairs = sorted({(line["style"], line["mix"]) for line in lines})
    return {
        "together": score.together(results),
        "double_unasked_by": dict(unasked.most_common()),
        "pairs": {
            f"{style} {mix}": _brief([o["result"] for o in lines if (o["style"], o["mix"]) == (style, mix)])
            for style, mix in pairs
        },
        "seconds": round(sum(line["seconds"] for line in lines)),
    }


def _brief(results: list[dict[str, Any]]) -> dict[str, Any]:
    from demo.fairness import score

    total = score.together(results)
    keys = ("worlds", "reported", "charges", "double", *LISTED, "asked", "oracle", "oracle_strict", "ratio")
    return {key: total[key] for key in keys}


if __name__ == "__main__":
    main()
