"""The graph of a stack: order, circles, arrows turned round."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.plugin_utils.stack import graph


@st.composite
def needs(draw, size=8):
    """A graph without circles, listed in a random order."""
    names = [f"c{number}" for number in range(draw(st.integers(1, size)))]
    arrows = {name: draw(st.lists(st.sampled_from(names[:index]), unique=True)) if index else [] for index, name in enumerate(names)}
    return {name: arrows[name] for name in draw(st.permutations(names))}


@given(needs())
def test_each_component_comes_after_what_it_stands_on(arrows):
    ordered = graph.order(arrows)
    assert sorted(ordered) == sorted(arrows)
    for component, stands_on in arrows.items():
        assert all(ordered.index(need) < ordered.index(component) for need in stands_on)


@given(needs())
def test_turned_twice_is_the_graph_again(arrows):
    again = graph.turned(graph.turned(arrows))
    assert {name: sorted(found) for name, found in again.items()} == {name: sorted(found) for name, found in arrows.items()}


def test_the_given_order_is_kept_where_it_can_be():
    assert graph.order({"b": [], "a": []}) == ["b", "a"]


def test_an_unknown_need_is_named():
    with pytest.raises(graph.GraphError, match="database needs vault, which the list does not have"):
        graph.order({"database": ["vault"]})


def test_a_circle_is_named_member_by_member():
    with pytest.raises(graph.GraphError, match="a -> c -> b -> a need one another in a circle|b -> a -> c -> b|c -> b -> a -> c"):
        graph.order({"z": [], "a": ["c"], "b": ["a"], "c": ["b"]})


def test_a_component_that_only_hangs_on_a_circle_is_not_called_part_of_it():
    with pytest.raises(graph.GraphError) as error:
        graph.order({"web": ["a"], "a": ["b"], "b": ["a"]})
    assert "web" not in str(error.value)


def test_a_component_that_needs_itself_is_a_circle():
    with pytest.raises(graph.GraphError, match="a -> a"):
        graph.order({"a": ["a"]})
