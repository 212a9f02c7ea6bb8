"""What a scenario ships to AWS, in the form in which the Terraform configuration takes it: made of the product's own files."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from ansible.plugins.loader import init_plugin_loader
from ansible.utils.collection_loader import AnsibleCollectionConfig

from tests.processes import ROOT

FILES = ROOT / "files"
USER_DATA = ROOT / "roles" / "servers" / "templates" / "user_data.sh.j2"
#: Archives by name: the folder of what is in them.
ARCHIVES = {"slack_notifier": FILES / "lambda" / "slack_notifier", "app": FILES / "apps" / "app", "web": FILES / "apps" / "web"}

#: The loop over a service's settings. Terraform's maps have an order of their own, so that it gets finished lines.
_LOOP = {
    "{% for name, value in __servers_settings.items() %}": "%{ for setting in settings ~}",
    "{{ name }}={{ value }}": "${setting}",
    "{% endfor %}": "%{ endfor ~}",
}
_VALUE = re.compile(r"\{\{ (?:__servers_|servers_|stack_)(\w+) \}\}")


def ship(folder: Path) -> None:
    """Write archives, user data and the buildspec to *folder*."""
    if AnsibleCollectionConfig.collection_finder is None:
        init_plugin_loader([str(ROOT / "collections")])
    from ansible_collections.refarch.aws.plugins.module_utils.archive import archive_of

    folder.mkdir(parents=True)
    for name, content in ARCHIVES.items():
        (folder / f"{name}.zip").write_bytes(archive_of(str(content)))
    (folder / "user_data.sh.tftpl").write_text(terraform_template(USER_DATA.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copy(FILES / "buildspecs" / "build.yml", folder)


def terraform_template(jinja: str) -> str:
    """*jinja*, a template of the role ``servers``, as one of Terraform with the same values. Raises ValueError if it holds more."""
    found = re.sub(r"([$%])\{(?!%)", r"\1\1{", jinja.replace("{%", "\0")).replace("\0", "{%")
    for ours, theirs in _LOOP.items():
        found = found.replace(ours, theirs)
    found = _VALUE.sub(r"${\1}", found)
    if left := re.search(r"\{\{.*?\}\}|\{%.*?%\}", found):
        raise ValueError(f"{left[0]} has no counterpart in Terraform's templates.")
    return found
