# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The graph of a stack's components: pure functions over needs (component -> components that it stands on)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Needs = Mapping[str, Iterable[str]]


class GraphError(ValueError):
    """The list of components is no graph that can be built, in one sentence."""


def order(needs: Needs) -> list[str]:
    """All components, each after those that it stands on, otherwise as given.

    Raises GraphError for a need that is not in the list, and for a circle, with its members in order.
    """
    for component, stands_on in needs.items():
        unknown = [need for need in stands_on if need not in needs]
        if unknown:
            raise GraphError(f"stack_components: {component} needs {', '.join(unknown)}, which the list does not have")
    done: list[str] = []
    left = list(needs)
    while left:
        ready = [component for component in left if set(needs[component]) <= set(done)]
        if not ready:
            raise GraphError(f"stack_components: {' -> '.join(circle(needs, left))} need one another in a circle")
        done += ready
        left = [component for component in left if component not in ready]
    return done


def circle(needs: Needs, stuck: Iterable[str]) -> list[str]:
    """A circle among the *stuck* components (each of which stands on another of them), its first member repeated at the end."""
    among = set(stuck)
    path = [next(iter(stuck))]
    while True:
        step = next(need for need in needs[path[-1]] if need in among)
        if step in path:
            return [*path[path.index(step) :], step]
        path.append(step)


def turned(needs: Needs) -> dict[str, list[str]]:
    """The graph with its arrows turned round, for removal: who must be gone before a component may go."""
    return {component: [other for other, stands_on in needs.items() if component in stands_on] for component in needs}
