"""No committed file may name a package registry, a CDN or a path of one machine. Prints what it finds; exit 1 if anything."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

# Split, so that this file does not find itself.
HOSTS = (
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.",
    "npm" + "mirror.",
    "yarn" + "pkg.",
    "un" + "pkg.com",
    "js" + "delivr.net",
    "cdn" + "js.",
    "tuna." + "tsinghua",
    "mirrors." + "aliyun",
    "devpi" + "/",
)
PATHS = ("work", "tmp", "root", "farm", "opt/py" + "pi", "home/[a-z]+", "Users/[A-Za-z]+")
PATTERNS = (
    re.compile("|".join(map(re.escape, HOSTS))),
    re.compile(r"(?<![\w.:/\-}])/(?:" + "|".join(PATHS) + r")/[A-Za-z0-9_.]"),
)


def main() -> int:
    """Scan every tracked text file."""
    names = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True).stdout.split("\0")
    found = 0
    for name in filter(None, names):
        path = Path(name)
        if not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if any(pattern.search(line) for pattern in PATTERNS):
                print(f"{name}:{number}: {line.strip()[:120]}")
                found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
