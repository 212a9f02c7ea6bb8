# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of component servers must fulfil beyond their types."""

from __future__ import annotations

import re

TIERS = ("web", "app")
BY_TIER = (
    "servers_instance_types", "servers_min_sizes", "servers_max_sizes", "servers_desired_capacities", "servers_cpu_targets",
    "servers_request_targets",
)  # fmt: skip
TYPE = re.compile(r"([a-z]+\d+[a-z0-9-]*)\.(nano|micro|small|medium|large|\d*xlarge|metal(-\d+xl)?)")
#: A family with a g after its generation has Graviton processors ("Amazon EC2 instance type naming conventions"); so has a1.
ARM = re.compile(r"(a1|[a-z]+\d+g[a-z-]*)\.")
RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
#: Amazon EC2 Auto Scaling API Reference, PutLifecycleHook, CreateAutoScalingGroup and RefreshPreferences.
RANGES = {
    "servers_start_timeout_seconds": (30, 7200),
    "servers_health_check_grace_period_seconds": (0, 86400),
    "servers_instance_warmup_seconds": (0, 86400),
    "servers_max_instance_lifetime_days": (0, 365),
    "servers_min_healthy_percentage": (0, 100),
    "servers_max_healthy_percentage": (100, 200),
    "servers_refresh_bake_time_seconds": (0, 172800),
    "servers_volume_gib": (8, 65536),
}


def number(value: object) -> float | None:
    """*value* as a number, or None if it is none."""
    if isinstance(value, bool):
        return None
    try:
        return float(str(value))
    except ValueError:
        return None


def size_findings(variables: dict) -> list[str]:
    found = []
    least, most, desired = (variables.get(name) or {} for name in ("servers_min_sizes", "servers_max_sizes", "servers_desired_capacities"))
    for tier in TIERS:
        low, wanted, high = (number(sizes.get(tier)) for sizes in (least, desired, most))
        if None in (low, wanted, high):
            continue
        if not 0 <= low <= wanted <= high:
            found.append(
                f"servers_desired_capacities: {tier} has {desired[tier]}, which must lie between servers_min_sizes {least[tier]} "
                f"and servers_max_sizes {most[tier]}."
            )
    return found


def image_findings(variables: dict) -> list[str]:
    """Types must be of the architecture of the image, as far as its name tells."""
    found = []
    parameter, image = str(variables.get("servers_image_parameter") or ""), variables.get("servers_image_id")
    if image and not re.fullmatch(r"ami-[0-9a-f]{8}([0-9a-f]{9})?", str(image)):
        found.append(f"servers_image_id: {image!r} is not the id of an image (ami-...).")
    if parameter and not parameter.startswith("/"):
        found.append(f"servers_image_parameter: {parameter!r} is not the name of an SSM parameter, which begins with /.")
    for tier, name in (variables.get("servers_instance_types") or {}).items():
        if not TYPE.fullmatch(str(name)):
            found.append(f"servers_instance_types: {tier} {name!r} is no type such as t4g.small.")
        elif not image and parameter.endswith(("-arm64", "-x86_64")) and bool(ARM.match(str(name))) != parameter.endswith("-arm64"):
            found.append(f"servers_instance_types: {tier} {name} does not run the image of {parameter}, which is of another architecture.")
    return found


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on settings that can't be, each beginning with the variable's name."""
    found = []
    for name in BY_TIER:
        given = variables.get(name)
        if given is not None and set(given) != set(TIERS):
            found.append(f"{name}: must have web and app, found {', '.join(map(str, given)) or 'nothing'}.")
    for name in BY_TIER[1:]:
        for tier, value in (variables.get(name) or {}).items():
            if number(value) is None or number(value) < 0:
                found.append(f"{name}: {tier} {value!r} must be a number, 0 or more.")
    for tier, value in (variables.get("servers_cpu_targets") or {}).items():
        if number(value) is not None and number(value) > 100:
            found.append(f"servers_cpu_targets: {tier} {value} is a share of 100 percent.")
    for name, (low, high) in RANGES.items():
        value = variables.get(name)
        if value is not None and not (number(value) is not None and low <= number(value) <= high):
            found.append(f"{name}: {value!r} must be {low} to {high}.")
    least, most = number(variables.get("servers_min_healthy_percentage")), number(variables.get("servers_max_healthy_percentage"))
    if least is not None and most is not None and most - least > 100:
        found.append(f"servers_max_healthy_percentage: {most:.0f} must be at most 100 above servers_min_healthy_percentage {least:.0f}.")
    if least == 100 and most == 100:
        found.append("servers_max_healthy_percentage: with both percentages at 100 no instance could be replaced; take 101 or more.")
    days = variables.get("servers_log_retention_days")
    if days is not None and days not in RETENTION_DAYS:
        found.append(f"servers_log_retention_days: {days!r} is not one of {', '.join(map(str, RETENTION_DAYS))}.")
    return found + size_findings(variables) + image_findings(variables)
