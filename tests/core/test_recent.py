"""What a process keeps for a moment is read again after it, and never before."""

from core import recent


def test_an_answer_is_read_once_for_some_seconds_and_then_again(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("core.recent.time.monotonic", lambda: clock[0])
    answers = iter(["first", "second"])
    assert [recent.recently("sign", lambda: next(answers)) for _ in range(3)] == ["first"] * 3
    clock[0] += recent.KEPT_S
    assert recent.recently("sign", lambda: next(answers)) == "second"


def test_an_answer_that_could_not_be_read_is_not_kept():
    def fails() -> str:
        raise RuntimeError("no database")

    for _ in range(2):
        try:
            recent.recently("broken", fails)
        except RuntimeError:
            continue
        raise AssertionError
    assert recent.recently("broken", lambda: "read") == "read"
