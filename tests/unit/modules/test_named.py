from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.module_utils.named import holds, without_empty
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN

DOCUMENTS = st.recursive(
    st.integers() | st.booleans() | st.text(max_size=5),
    lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=3) | st.lists(inner, max_size=3),
    max_leaves=8,
)


@given(DOCUMENTS)
def test_everything_holds_itself(document):
    assert holds(document, copy.deepcopy(document))


@given(st.dictionaries(st.text(max_size=3), DOCUMENTS, max_size=3), DOCUMENTS)
def test_what_aws_adds_is_no_difference(document, more):
    assert holds({**document, "added by AWS": more}, document)


def test_what_differs():
    assert not holds({"a": [1, 2]}, {"a": [1]})
    assert not holds({"a": {"b": 1}}, {"a": {"b": 2}})
    assert not holds({}, {"a": None, "b": 1})
    assert not holds({"a": UNKNOWN}, {"a": UNKNOWN})


def test_none_is_not_given():
    assert without_empty({"a": None, "b": [{"c": None, "d": 0}]}) == {"b": [{"d": 0}]}
