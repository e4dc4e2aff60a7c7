"""`manage.py test`: the embedded subset on SQLite, then the whole suite on PostgreSQL and Valkey; one exit code for both.

Extra arguments go to both runs. The whole suite comes last, so that its closing line is the last one on the screen.
"""

from __future__ import annotations

import os
import subprocess
import sys

NO_TESTS_COLLECTED = 5
# Options after which parallel workers would be in the way.
NOT_PARALLEL = (
    "-n",
    "--numprocesses",
    "--pdb",
    "--collect-only",
    "--co",
    "-s",
    "--trace",
    "--lf",
    "--help",
    "--version",
)


def main(arguments: list[str]) -> int:
    """Run both; returns 0 when both passed, else the first exit code that is not 0."""
    codes = [0 if code == NO_TESTS_COLLECTED else code for code in [_pytest(arguments, JINSHAO_TEST_DB="sqlite")]]
    parallel = ["-n", "2", "--dist", "loadfile"] if wants_workers(arguments, os.cpu_count() or 1) else []
    codes.append(_pytest([*parallel, *arguments]))
    return next((code for code in codes if code), 0)


def wants_workers(arguments: list[str], cores: int) -> bool:
    """Two workers for the whole suite; a few named tests are done before a second database is made."""
    named = any(not argument.startswith("-") for argument in arguments)
    return cores >= 2 and not named and not any(argument.startswith(NOT_PARALLEL) for argument in arguments)


def _pytest(arguments: list[str], **environment: str) -> int:
    try:
        return subprocess.run(
            [sys.executable, "-m", "pytest", *arguments], env={**os.environ, **environment}
        ).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
