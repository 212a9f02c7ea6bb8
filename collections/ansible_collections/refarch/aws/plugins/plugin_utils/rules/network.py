# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of component network must fulfil beyond their types."""

from __future__ import annotations

import ipaddress

TIERS = ("public", "web", "app", "db")
#: RFC 1918 and RFC 6598. AWS recommends the first and allows the second (Amazon VPC User Guide, "VPC CIDR blocks").
PRIVATE = [ipaddress.IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
LARGEST, SMALLEST_VPC, SMALLEST_SUBNET = 16, 24, 28
ADMIN_PORTS = (22, 3389)
#: Default ports of the engines of RDS (Security Hub control RDS.23).
ENGINE_PORTS = {1433: "SQL Server", 1521: "Oracle", 3306: "MySQL and MariaDB", 5432: "PostgreSQL"}
GATEWAY_SERVICES = ("s3", "dynamodb")
#: Services with interface endpoints (AWS PrivateLink Guide, "AWS services that integrate with AWS PrivateLink") that such stacks use.
SERVICE_NAMES = """
    access-analyzer acm-pca airflow.api airflow.env airflow.ops application-autoscaling appmesh appmesh-envoy-management
    athena autoscaling autoscaling-plans backup backup-gateway batch bedrock bedrock-runtime cloudformation cloudtrail codeartifact.api
    codeartifact.repositories codebuild codecommit codedeploy codedeploy-commands-secure codepipeline codestar-connections.api
    cognito-idp config databrew datasync dms dynamodb ebs ec2 ec2messages ecr.api ecr.dkr ecs ecs-agent ecs-telemetry eks eks-auth
    elasticache elasticbeanstalk elasticfilesystem elasticloadbalancing email-smtp emr-containers events execute-api fis git-codecommit
    glue grafana guardduty-data imagebuilder inspector2 kinesis-firehose kinesis-streams kms lakeformation lambda logs monitoring
    organizations quicksight-website rds rds-data redshift redshift-data rum s3 sagemaker.api sagemaker.runtime scheduler secretsmanager
    securityhub servicecatalog servicediscovery sns sqs ssm ssm-contacts ssm-incidents ssmmessages states storagegateway sts
    synthetics transfer transfer.server xray
"""
INTERFACE_SERVICES = frozenset(SERVICE_NAMES.split())


def network_of(value: object) -> ipaddress.IPv4Network | str:
    """The IPv4 network that *value* writes, or what is wrong with it."""
    try:
        return ipaddress.IPv4Network(str(value))
    except ValueError:
        try:
            meant = ipaddress.IPv4Network(str(value), strict=False)
        except ValueError:
            return f"{value!r} is not an IPv4 block such as 10.0.0.0/16"
        return f"{value} has bits set behind its prefix; the block is {meant}"


def cidr_findings(cidr: object) -> list[str]:
    network = network_of(cidr)
    if isinstance(network, str):
        return [f"network_cidr: {network}."]
    found = []
    if not LARGEST <= network.prefixlen <= SMALLEST_VPC:
        found.append(
            f"network_cidr: {network} must be a /{LARGEST} to a /{SMALLEST_VPC}: AWS allows no larger VPC, "
            f"and sixteen subnets need at least a /{SMALLEST_SUBNET} each."
        )
    if not any(network.subnet_of(private) for private in PRIVATE):
        ranges = ", ".join(map(str, PRIVATE))
        found.append(f"network_cidr: {network} is a public range, whose true owners the VPC could not reach; use one in {ranges}.")
    return found


def subnet_findings(cidr: object, zones: list[str], subnets: dict[str, list[str]]) -> list[str]:
    found = []
    whole = network_of(cidr)
    given: list[ipaddress.IPv4Network] = []
    for tier, blocks in subnets.items():
        if tier not in TIERS:
            found.append(f"network_subnets: {tier!r} is not a tier; tiers are {', '.join(TIERS)}.")
            continue
        if not isinstance(blocks, list) or len(blocks) != len(zones):
            found.append(f"network_subnets: tier {tier} needs one block for each of the {len(zones)} zones.")
            continue
        for block in blocks:
            network = network_of(block)
            if isinstance(network, str):
                found.append(f"network_subnets: {network}.")
            elif not LARGEST <= network.prefixlen <= SMALLEST_SUBNET:
                found.append(f"network_subnets: {network} of tier {tier} must be a /{LARGEST} to a /{SMALLEST_SUBNET}.")
            elif not isinstance(whole, str) and not network.subnet_of(whole):
                found.append(f"network_subnets: {network} of tier {tier} lies outside of network_cidr {whole}.")
            else:
                given.append(network)
    if not isinstance(whole, str) and whole.prefixlen <= SMALLEST_VPC:
        computed = list(whole.subnets(new_prefix=whole.prefixlen + 4))
        for row, tier in enumerate(TIERS):
            if tier not in subnets:
                given.extend(computed[row * 4 : row * 4 + len(zones)])
    for place, one in enumerate(given):
        for other in given[place + 1 :]:
            if one.overlaps(other):
                found.append(f"network_subnets: {one} and {other} overlap.")
    return found


def zone_findings(zones: list[str], count: object, facts: dict) -> list[str]:
    found = []
    if not 2 <= len(zones) <= 3:
        found.append(f"network_availability_zones: {len(zones)} zones are given; a stack spans 2 or 3.")
    if len(set(zones)) != len(zones):
        found.append("network_availability_zones: a zone is named twice.")
    known = facts.get("zones") or []
    unknown = [zone for zone in zones if zone not in known]
    if known and unknown:
        found.append(f"network_availability_zones: {unknown[0]} is not a zone of {facts.get('region')}, which has {', '.join(known)}.")
    if known and isinstance(count, int) and count > len(known):
        found.append(f"network_zone_count: {facts.get('region')} has {len(known)} zones, {count} are asked for.")
    return found


def port_findings(variables: dict) -> list[str]:
    found = []
    for name in ("network_web_port", "network_app_port", "network_database_port"):
        port = variables.get(name)
        if port is None:
            continue
        if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= 65535:
            found.append(f"{name}: {port!r} must be a port between 1 and 65535.")
        elif port in ADMIN_PORTS:
            found.append(f"{name}: {port} is a port of remote administration, which the network denies.")
        elif name == "network_database_port" and port in ENGINE_PORTS:
            found.append(f"{name}: {port} is the default port of {ENGINE_PORTS[port]}; choose another one (Security Hub control RDS.23).")
        elif name == "network_database_port" and port < 1150:
            found.append(f"{name}: {port} must be at least 1150, which is the lowest port of RDS.")
    return found


def service_findings(variables: dict) -> list[str]:
    found = []
    for service in variables.get("network_gateway_endpoints") or []:
        if service not in GATEWAY_SERVICES:
            found.append(f"network_gateway_endpoints: {service!r} has no gateway endpoint; only {' and '.join(GATEWAY_SERVICES)} have.")
    for service in variables.get("network_interface_endpoints") or []:
        # A whole name (com.amazonaws.<region>.<service>) is the way to a service that is newer than this list.
        if not str(service).startswith(("com.amazonaws.", "aws.")) and service not in INTERFACE_SERVICES:
            found.append(
                f"network_interface_endpoints: {service!r} is not a known service of AWS PrivateLink; "
                "a newer one is given by its whole name, com.amazonaws.<region>.<service>."
            )
    return found


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on settings that can't be, each beginning with the variable's name."""
    found = []
    zones = variables.get("network_availability_zones")
    cidr = variables.get("network_cidr")
    if cidr is not None:
        found += cidr_findings(cidr)
    if isinstance(zones, list):
        found += zone_findings(zones, variables.get("network_zone_count"), facts)
        if cidr is not None:
            found += subnet_findings(cidr, zones, variables.get("network_subnets") or {})
    return found + port_findings(variables) + service_findings(variables)
