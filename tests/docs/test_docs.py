"""The documents say what the code does: commands parse, files and tests exist, tables and names are those of the code."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import shlex
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from tests.docs import pictures, problem_codes, registries, transitions, two_persons

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
GUIDE = ROOT / "docs/user-guide.md"
every_page = pytest.mark.parametrize("page", PAGES, ids=NAMES)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
CITED = re.compile(
    r"`((?:config|core|journal|papers|grids|firepoints|penalties|demo|packs|tests|docs|requirements)/[\w./-]*)(?:::([\w:]+))?`"
)


def commands_in(page: Path) -> list[list[str]]:
    """The arguments after `manage.py` of every command shown in a page's shell blocks."""
    lines = [
        line for kind, text in FENCE.findall(page.read_text("utf-8")) if kind == "sh" for line in text.splitlines()
    ]
    return [
        shlex.split(re.split(r" [<>] ", line, maxsplit=1)[0].split("manage.py ", 1)[1], comments=True)
        for line in lines
        if "manage.py " in line
    ]


def parsed(arguments: list[str]) -> str:
    """What argparse says against a command line; nothing when it is right."""
    name, *rest = arguments
    if name == "test":  # everything after it is pytest's
        return ""
    known = get_commands()
    if name not in known:
        return f"no command {name}"
    command = load_command_class(known[name], name) if isinstance(known[name], str) else known[name]
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            command.create_parser("manage.py", name).parse_args(rest)
    except SystemExit:
        return said.getvalue()
    except Exception as error:  # Django's parser raises CommandError when it was not called from a terminal
        return str(error)
    return ""


@cache
def names_of_tests(path: Path) -> frozenset[str]:
    """`test_x` and `Class::test_x` of a file of tests."""
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return frozenset(found)


def resolve(dotted: str) -> object:
    """The object that a dotted name says. Raises ImportError or AttributeError."""
    parts = dotted.split(".")
    for at in range(len(parts), 0, -1):
        try:
            found: object = import_module(".".join(parts[:at]))
        except ModuleNotFoundError:
            continue
        for name in parts[at:]:
            fields = {one.name for one in found._meta.get_fields()} if hasattr(found, "_meta") else set()
            found = name if name in fields else getattr(found, name)
        return found
    raise ImportError(dotted)


@every_page
def test_every_command_shown_is_a_command_with_these_options(page: Path) -> None:
    wrong = {" ".join(line): said for line in commands_in(page) if (said := parsed(line))}
    assert not wrong


def test_the_readme_begins_with_the_two_commands() -> None:
    assert [line[0] for line in commands_in(ROOT / "README.md")[:2]] == ["quickstart", "test"]


def test_every_command_of_ours_is_on_the_page_of_commands_or_the_first_screen() -> None:
    shown = {line[0] for page in ("README.md", "docs/commands.md") for line in commands_in(ROOT / page)}
    ours = {
        name
        for name, app in get_commands().items()
        if app in ("core", "journal", "grids", "firepoints", "penalties", "demo")
    }
    assert ours - shown - {"flush"} == set()


def test_a_wrong_option_would_be_seen() -> None:
    assert parsed(["batch", "build", "--moon", "2023-10"])
    assert parsed(["nothing"])
    assert parsed(["point", "act", "1"])


@every_page
def test_every_file_and_test_cited_exists(page: Path) -> None:
    missing = []
    for path, test in CITED.findall(page.read_text("utf-8")):
        stem = path.split("*")[0]
        found = ROOT / stem
        if not found.exists() or (test and test not in names_of_tests(found)):
            missing.append(f"{path}::{test}" if test else path)
    assert not missing


@every_page
def test_every_link_to_another_page_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]*)(?:#[\w-]+)?\)", page.read_text("utf-8"))
    assert [one for one in targets if one and "://" not in one and not (page.parent / one).exists()] == []


def test_the_transition_table_is_that_of_the_code() -> None:
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    assert transitions.in_page(page) == transitions.table(), "python -m tests.docs.transitions prints the right one"
    assert transitions.in_page(page, "batch-steps") == transitions.batch_table(), "the second table of the same"


def test_the_table_of_acts_of_two_persons_is_that_of_the_code() -> None:
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    assert two_persons.in_page(page) == two_persons.table(), "python -m tests.docs.two_persons prints the right one"


def test_the_table_of_registries_is_that_of_the_code() -> None:
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    assert registries.in_page(page) == registries.table(), "python -m tests.docs.registries prints the right one"


def test_every_name_of_the_glossary_is_in_the_code() -> None:
    page = (ROOT / "docs/glossary.md").read_text("utf-8")
    names = re.findall(r"`((?:core|journal|grids|firepoints|penalties)\.[\w.]+)`", page)
    assert len(names) > 60
    for name in names:
        resolve(name)


def test_every_table_has_its_word_in_the_glossary() -> None:
    from django.apps import apps

    page = (ROOT / "docs/glossary.md").read_text("utf-8")
    tables = [
        model.__name__
        for app in ("journal", "grids", "firepoints", "penalties")
        for model in apps.get_app_config(app).get_models()
    ]
    assert len(tables) > 50
    assert [name for name in tables if not re.search(rf"\b{name}\b", page)] == []


def test_the_states_of_points_and_batches_have_their_words_in_the_glossary() -> None:
    from firepoints.models import RawRow
    from grids.roles import ROLE_LABELS, Role

    page = (ROOT / "docs/glossary.md").read_text("utf-8")
    words = [one.label for one in RawRow.Outcome if one != RawRow.Outcome.NOTE]
    words += [label for role, label in ROLE_LABELS.items() if role != Role.SYSTEM]
    assert [word for word in words if word not in page] == []


def test_every_constraint_named_in_the_architecture_is_one() -> None:
    from django.apps import apps

    known = {one.name for model in apps.get_models() for one in model._meta.constraints}
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    invariants = page.split("## What always holds")[1].split("## The record")[0]
    named = {name for name in re.findall(r"`([a-z_]+)`", invariants) if "_" in name}
    assert named - known == set()


def test_every_append_only_table_is_bold_in_the_architecture_and_no_other() -> None:
    from core.db.immutable import registered

    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    data = page.split("## Data")[1].split("## What always holds")[0]
    bold = set(re.findall(r"\*\*([A-Z]\w+)\*\*", data))
    assert bold == {model.__name__ for model in registered() if not model._meta.auto_created}


def test_every_clause_and_question_has_its_row() -> None:
    page = (ROOT / "docs/policy-coverage.md").read_text("utf-8")
    assert re.findall(r"^\| (C\d+) \|", page, re.M) == [f"C{number}" for number in range(1, 24)]
    questions = page.split("## The eight open questions")[1].split("\n## ")[0]
    assert re.findall(r"^\| ([a-h]) ", questions, re.M) == list("abcdefgh")
    said = [line for line in page.splitlines() if line.startswith("| C")] + re.findall(
        r"^\| [a-h] .*$", questions, re.M
    )
    rows = [line.split(" | ") for line in said]
    for row in rows:
        state = row[2]
        assert re.match(r"(done|part|planned)\b", state), row
        assert state.startswith("planned") or "::test_" in row[-1], f"{row[0]} shows no test"


@every_page
def test_no_page_names_a_registry_host_or_a_place_on_our_machines(page: Path) -> None:
    text = page.read_text("utf-8")
    assert not re.search(r"pypi\.org|pythonhosted|npmjs|/work/|/tmp/|/root/|artifactory|mirrors?\.\w+", text)


def on_the_screen() -> str:
    """Everything that pages can show: templates, the front end, labels and sentences of the apps."""
    shown = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "frontend" / "src").rglob("*.ts")]
    shown += [
        path for app in ("core", "journal", "grids", "firepoints", "penalties") for path in (ROOT / app).rglob("*.py")
    ]
    return "\n".join(path.read_text("utf-8") for path in shown)


@pytest.mark.parametrize(("form", "at_least"), [(r"\*\*([^*]+)\*\*", 80), ("“([^”]+)”", 30)], ids=["bold", "quoted"])
def test_every_word_that_the_user_guide_shows_stands_on_the_screen(form: str, at_least: int) -> None:
    screen = on_the_screen()
    labels = {label for label in re.findall(form, GUIDE.read_text("utf-8")) if label != "粗体"}
    assert len(labels) > at_least
    assert [label for label in labels for part in label.split("…") if part.strip() not in screen] == []


def test_no_line_of_the_user_guide_is_longer_than_one_reads_at_a_glance() -> None:
    lines = [re.sub(r"\]\([^)]*\)|[*\[\]`!]", "", line) for line in GUIDE.read_text("utf-8").splitlines()]
    assert [line for line in lines if len(line) > 120] == []


def test_every_stable_code_is_in_the_page_of_the_api_with_its_status():
    told = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", problem_codes.in_page(), re.M))
    assert told == {code: str(status) for code, (status, _) in problem_codes.codes().items()}, (
        "python -m tests.docs.problem_codes --write"
    )
    assert len(told) > 60


def test_every_measurement_has_its_script_day_and_commit() -> None:
    page = (ROOT / "docs/measurements.md").read_text("utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.split("\n\n")[2].splitlines()[2:]]
    assert len(rows) > 10
    for row in rows:
        day, commit = row[4:]
        assert (re.fullmatch(r"\d{4}-\d\d-\d\d", day) and re.fullmatch(r"[0-9a-f]{7}", commit)) or row[2] == "–", row[0]


def test_every_benchmark_that_is_run_by_hand_has_its_figures() -> None:
    page = (ROOT / "docs/measurements.md").read_text("utf-8")
    scripts = [path for path in (ROOT / "tests/benchmarks").glob("*.py") if "__main__" in path.read_text("utf-8")]
    parts = {"build.py", "worker.py"}  # processes that locate.py starts
    assert [
        path.name for path in scripts if f"tests/benchmarks/{path.name}" not in page and path.name not in parts
    ] == []


def test_the_pictures_of_the_documents_are_those_of_the_script_and_small() -> None:
    taken = {f"{picture.name}.png": ROOT / f"docs/pictures/{picture.name}.png" for picture in pictures.PICTURES}
    assert {path.name for path in (ROOT / "docs/pictures").iterdir()} == set(taken)
    shown = {
        name: set(re.findall(r"!\[[^\]]+\]\((?:docs/)?pictures/([\w-]+\.png)\)", page.read_text("utf-8")))
        for name, page in zip(NAMES, PAGES, strict=True)
    }
    assert set.union(*shown.values()) == set(taken), "a picture without a page, or a page without its picture"
    assert sum(taken[name].stat().st_size for name in shown["README.md"]) <= pictures.README_BYTES
    assert sum(path.stat().st_size for path in taken.values()) <= pictures.ALL_BYTES


def test_the_change_log_goes_by_day_newest_first_and_by_subject() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    days = re.findall(r"^### (.+)$", text, re.M)
    assert days == sorted({str(date.fromisoformat(day)) for day in days}, reverse=True)
    for part in re.split(r"^### .+$", text, flags=re.M)[1:]:
        before, *subjects = re.split(r"^#### .+$", part, flags=re.M)
        assert subjects, "each line stands under a subject of its day"
        assert not before.strip()
    lines = re.findall(r"^\* .*$", text, re.M)
    assert [line[:40] for line in lines if not re.match(r"\* (新增|修改|修正)：", line)] == []
