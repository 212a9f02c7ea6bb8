"""The commands that are measured are those of the Makefile, and what Terraform gets from its surroundings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.bench.process import Failed, Sample
from tests.bench.provider import Tool
from tests.bench.sides import APPLY, CONFIGURATIONS, FIRST, LAYERS, NO_OP, PLAN, Refarch, Terraform, environments, in_turn, lay_out
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
    variables = theirs.variables()
    assert not {"AWS_PROFILE", "TF_LOG", "no_proxy"} & variables.keys()
    assert variables["TF_CLI_CONFIG_FILE"].startswith(str(theirs.folder))


def test_a_new_account_has_no_state(theirs, monkeypatch):
    posted = []
    theirs.emulator = type("Emulator", (), {"post": lambda self, path: posted.append(path)})()
    for environment in environments(2):
        theirs.work(environment).mkdir(parents=True)
        for name in ("terraform.tfstate", "terraform.tfstate.backup", "main.tf"):
            (theirs.work(environment) / name).touch()
    theirs.fresh()
    assert posted == ["/moto-api/reset"]
    assert [file.name for environment in environments(2) for file in theirs.work(environment).iterdir()] == ["main.tf", "main.tf"]


def test_the_first_environment_is_that_of_the_inventory(ours):
    settings = (ROOT / "inventories" / "local" / "group_vars" / "all" / "stack.yml").read_text(encoding="utf-8")
    assert f"stack_environment: {FIRST}\n" in settings
    assert environments(3) == [FIRST, "local2", "local3"]


def test_further_environments_have_a_name_and_a_state_of_their_own(ours, theirs):
    assert ours.command(PLAN, "local2")[0] == [*ours.command(PLAN)[0], "-e", "stack_environment=local2"]
    first, second = theirs.command(APPLY), theirs.command(APPLY, "local2")
    assert first[0] == second[0] and first[1] != second[1]
    told = ("TF_VAR_environment", "TF_VAR_account_environment")
    assert [[found[2][name] for name in told] for found in (first, second)] == [[FIRST, FIRST], ["local2", FIRST]]


@pytest.mark.parametrize("scenario", LAYERS)
def test_a_configuration_is_made_of_its_layers(tmp_path, scenario):
    lay_out(scenario, tmp_path / "work")
    found = {file.name for file in (tmp_path / "work").glob("*.tf")}
    assert found == {file.name for layer in LAYERS[scenario] for file in (CONFIGURATIONS / layer).glob("*.tf")}


def test_no_file_hides_another(tmp_path, monkeypatch):
    for layer in ("one", "two"):
        (tmp_path / layer).mkdir()
        (tmp_path / layer / "same.tf").touch()
    monkeypatch.setattr("tests.bench.sides.CONFIGURATIONS", tmp_path)
    monkeypatch.setitem(LAYERS, "both", ("one", "two"))
    with pytest.raises(ValueError, match=r"same\.tf"):
        lay_out("both", tmp_path / "work")


def test_each_scenario_that_terraform_knows_has_a_playbook_and_its_shipped_files(tmp_path):
    assert all((ROOT / "playbooks" / f"{scenario}.yml").is_file() for scenario in LAYERS)
    lay_out("base", tmp_path / "work")
    text = "".join(file.read_text(encoding="utf-8") for file in (tmp_path / "work").glob("*.tf"))
    shipped = {file.name for file in (tmp_path / "work" / "shipped").iterdir()}
    named = {*re.findall(r"shipped/([\w.-]+\.\w+)\"", text), "bundle-app.zip", "bundle-web.zip"}
    assert named == shipped


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
