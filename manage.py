#!/usr/bin/env python3
"""禁烧: plain Django, plus two verbs that set everything up by themselves: `quickstart` and `test`."""

import os
import sys


def main() -> None:
    """Prepare the venv for the two bootstrapped verbs, then hand over to Django."""
    if sys.argv[1:2] and sys.argv[1] in ("quickstart", "test"):
        from config import bootstrap

        bootstrap.main(sys.argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit(
            "找不到 Django：请先运行 python3 manage.py quickstart，再用 .venv/bin/python manage.py …\n"
            "Django is not here: run `python3 manage.py quickstart` first, then `.venv/bin/python manage.py …`"
        )
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
