"""The commands that are measured are those of the Makefile, and what Terraform gets from its surroundings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.process import Failed, Sample
from tests.bench.provider import Tool
from tests.bench.sides import APPLY, NO_OP, PLAN, Refarch, Terraform, in_turn
from tests.processes import ROOT

TOOL = Tool("/bin/terraform", Path("/mirror"), "5.100.0")


@pytest.fixture
def ours(tmp_path):
    return Refarch("refarch", None, tmp_path, "http://127.0.0.1:1", scenario="base")


@pytest.fixture
def theirs(tmp_path):
    return Terraform("terraform", None, tmp_path, "http://127.0.0.1:1", scenario="foundation", tool=TOOL)


def test_the_playbook_runs_as_make_runs_it(ours):
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    play = next(line.partition("= ")[2] for line in lines if line.startswith("PLAY ="))
    for name, value in {"INVENTORY": "inventories/local", "SCENARIO": "base", "ARGS": ""}.items():
        play = play.replace(f"$({name})", value)
    assert ours.command(NO_OP)[0] == ours.command(APPLY)[0] == play.split()
    assert ours.command(PLAN)[0] == [*play.split(), "--check", "--diff"]
    assert "\t@$(PLAY) --check --diff" in lines
    assert ours.command(PLAN)[2]["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"


def test_terraform_plans_with_an_exit_code_and_applies_unasked(theirs):
    assert "-detailed-exitcode" in theirs.command(PLAN)[0]
    assert "-auto-approve" in theirs.command(APPLY)[0]


def test_terraform_sees_no_settings_of_a_user(theirs, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("TF_LOG", "trace")
    monkeypatch.setenv("no_proxy", "*")
    environment = theirs.environment()
    assert not {"AWS_PROFILE", "TF_LOG", "no_proxy"} & environment.keys()
    assert environment["TF_CLI_CONFIG_FILE"].startswith(str(theirs.folder))


def test_a_new_account_has_no_state(theirs, monkeypatch):
    posted = []
    theirs.emulator = type("Emulator", (), {"post": lambda self, path: posted.append(path)})()
    theirs.work.mkdir()
    for name in ("terraform.tfstate", "terraform.tfstate.backup", "main.tf"):
        (theirs.work / name).touch()
    theirs.fresh()
    assert posted == ["/moto-api/reset"]
    assert [file.name for file in theirs.work.iterdir()] == ["main.tf"]


LOCK = {"service": "ssm", "operation": "PutParameter", "kind": "write", "status": 200, "count": 1}
CREATE = {"service": "ec2", "operation": "CreateVpc", "kind": "write", "status": 200, "count": 1}
READ = {"service": "ec2", "operation": "DescribeVpcs", "kind": "read", "status": 200, "count": 9}


@pytest.mark.parametrize(
    ("case", "counts", "refused"),
    [
        (NO_OP, [LOCK, READ], None),
        (NO_OP, [CREATE], "ec2:CreateVpc"),
        (PLAN, [READ], None),
        (PLAN, [LOCK], "ssm:PutParameter"),
        (APPLY, [CREATE], None),
    ],
)
def test_a_look_does_not_write(ours, monkeypatch, case, counts, refused):
    taken = Sample(1.0, 1.0, 0.1, 10, 0)
    monkeypatch.setattr("tests.bench.sides.measured", lambda *_: (taken, {"counts": counts}))
    if refused:
        with pytest.raises(Failed, match=refused):
            ours.measure(case)
    else:
        assert ours.measure(case) == taken


def test_the_sides_take_turns(ours, theirs):
    order = []
    for number in range(3):
        in_turn([ours, theirs], number, lambda side: order.append(side.name))
    assert order == ["refarch", "terraform", "terraform", "refarch", "refarch", "terraform"]
