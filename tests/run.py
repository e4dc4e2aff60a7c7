"""`manage.py test`: the embedded subset on SQLite, then the whole suite on PostgreSQL and Valkey; one exit code for both.

Extra arguments go to both runs. The whole suite comes last, so that its closing line is the last one on the screen.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

INTERRUPTED = 2
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
    embedded = _pytest(arguments, JINSHAO_TEST_DB="sqlite")
    if embedded == INTERRUPTED:
        return embedded
    parallel = ["-n", "2", "--dist", "loadfile"] if wants_workers(arguments, os.cpu_count() or 1) else []
    whole = _pytest([*parallel, *arguments])
    # Of a few named tests none need be of the embedded subset.
    return whole or (0 if embedded == NO_TESTS_COLLECTED else embedded)


def wants_workers(arguments: list[str], cores: int) -> bool:
    """Two workers for the whole suite; a few named tests are done before a second database is made."""
    named = any(not argument.startswith("-") for argument in arguments)
    return cores >= 2 and not named and not any(argument.startswith(NOT_PARALLEL) for argument in arguments)


def _pytest(arguments: list[str], **environment: str) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    with subprocess.Popen(command, env={**os.environ, **environment}) as process:
        while True:
            # Ctrl-C reaches pytest too; it is waited for, so that it can stop its servers.
            with contextlib.suppress(KeyboardInterrupt):
                return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
