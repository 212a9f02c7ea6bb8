# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The metric filters that the CIS AWS Foundations Benchmark wants on a trail's log group."""

from __future__ import annotations

DOCUMENTATION = r"""
name: cis_metric_filters
version_added: 0.1.0
short_description: Look up the metric filters of the CIS AWS Foundations Benchmark
description:
  - The metric filters 4.1 to 4.15 of the CIS AWS Foundations Benchmark 1.4 by their names, as refarch.aws.logs_metric_filters takes them.
  - The patterns are word for word those that Security Hub's controls CloudWatch.1 to CloudWatch.14 look for.
positional: namespace
options:
  _input:
    description:
      - The names, of C(unauthorized-api-calls), C(console-sign-in-without-mfa), C(root-usage), C(iam-policy-changes),
        C(cloudtrail-changes), C(console-authentication-failures), C(key-disabled-or-deleted), C(bucket-policy-changes),
        C(config-changes), C(security-group-changes), C(network-acl-changes), C(network-gateway-changes), C(route-table-changes),
        C(vpc-changes), C(organizations-changes).
    type: list
    elements: str
    required: true
  namespace:
    description: The namespace of the metrics.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Count what root does
  refarch.aws.logs_metric_filters:
    log_group_name: /shop/staging/cloudtrail
    metric_filters: "{{ ['root-usage'] | refarch.aws.cis_metric_filters('shop-staging/audit') }}"
"""

RETURN = r"""
_value:
  description: The metric filters.
  type: list
  elements: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError


def _names(*names: str) -> str:
    return " || ".join(f"($.eventName={name})" for name in names)


#: By name: section of CIS 1.4, control of Security Hub, pattern ("Security Hub controls for CloudWatch" in its User Guide).
CIS_FILTERS: dict[str, tuple[str, str | None, str]] = {
    "unauthorized-api-calls": ("4.1", "CloudWatch.2", '{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}'),
    "console-sign-in-without-mfa": (
        "4.2",
        "CloudWatch.3",
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "IAMUser") '
        '&& ($.responseElements.ConsoleLogin = "Success") }',
    ),
    "root-usage": (
        "4.3",
        "CloudWatch.1",
        '{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}',
    ),
    "iam-policy-changes": (
        "4.4",
        "CloudWatch.4",
        "{($.eventSource=iam.amazonaws.com) && ("
        + _names(
            "DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy", "PutGroupPolicy", "PutRolePolicy", "PutUserPolicy",
            "CreatePolicy", "DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion", "AttachRolePolicy", "DetachRolePolicy",
            "AttachUserPolicy", "DetachUserPolicy", "AttachGroupPolicy", "DetachGroupPolicy",
        )
        + ")}",
    ),
    "cloudtrail-changes": (
        "4.5",
        "CloudWatch.5",
        "{" + _names("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging") + "}",
    ),
    "console-authentication-failures": (
        "4.6",
        "CloudWatch.6",
        '{($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication")}',
    ),
    "key-disabled-or-deleted": (
        "4.7",
        "CloudWatch.7",
        "{($.eventSource=kms.amazonaws.com) && (" + _names("DisableKey", "ScheduleKeyDeletion") + ")}",
    ),
    "bucket-policy-changes": (
        "4.8",
        "CloudWatch.8",
        "{($.eventSource=s3.amazonaws.com) && ("
        + _names(
            "PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle", "PutBucketReplication", "DeleteBucketPolicy",
            "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication",
        )
        + ")}",
    ),
    "config-changes": (
        "4.9",
        "CloudWatch.9",
        "{($.eventSource=config.amazonaws.com) && ("
        + _names("StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel", "PutConfigurationRecorder")
        + ")}",
    ),
    "security-group-changes": (
        "4.10",
        "CloudWatch.10",
        "{"
        + _names(
            "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress",
            "CreateSecurityGroup", "DeleteSecurityGroup",
        )
        + "}",
    ),
    "network-acl-changes": (
        "4.11",
        "CloudWatch.11",
        "{"
        + _names(
            "CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry", "ReplaceNetworkAclEntry",
            "ReplaceNetworkAclAssociation",
        )
        + "}",
    ),
    "network-gateway-changes": (
        "4.12",
        "CloudWatch.12",
        "{"
        + _names(
            "CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway", "CreateInternetGateway", "DeleteInternetGateway",
            "DetachInternetGateway",
        )
        + "}",
    ),
    "route-table-changes": (
        "4.13",
        "CloudWatch.13",
        "{($.eventSource=ec2.amazonaws.com) && ("
        + _names(
            "CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation", "DeleteRouteTable", "DeleteRoute",
            "DisassociateRouteTable",
        )
        + ")}",
    ),
    "vpc-changes": (
        "4.14",
        "CloudWatch.14",
        "{"
        + _names(
            "CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection", "CreateVpcPeeringConnection",
            "DeleteVpcPeeringConnection", "RejectVpcPeeringConnection", "AttachClassicLinkVpc", "DetachClassicLinkVpc",
            "DisableVpcClassicLink", "EnableVpcClassicLink",
        )
        + "}",
    ),
    # Security Hub has no control for this one; the benchmark writes names in quotes here.
    "organizations-changes": (
        "4.15",
        None,
        "{ ($.eventSource = organizations.amazonaws.com) && ("
        + " || ".join(
            f'($.eventName = "{name}")'
            for name in (
                "AcceptHandshake", "AttachPolicy", "CreateAccount", "CreateOrganizationalUnit", "CreatePolicy", "DeclineHandshake",
                "DeleteOrganization", "DeleteOrganizationalUnit", "DeletePolicy", "DetachPolicy", "DisablePolicyType",
                "EnablePolicyType", "InviteAccountToOrganization", "LeaveOrganization", "MoveAccount",
                "RemoveAccountFromOrganization", "UpdatePolicy", "UpdateOrganizationalUnit",
            )
        )
        + ") }",
    ),
}  # fmt: skip


def cis_metric_filters(names: list[str], namespace: str) -> list[dict[str, Any]]:
    """The filters of *names*, each with a metric of its own name. Raises AnsibleFilterError for a name it does not know."""
    unknown = [name for name in names if name not in CIS_FILTERS]
    if unknown:
        raise AnsibleFilterError(f"cis_metric_filters: {', '.join(unknown)} is not one of {', '.join(CIS_FILTERS)}")
    return [
        {"name": name, "pattern": CIS_FILTERS[name][2], "metric_name": name, "metric_namespace": namespace, "default_value": 0}
        for name in names
    ]


class FilterModule:
    def filters(self):
        return {"cis_metric_filters": cis_metric_filters}
