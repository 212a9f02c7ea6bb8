from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.certificate import findings

GOOD = {
    "stack_domain": "shop.example.com",
    "certificate_subject_alternative_names": ["*.shop.example.com", "api.shop.example.com"],
    "certificate_wait_timeout_seconds": 900,
}


@pytest.mark.parametrize("given", [GOOD, {}, {**GOOD, "stack_domain": "", "certificate_subject_alternative_names": ["*."]}])
def test_sound_settings_have_no_findings(given):
    assert findings(given, {}) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"stack_domain": "a" * 60 + ".example.com", "certificate_subject_alternative_names": []}, "stack_domain: aaaa"),
        (
            {"certificate_subject_alternative_names": ["www.example.com"]},
            "certificate_subject_alternative_names: www.example.com is not in",
        ),
        ({"certificate_subject_alternative_names": ["myshop.example.com"]}, "certificate_subject_alternative_names: myshop.example.com is"),
        (
            {"certificate_subject_alternative_names": ["a.*.example.com"]},
            "certificate_subject_alternative_names: 'a.*.example.com' must be",
        ),
        (
            {"certificate_subject_alternative_names": [f"n{number}.shop.example.com" for number in range(10)]},
            "certificate_subject_alternative_names: with the domain 11 names",
        ),
        ({"certificate_wait_timeout_seconds": 10}, "certificate_wait_timeout_seconds: 10 must be 60 to"),
    ],
)
def test_a_fault_is_one_sentence(change, sentence):
    (found,) = findings({**GOOD, **change}, {})
    assert found.startswith(sentence) and found.endswith(".")
