"""Simulated worlds beside the real files, figure by figure.

Run from the repository: `python -m tests.benchmarks.simulation DATA [worlds]` with the folder of real data (README there).
Nothing of it is kept: the fitted numbers stand in demo/simulation/params.py.
"""

import sys
from pathlib import Path

from demo.simulation import calibration, world
from demo.simulation.land import Land

DIVISIONS = Path(__file__).resolve().parents[2] / "packs/benxi/divisions.csv"
FIRES = 40
DENSITIES = ("low", "middle")


def worlds(number: int) -> list[world.World]:
    """So many worlds, of the two densities that are like the real month."""
    land = Land.of(DIVISIONS)
    return [world.build(seed=100 + at, fires=FIRES, density=DENSITIES[at % 2], land=land) for at in range(number)]


def main(folder: Path, number: int) -> None:
    """Print the table."""
    print(f"{'':84} {'real':>8} {'simulated':>9}")
    for line in calibration.compare(folder, worlds(number)):
        print(f"{line.name:84} {'' if line.real is None else f'{line.real:.3f}':>8} {line.simulated:9.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10)
