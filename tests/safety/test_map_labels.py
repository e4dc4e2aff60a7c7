"""What stands on the map is text: Leaflet takes a string for HTML, and labels are names from files of strangers."""

import re
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "frontend" / "src"
TAKES_HTML = re.compile(r"\.(bindTooltip|bindPopup|setTooltipContent|setPopupContent|setContent)\(\s*([^,)(]+)(\(?)")
ELEMENTS = {"textLabel", "words", "box", "element"}
"""What makes, or holds, an element of `make`: its text is textContent."""


def test_labels_and_popups_are_elements_and_never_strings():
    handed = [
        (path.name, match[1], match[2].strip())
        for path in sorted(SOURCES.rglob("*.ts"))
        for match in TAKES_HTML.finditer(path.read_text("utf-8"))
    ]
    assert len(handed) > 8
    assert [label for label in handed if label[2] not in ELEMENTS] == []


def test_nothing_of_the_pages_scripts_writes_html():
    for path in sorted(SOURCES.rglob("*.ts")):
        text = path.read_text("utf-8")
        assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write)\b", text), path.name
