"""What carries traffic: load balancers, launch templates, Auto Scaling groups and their instances, releases, the database."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from tests.bench.parity.alike import Client, Found, Names, answer

#: Of an instance: what its launch template and its group gave it.
_INSTANCE = (
    "ImageId", "InstanceType", "EbsOptimized", "MetadataOptions", "Monitoring", "SecurityGroups", "SubnetId", "Tags",
)  # fmt: skip


def _load_balancers(client: Client, names: Names) -> Found:
    elb = client("elbv2")
    for balancer in answer(elb, "describe_load_balancers")["LoadBalancers"]:
        arn, name = balancer["LoadBalancerArn"], balancer["LoadBalancerName"]
        names[balancer["DNSName"]] = f"host of {name}"
        names[arn.partition(":loadbalancer/")[2]] = f"load balancer {name}"
        yield f"load balancer {name}", {**balancer, **_more(elb, "load_balancer", "LoadBalancerArn", arn)}
        for listener in answer(elb, "describe_listeners", LoadBalancerArn=arn)["Listeners"]:
            listened = f"listener {name} {listener['Port']}"
            names[listener["ListenerArn"].partition(":listener/")[2]] = listened
            rules = answer(elb, "describe_rules", ListenerArn=listener["ListenerArn"])["Rules"]
            for place in (listener["DefaultActions"], *(rule["Actions"] for rule in rules)):
                if len(place) == 1:
                    place[0].pop("Order", None)  # of several actions only; Terraform counts the single one too
            rules = [{key: rule.get(key) for key in ("Priority", "Conditions", "Actions")} for rule in rules]
            yield listened, {**listener, **_more(elb, "listener", "ListenerArn", listener["ListenerArn"]), "rules": rules}
    for group in answer(elb, "describe_target_groups")["TargetGroups"]:
        arn = group["TargetGroupArn"]
        names[arn.rpartition(":")[2]] = f"target group {group['TargetGroupName']}"
        health = answer(elb, "describe_target_health", TargetGroupArn=arn)["TargetHealthDescriptions"]
        targets = [{**target["Target"], "state": target["TargetHealth"]["State"]} for target in health]
        yield f"target group {group['TargetGroupName']}", {**group, **_more(elb, "target_group", "TargetGroupArn", arn), "targets": targets}


def _more(elb: Any, kind: str, key: str, arn: str) -> dict[str, Any]:
    return {
        "attributes": getattr(elb, f"describe_{kind}_attributes")(**{key: arn})["Attributes"],
        "tags": elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"],
    }


def _launch_templates(client: Client, names: Names) -> Found:
    ec2 = client("ec2")
    for template in answer(ec2, "describe_launch_templates")["LaunchTemplates"]:
        name = template["LaunchTemplateName"]
        names[template["LaunchTemplateId"]] = f"launch template {name}"
        version = ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"], Versions=["$Latest"])
        data = version["LaunchTemplateVersions"][0]["LaunchTemplateData"]
        for interface in data.get("NetworkInterfaces", []):
            interface.setdefault("NetworkCardIndex", 0)  # "The default is network card index 0"; Terraform says it
        data["UserData"] = base64.b64decode(data.get("UserData", "")).decode()
        yield f"launch template {name}", {**template, "data": data}


def _auto_scaling_groups(client: Client, names: Names) -> Found:
    scaling = client("autoscaling")
    for group in answer(scaling, "describe_auto_scaling_groups")["AutoScalingGroups"]:
        name = group["AutoScalingGroupName"]
        named = {"AutoScalingGroupName": name}
        names |= {instance["InstanceId"]: f"an instance of {name}" for instance in group["Instances"]}
        names[group["AutoScalingGroupARN"]] = f"ARN of {name}"
        group["VPCZoneIdentifier"] = group["VPCZoneIdentifier"].split(",")
        policies = answer(scaling, "describe_policies", **named)["ScalingPolicies"]
        names |= {policy["PolicyARN"]: f"policy {policy['PolicyName']} of {name}" for policy in policies}
        yield (
            f"auto scaling group {name}",
            {
                **group,
                "hooks": scaling.describe_lifecycle_hooks(**named)["LifecycleHooks"],
                "policies": policies,
                "notifications": answer(scaling, "describe_notification_configurations", AutoScalingGroupNames=[name]),
                "instances": _instances(client, [instance["InstanceId"] for instance in group["Instances"]]),
            },
        )


def _instances(client: Client, ids: list[str]) -> list[dict[str, Any]]:
    reservations = answer(client("ec2"), "describe_instances", InstanceIds=ids)["Reservations"]
    found = [instance for reservation in reservations for instance in reservation["Instances"]]
    return [{**{key: one.get(key) for key in _INSTANCE}, "profile": one["IamInstanceProfile"]["Arn"]} for one in found]


def _instance_profiles(client: Client, names: Names) -> Found:
    iam = client("iam")
    for profile in answer(iam, "list_instance_profiles")["InstanceProfiles"]:
        name = profile["InstanceProfileName"]
        found = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]  # with its tags
        yield f"instance profile {name}", {**found, "Roles": [role["RoleName"] for role in profile["Roles"]]}


def _bundles(client: Client, names: Names) -> Found:
    s3 = client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        for item in answer(s3, "list_objects_v2", Bucket=bucket["Name"], Prefix="nodes/").get("Contents", []):
            found = s3.get_object(Bucket=bucket["Name"], Key=item["Key"])
            kept = ("ContentLength", "ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled")
            # Not its ETag, which tells into how many parts an upload was divided.
            content = hashlib.sha256(found["Body"].read()).hexdigest()
            yield f"object {bucket['Name']}/{item['Key']}", {"content": content, **{key: found.get(key) for key in kept}}


def _database(client: Client, names: Names) -> Found:
    rds = client("rds")
    for group in answer(rds, "describe_db_subnet_groups")["DBSubnetGroups"]:
        tags = rds.list_tags_for_resource(ResourceName=group["DBSubnetGroupArn"])["TagList"]
        yield f"database subnet group {group['DBSubnetGroupName']}", {**group, "tags": tags}
    for group in answer(rds, "describe_db_parameter_groups")["DBParameterGroups"]:
        name = group["DBParameterGroupName"]
        if name.startswith("default."):
            continue
        changed = answer(rds, "describe_db_parameters", DBParameterGroupName=name, Source="user")["Parameters"]
        tags = rds.list_tags_for_resource(ResourceName=group["DBParameterGroupArn"])["TagList"]
        yield f"database parameter group {name}", {**group, "changed": changed, "tags": tags}
    for instance in answer(rds, "describe_db_instances")["DBInstances"]:
        name = instance["DBInstanceIdentifier"]
        names[instance["DbiResourceId"]] = f"resource of {name}"
        names[instance["Endpoint"]["Address"]] = f"host of {name}"
        if secret := instance.get("MasterUserSecret"):
            names[secret["SecretArn"]] = f"secret of {name}"
        yield f"database {name}", instance
    for subscription in answer(rds, "describe_event_subscriptions")["EventSubscriptionsList"]:
        tags = rds.list_tags_for_resource(ResourceName=subscription["EventSubscriptionArn"])["TagList"]
        yield f"database events {subscription['CustSubscriptionId']}", {**subscription, "tags": tags}


READERS = (_load_balancers, _launch_templates, _auto_scaling_groups, _instance_profiles, _bundles, _database)
