"""What the controller reads once, so that nothing behind it reads it again."""

from __future__ import annotations

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible.vars.manager import VariableManager

from ansible_collections.refarch.aws.plugins.plugin_utils.runner import warm


@pytest.fixture
def place(tmp_path):
    """A play with a vars file, and (loader, play, variables) of it."""
    (tmp_path / "wiring.yml").write_text('subnet: \'{{ "a" ~ "b" }}\'\n', encoding="utf-8")
    loader = DataLoader()
    loader.set_basedir(str(tmp_path))
    variables = VariableManager(loader=loader, inventory=InventoryManager(loader=loader, sources=["localhost,"]))
    content = {"name": "Converge", "hosts": "localhost", "gather_facts": False, "vars_files": ["wiring.yml", "{{ nowhere }}.yml"]}
    return loader, Play().load(content, variable_manager=variables, loader=loader), variables


def reads(monkeypatch, loader: DataLoader) -> list[str]:
    """The names of the files that *loader* parses from now on."""
    parsed = []
    load = loader.load
    monkeypatch.setattr(
        loader, "load", lambda data, file_name, **more: (parsed.append(file_name), load(data, file_name=file_name, **more))[1]
    )
    return parsed


def test_vars_files_of_a_play_are_parsed_once(monkeypatch, place):
    loader, play, variables = place
    parsed = reads(monkeypatch, loader)
    warm.files_of(play)
    found = [variables.get_vars(play=play)["subnet"] for _ in range(3)]
    assert len([name for name in parsed if name.endswith("wiring.yml")]) == 1
    assert found == ['{{ "a" ~ "b" }}'] * 3


def test_without_it_they_are_parsed_each_time(monkeypatch, place):
    """Why it is there: when ansible-core keeps them by itself, it can go."""
    loader, play, variables = place
    parsed = reads(monkeypatch, loader)
    for _ in range(3):
        variables.get_vars(play=play)
    assert len([name for name in parsed if name.endswith("wiring.yml")]) == 3


def test_values_stay_templates(place):
    from ansible.template import Templar

    loader, play, variables = place
    warm.files_of(play)
    found = variables.get_vars(play=play)
    assert Templar(loader=loader, variables=found).template(found["subnet"]) == "ab"


@pytest.fixture
def servers(tmp_path):
    """A play on servers that are reached over Session Manager."""
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "servers.yml").write_text("ansible_connection: amazon.aws.aws_ssm\n", encoding="utf-8")
    (tmp_path / "hosts.yml").write_text("servers: {hosts: {i-1: {}, i-2: {}}}\n", encoding="utf-8")
    loader = DataLoader()
    loader.set_basedir(str(tmp_path))
    variables = VariableManager(loader=loader, inventory=InventoryManager(loader=loader, sources=[str(tmp_path / "hosts.yml")]))

    def play(hosts):
        return Play().load({"name": "Push", "hosts": hosts, "gather_facts": False}, variable_manager=variables, loader=loader)

    return play


def test_the_way_to_servers_is_loaded_before_their_workers(monkeypatch, servers):
    loaded, models = [], []
    monkeypatch.setattr("ansible.plugins.loader.connection_loader.get", lambda name, **_: loaded.append(name))
    monkeypatch.setattr(warm, "_models", models.extend)
    warm.connection_of(servers("servers"))
    assert (loaded, models) == (["amazon.aws.aws_ssm"], ["ssm", "s3"])


@pytest.mark.parametrize("hosts", ["nobody", "servers[{{ nowhere }}]"])
def test_a_play_without_hosts_is_left_alone(monkeypatch, servers, hosts):
    loaded = []
    monkeypatch.setattr("ansible.plugins.loader.connection_loader.get", lambda name, **_: loaded.append(name))
    warm.connection_of(servers(hosts))
    assert loaded == []
