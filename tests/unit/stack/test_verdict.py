"""Looking first is sound: on random stacks it ends in the same state as a run that looks at nothing.

A fake world of components, each with one resource that holds the ids of what it stands on. Drift, deletions, changed
settings, and stale, missing or foreign registry entries are drawn at random; then the engine's own verdicts decide.
"""

from __future__ import annotations

import copy
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.plugin_utils.stack import graph
from ansible_collections.refarch.aws.plugins.plugin_utils.stack.verdict import Act, Look, verdict


class DeadReference(Exception):
    """The world refuses a write that names what does not exist."""


class World:
    """Resources by component: {"id", "setting", "inputs": {need: id}}, and the registry: {component: {"id"}}."""

    def __init__(self, needs, wanted):
        self.needs, self.wanted = needs, wanted
        self.resources, self.registry = {}, {}
        self.numbers = itertools.count()
        self.writes = 0

    def copy(self):
        other = World(self.needs, dict(self.wanted))
        other.resources, other.registry = copy.deepcopy(self.resources), copy.deepcopy(self.registry)
        other.numbers = itertools.count(10_000)
        return other

    def converge(self, component, inputs, dry=False):
        """(outputs, whether something was or would be written), as a role with *inputs* {need: id} does it."""
        found = self.resources.get(component)
        wanted = {"setting": self.wanted[component], "inputs": inputs}
        if found and {key: found[key] for key in wanted} == wanted:
            return {"id": found["id"]}, False
        if dry:
            return {"id": found["id"] if found else "(known after apply)"}, True
        alive = {resource["id"] for resource in self.resources.values()}
        if not set(inputs.values()) <= alive:
            raise DeadReference(component)
        self.writes += 1
        self.resources[component] = {"id": found["id"] if found else f"id-{next(self.numbers)}", **wanted}
        return {"id": self.resources[component]["id"]}, True

    def state(self):
        """What stands, without the ids' numbers: settings, and whose resource each input is."""
        owner = {resource["id"]: name for name, resource in self.resources.items()}
        return {
            name: (resource["setting"], {need: owner.get(found) for need, found in resource["inputs"].items()})
            for name, resource in self.resources.items()
        }


def run_blindly(world):
    """Every component converges, in order, with fresh inputs."""
    outputs = {}
    for component in graph.order(world.needs):
        outputs[component], _wrote = world.converge(component, {need: outputs[need]["id"] for need in world.needs[component]})
    world.registry = outputs


def run_looking_first(world):
    """The engine's way: all are looked at with registered inputs, then each acts by its verdict."""
    looks = {}
    for component, stands_on in world.needs.items():
        if not all(name in world.registry for name in (component, *stands_on)):
            looks[component] = Look()
            continue
        outputs, writes = world.converge(component, {need: world.registry[need]["id"] for need in stands_on}, dry=True)
        looks[component] = Look(taken=True, writes=writes, same_outputs=outputs == world.registry[component])
    ended = {}
    for component in graph.order(world.needs):
        act = verdict(looks[component], {need: ended[need]["changed"] for need in world.needs[component]})
        assert act is not Act.FAIL
        if act is Act.DONE:
            ended[component] = {"changed": False, "outputs": world.registry[component]}
        else:
            outputs, _wrote = world.converge(component, {need: ended[need]["outputs"]["id"] for need in world.needs[component]})
            ended[component] = {"changed": True, "outputs": outputs}
            world.registry[component] = outputs
    return ended


@st.composite
def drifted_worlds(draw):
    names = [f"c{number}" for number in range(draw(st.integers(1, 7)))]
    needs = {name: draw(st.lists(st.sampled_from(names[:index]), unique=True)) if index else [] for index, name in enumerate(names)}
    world = World(needs, dict.fromkeys(names, 0))
    if draw(st.booleans()):
        run_blindly(world)
    for name in names:
        for event in draw(st.lists(st.sampled_from(EVENTS), max_size=2)):
            event(world, name, draw)
    return world


def delete(world, name, _draw):
    world.resources.pop(name, None)


def recreate_by_hand(world, name, _draw):
    if name in world.resources:
        world.resources[name]["id"] = f"hand-{next(world.numbers)}"


def drift(world, name, _draw):
    if name in world.resources:
        world.resources[name]["setting"] = "drifted"


def change_setting(world, name, draw):
    world.wanted[name] = draw(st.integers(1, 3))


def forget(world, name, _draw):
    world.registry.pop(name, None)


def register_nonsense(world, name, _draw):
    world.registry[name] = {"id": "stale"}


def register_another(world, name, draw):
    world.registry[name] = {"id": draw(st.sampled_from(sorted(resource["id"] for resource in world.resources.values()) or ["none"]))}


EVENTS = [delete, recreate_by_hand, drift, change_setting, forget, register_nonsense, register_another]


@settings(max_examples=600, deadline=None)
@given(drifted_worlds())
def test_looking_first_ends_where_a_blind_run_ends(world):
    blind = world.copy()
    run_blindly(blind)
    run_looking_first(world)
    assert world.state() == blind.state()
    assert {name: outputs["id"] for name, outputs in world.registry.items()} == {
        name: found["id"] for name, found in world.resources.items()
    }


@settings(max_examples=200, deadline=None)
@given(drifted_worlds())
def test_a_second_run_finds_everything_done(world):
    run_looking_first(world)
    world.writes = 0
    ended = run_looking_first(world)
    assert world.writes == 0
    assert not any(end["changed"] for end in ended.values())


def test_an_error_while_looking_is_an_error_if_the_inputs_were_true():
    assert verdict(Look(taken=True, error="denied"), {"network": False}) is Act.FAIL


def test_an_error_while_looking_may_come_from_dead_inputs():
    assert verdict(Look(taken=True, error="VPC not found"), {"network": True}) is Act.CONVERGE
