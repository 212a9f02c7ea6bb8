# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of pipeline must obey beyond their types."""

from __future__ import annotations

import re

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.audit import RETENTION_DAYS
from ansible_collections.refarch.aws.plugins.plugin_utils.rules.identity import PATH

#: "Deployment configurations on an EC2/on-premises compute platform" (AWS CodeDeploy User Guide); others are made by the user.
SHIPPED = ("CodeDeployDefault.AllAtOnce", "CodeDeployDefault.HalfAtATime", "CodeDeployDefault.OneAtATime")


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on what is wrong, each beginning with the variable's name."""
    found = []
    repository = variables.get("pipeline_github_repository") or ""
    if variables.get("pipeline_source") == "github" and not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        found.append(f"pipeline_github_repository: {repository!r} must be owner/name, since pipeline_source is github.")
    if not re.fullmatch(r"[^\s~^:?*\[\\]{1,255}", variables.get("pipeline_branch", "main")):
        found.append(f"pipeline_branch: {variables['pipeline_branch']!r} is no name of a branch.")
    tiers = variables.get("pipeline_tiers", ["app", "web"])
    if not tiers or len(set(tiers)) < len(tiers):
        found.append(f"pipeline_tiers: {tiers} must name each tier once, and at least one.")
    configuration = variables.get("pipeline_deployment_config_name", SHIPPED[-1])
    if configuration.startswith("CodeDeployDefault.") and configuration not in SHIPPED:
        found.append(f"pipeline_deployment_config_name: {configuration} is not one of {', '.join(SHIPPED)}, nor one of your own.")
    if variables.get("pipeline_execution_mode") == "PARALLEL":
        # "Stage rollback" is not offered for it ("Set or change the pipeline execution mode", AWS CodePipeline User Guide).
        found.append("pipeline_execution_mode: PARALLEL can't roll a stage back; allowed are QUEUED and SUPERSEDED.")
    minutes = int(variables.get("pipeline_build_timeout_minutes", 30))
    if not 5 <= minutes <= 2160:
        found.append(f"pipeline_build_timeout_minutes: {minutes} must be 5 to 2160.")
    days = int(variables.get("pipeline_log_retention_days", 365))
    if days not in RETENTION_DAYS:
        found.append(f"pipeline_log_retention_days: {days} is not one of {', '.join(map(str, RETENTION_DAYS))}.")
    if not PATH.fullmatch(variables.get("pipeline_role_path", "/refarch/")):
        found.append("pipeline_role_path: must begin and end with a slash.")
    return found
