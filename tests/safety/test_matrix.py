"""Who may open and send what, as it is checked in (url_roles.csv)."""

import os

import pytest

from tests.safety import matrix

COUNTIES = {"甲县的火点": "county 210590", "乙县的火点": "county 210591"}


@pytest.mark.slow
@pytest.mark.django_db
def test_every_address_answers_everybody_as_the_checked_in_matrix_says(scene):
    found = list(matrix.rows(scene))
    if os.environ.get(matrix.WRITE):
        matrix.FILE.write_text(matrix.as_csv(found), encoding="utf-8")
    known = {(row["method"], row["address"], row["object"]): row for row in matrix.kept()}
    changed = []
    for row in found:
        before = known.pop((row["method"], row["address"], row["object"]), {})
        changed += [(row["method"], row["address"], row["object"], who, before.get(who, "new"), row[who])
                    for who in row if before.get(who) != row[who]]  # fmt: skip
    assert changed == [], "see tests/safety/matrix.py"
    assert list(known) == [], "no such address any more"


def test_nothing_in_the_matrix_is_a_server_error_or_open_to_nobody_in_particular():
    rows = matrix.kept()
    assert len(rows) > 100
    public = set()
    for row in rows:
        answers = {who: status for who, status in row.items() if who not in ("method", "address", "object")}
        assert not [who for who, status in answers.items() if status.startswith("5")], row
        if answers["anonymous"] not in ("302", "401", "403"):
            public.add(row["address"])
    assert public == {"/login/", "/healthz"} or public == {"/login/", "/healthz", "/health"}, public


def test_everybody_is_still_signed_in_after_the_address_that_signs_out():
    answers = {row["address"]: row for row in matrix.kept() if row["method"] == "GET"}
    addresses = list(answers)
    assert addresses.index("/logout/") < addresses.index("/penalties/") < addresses.index("/recognition/")
    assert answers["/penalties/"]["bureau"] == answers["/recognition/"]["recogniser"] == "200"


def test_no_county_gets_at_a_point_of_the_other_by_any_address():
    for row in matrix.kept():
        if row["object"] in COUNTIES:
            (stranger,) = set(COUNTIES.values()) - {COUNTIES[row["object"]]}
            # An empty form of evidence is refused before its point is looked for, there or not.
            refused = {"403", "404", "405"} | ({"400"} if row["address"].endswith("/evidence/") else set())
            assert row[stranger] in refused, row


def test_a_second_post_of_the_county_opens_nothing_that_its_department_does_not_open():
    for row in matrix.kept():
        if row["object"]:
            assert row["county 210591 + member"] == row["county 210591"], row


def test_a_token_opens_what_its_scope_names_and_nothing_else():
    for row in matrix.kept():
        if not row["address"].startswith("/api/") or row["address"] == "/api/me/":
            continue
        tokens = {who.removeprefix("token:"): status for who, status in row.items() if who.startswith("token:")}
        let_in = {scope for scope, status in tokens.items() if status != "403"}
        assert let_in == {"read"} if row["method"] == "GET" else len(let_in) <= 1, row
