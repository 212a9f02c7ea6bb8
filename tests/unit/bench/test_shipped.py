"""What is shipped comes from the product's own files."""

from __future__ import annotations

import pytest

from tests.bench.shipped import USER_DATA, ship, terraform_template


def test_values_and_the_loop_become_terraforms():
    jinja = (
        "tier={{ __servers_tier }} {{ stack_region }} {{ servers_artifact_bucket_name }}\n"
        "{% for name, value in __servers_settings.items() %}\n{{ name }}={{ value }}\n{% endfor %}\n"
    )
    expected = "tier=${tier} ${region} ${artifact_bucket_name}\n%{ for setting in settings ~}\n${setting}\n%{ endfor ~}\n"
    assert terraform_template(jinja) == expected


def test_what_means_something_to_terraform_only_is_escaped():
    assert terraform_template("${HOME} %{http_code} $tier") == "$${HOME} %%{http_code} $tier"


@pytest.mark.parametrize("more", ["{{ lookup('env', 'HOME') }}", "{% if stack_region %}"])
def test_what_has_no_counterpart_is_refused(more):
    with pytest.raises(ValueError, match="no counterpart"):
        terraform_template(more)


def test_user_data_has_a_counterpart():
    assert "${release_parameter}" in terraform_template(USER_DATA.read_text(encoding="utf-8"))


def test_the_same_is_shipped_each_time(tmp_path):
    contents = []
    for place in ("one", "two"):
        ship(tmp_path / place)
        contents.append({file.name: file.read_bytes() for file in (tmp_path / place).iterdir()})
    assert contents[0] == contents[1]
    assert sorted(contents[0]) == ["app.zip", "build.yml", "slack_notifier.zip", "user_data.sh.tftpl", "web.zip"]
