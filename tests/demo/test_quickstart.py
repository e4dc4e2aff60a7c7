"""The command around the supervisor: what stdout holds, and what a person is told."""

from __future__ import annotations

import json
import socket

import pytest
from django.core.management import CommandError, call_command

from demo.management.commands import quickstart
from demo.serving import ChildStopped, PortTaken

DONE = {
    "month": "2026-10",
    "batch": {"name": "2026年10月"},
    "counties": [{"code": "210502", "name": "平山区", "points": 2, "amount_fen": 6_000_000}],
    "total": {"points": 2, "amount_fen": 6_000_000, "daxie": "人民币陆万元整"},
    "logins": [{"username": "clerk", "password": "not for stdout", "name": "演示甲", "role": "bureau_clerk"}],
    "logins_file": "logins.txt",
    "reports": "reports",
    "seconds": {"month": 1.0},
}


class FakeServing:
    """Stands where Serving does and notes what was asked of it."""

    asked: list[str]
    dies = False

    def __init__(self, *, at: socket.socket, **rest: object) -> None:
        self.port = at.getsockname()[1]
        self.url, self.logs = f"http://127.0.0.1:{self.port}/", "log"
        at.close()
        FakeServing.asked = []

    def start(self) -> None:
        self.asked.append("start")
        if self.dies:
            raise ChildStopped("web", "Address already in use")

    def watch(self) -> None:
        self.asked.append("watch")
        raise KeyboardInterrupt

    def stop(self) -> None:
        self.asked.append("stop")


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> type[FakeServing]:
    def load_demo(progress):
        progress("half way")
        print("a stray print of some library")
        return DONE

    monkeypatch.setattr(quickstart, "load_demo", load_demo)
    monkeypatch.setattr(quickstart, "Serving", FakeServing)
    monkeypatch.setattr(quickstart.static_files, "collect", lambda: False)
    # The migrations of the test database are another run's business.
    monkeypatch.setattr(quickstart, "call_command", lambda *arguments, **options: None)
    monkeypatch.setattr(quickstart.connections, "close_all", lambda: None)
    monkeypatch.setattr(quickstart.proof, "prove", lambda url, username, password: {"/": 200})
    monkeypatch.setattr(quickstart.proof, "wait_for_worker", lambda: {"workers": 1})
    monkeypatch.setattr(quickstart.signal, "signal", lambda *arguments: None)
    return FakeServing


def test_check_puts_one_json_object_on_stdout_and_no_password(stage: type[FakeServing], capfd) -> None:
    call_command("quickstart", check=True)
    out, err = capfd.readouterr()
    result = json.loads(out)
    assert result["ok"] is True
    assert result["answers"] == {"/": 200}
    assert result["counties"][0]["points"] == 2
    assert "not for stdout" not in out
    assert "half way" in err
    assert stage.asked == ["start", "stop"]


def test_serving_shows_the_table_the_logins_and_the_address_and_stops_on_ctrl_c(
    stage: type[FakeServing], capfd
) -> None:
    call_command("quickstart")
    out, _ = capfd.readouterr()
    assert "平山区" in out
    assert "60,000" in out
    assert "not for stdout" in out
    assert "http://127.0.0.1:" in out
    assert stage.asked == ["start", "watch", "stop"]


def test_a_child_that_dies_is_told_with_its_log(stage: type[FakeServing], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "dies", True)
    with pytest.raises(CommandError, match="Address already in use") as refused:
        call_command("quickstart", check=True)
    assert refused.value.returncode == 1


def test_a_taken_port_is_told_with_one_that_is_free(stage: type[FakeServing], monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(host: str, wanted: int, *, insist: bool) -> socket.socket:
        raise PortTaken(wanted, 8001)

    monkeypatch.setattr(quickstart, "reserve", taken)
    with pytest.raises(CommandError, match="--port 8001"):
        call_command("quickstart", port=8000)


def test_a_full_disk_is_told_as_such(stage: type[FakeServing], monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(quickstart.static_files, "collect", full)
    with pytest.raises(CommandError, match="磁盘已满"):
        call_command("quickstart", check=True)


def test_columns_stand_straight_when_a_chinese_character_is_two_cells_wide() -> None:
    first, line, second, _ = quickstart._table(("县", "处"), [("桓仁满族自治县", "12")]).split("\n")
    assert quickstart._cells(first.rstrip()) <= quickstart._cells(second)
    assert second.index("12") == len("桓仁满族自治县  ")
    assert line.startswith("-" * 14)
