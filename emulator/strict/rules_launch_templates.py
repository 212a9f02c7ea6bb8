"""What Amazon EC2 refuses of launch templates."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from emulator.strict import Context, rule

_API = "Amazon EC2 API Reference"
_GUIDE = "Amazon EC2 User Guide"
DATA: dict[str, Any] = {"InstanceType": "t4g.small", "ImageId": "ami-0123456789abcdef0"}
NEW = {"LaunchTemplateName": "shop-web", "LaunchTemplateData": DATA}
VOLUME = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": True}}
BOTH = ("CreateLaunchTemplate", "CreateLaunchTemplateVersion")
#: Least and most GiB, IOPS and throughput ("Amazon EBS volume types", Amazon EBS User Guide).
SIZES = {"gp2": (1, 16384), "gp3": (1, 65536), "io1": (4, 16384), "io2": (4, 65536), "st1": (125, 16384), "sc1": (125, 16384)}
IOPS = {"gp3": (3000, 80000), "io1": (100, 64000), "io2": (100, 256000)}
BASE64_BYTES = 16384


def _with(**data: Any) -> dict[str, Any]:
    return {**NEW, "LaunchTemplateData": {**DATA, **data}}


@rule(
    "ec2", "CreateLaunchTemplate", code="InvalidLaunchTemplateName.MalformedException", source=f"{_API}, CreateLaunchTemplate",
    good=[NEW],
    bad=[{**NEW, "LaunchTemplateName": name} for name in ("ab", "a" * 129, "shop web", "shop+web")],
)  # fmt: skip
def launch_template_name(params: dict[str, Any], context: Context) -> str | None:
    name = params["LaunchTemplateName"]
    if re.fullmatch(r"[a-zA-Z0-9().\-/_]{3,128}", name):
        return None
    return f"The name '{name}' must have 3 to 128 letters, digits and the characters - ( ) . / _"


@rule(
    "ec2", *BOTH, code="InvalidAMIID.Malformed", source=f'{_GUIDE}, "Use a Systems Manager parameter to find an AMI"',
    good=[NEW, _with(ImageId="resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64")],
    bad=[_with(ImageId="amazon-linux"), _with(ImageId="resolve:ssm:")],
)  # fmt: skip
def launch_template_image(params: dict[str, Any], context: Context) -> str | None:
    image = params["LaunchTemplateData"].get("ImageId")
    if not image or re.fullmatch(r"ami-[0-9a-f]{8}([0-9a-f]{9})?|resolve:ssm:[\w.\-/:]+", image, re.ASCII):
        return None
    return f'Invalid id: "{image}" (expecting "ami-...")'


@rule(
    "ec2", *BOTH, code="InvalidUserData.Malformed", source=f'{_GUIDE}, "Run commands when you launch an EC2 instance with user data input"',
    good=[NEW, _with(UserData=base64.b64encode(b"#!/bin/bash").decode())],
    bad=[_with(UserData="#!/bin/bash"), _with(UserData=base64.b64encode(b"x" * (BASE64_BYTES + 1)).decode())],
)  # fmt: skip
def launch_template_user_data(params: dict[str, Any], context: Context) -> str | None:
    text = params["LaunchTemplateData"].get("UserData")
    if not text:
        return None
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return "Invalid BASE64 encoding of user data."
    return "User data is limited to 16384 bytes" if len(content) > BASE64_BYTES else None


@rule(
    "ec2", *BOTH, code="InvalidParameterCombination", source=f"{_API}, RequestLaunchTemplateData",
    good=[NEW, _with(NetworkInterfaces=[{"DeviceIndex": 0, "Groups": ["sg-1"]}]), _with(SecurityGroupIds=["sg-1"])],
    bad=[_with(NetworkInterfaces=[{"DeviceIndex": 0, "Groups": ["sg-1"]}], SecurityGroupIds=["sg-1"])],
)  # fmt: skip
def launch_template_groups(params: dict[str, Any], context: Context) -> str | None:
    data = params["LaunchTemplateData"]
    if data.get("NetworkInterfaces") and (data.get("SecurityGroupIds") or data.get("SecurityGroups")):
        return "Network interfaces and an instance-level security groups may not be specified on the same request"
    return None


@rule(
    "ec2", *BOTH, code="InvalidParameterValue", source=f"{_API}, LaunchTemplateInstanceMetadataOptionsRequest",
    good=[_with(MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 1})],
    bad=[_with(MetadataOptions={"HttpPutResponseHopLimit": 0}), _with(MetadataOptions={"HttpPutResponseHopLimit": 65})],
)  # fmt: skip
def launch_template_metadata(params: dict[str, Any], context: Context) -> str | None:
    limit = (params["LaunchTemplateData"].get("MetadataOptions") or {}).get("HttpPutResponseHopLimit")
    return f"HttpPutResponseHopLimit {limit} must be 1 to 64" if limit is not None and not 1 <= int(limit) <= 64 else None


@rule(
    "ec2", *BOTH, code="InvalidParameterValue", source='Amazon EBS User Guide, "Amazon EBS volume types"',
    good=[_with(BlockDeviceMappings=[VOLUME])],
    bad=[
        _with(BlockDeviceMappings=[{**VOLUME, "Ebs": {"VolumeSize": 0, "VolumeType": "gp3"}}]),
        _with(BlockDeviceMappings=[{**VOLUME, "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Iops": 2999}}]),
        _with(BlockDeviceMappings=[{**VOLUME, "Ebs": {"VolumeSize": 20, "VolumeType": "gp2", "Iops": 3000}}]),
        _with(BlockDeviceMappings=[{**VOLUME, "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Throughput": 124}}]),
        _with(BlockDeviceMappings=[{**VOLUME, "Ebs": {"VolumeSize": 20, "KmsKeyId": "k", "Encrypted": False}}]),
    ],
)  # fmt: skip
def launch_template_volumes(params: dict[str, Any], context: Context) -> str | None:
    for mapping in params["LaunchTemplateData"].get("BlockDeviceMappings") or []:
        ebs = mapping.get("Ebs") or {}
        kind, size, iops, throughput = ebs.get("VolumeType", "gp2"), ebs.get("VolumeSize"), ebs.get("Iops"), ebs.get("Throughput")
        if size is not None and kind in SIZES and not SIZES[kind][0] <= int(size) <= SIZES[kind][1]:
            return f"Volume of {size}GiB is not valid for volume type {kind}"
        if iops is not None and (kind not in IOPS or not IOPS[kind][0] <= int(iops) <= IOPS[kind][1]):
            return f"The parameter iops {iops} is not supported for {kind} volumes"
        if throughput is not None and (kind != "gp3" or not 125 <= int(throughput) <= 2000):
            return f"Throughput {throughput} is not supported for {kind} volumes"
        if ebs.get("KmsKeyId") and ebs.get("Encrypted") in (False, "false"):
            return "The parameter KmsKeyId requires the parameter Encrypted to be set."
    return None


@rule(
    "ec2", *BOTH, code="InvalidParameterValue", source=f'{_GUIDE}, "Tag your Amazon EC2 resources"',
    good=[_with(TagSpecifications=[{"ResourceType": kind, "Tags": [{"Key": "a", "Value": "b"}]} for kind in ("instance", "volume")])],
    bad=[
        _with(TagSpecifications=[{"ResourceType": "instance", "Tags": []}]),
        _with(TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}]),
        _with(TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}] * 2),
    ],
)  # fmt: skip
def launch_template_tags(params: dict[str, Any], context: Context) -> str | None:
    kinds = []
    for specification in params["LaunchTemplateData"].get("TagSpecifications") or []:
        kind = specification.get("ResourceType")
        if kind not in ("instance", "volume", "network-interface", "elastic-gpu", "spot-instances-request"):
            return f"'{kind}' is not a valid taggable resource type for this operation."
        if not specification.get("Tags"):
            return "Tag specification must have at least one tag"
        if kind in kinds:
            return f"Tag specification resource type '{kind}' must not be given twice"
        kinds.append(kind)
    return None


@rule(
    "ec2", "DeleteLaunchTemplateVersions", code="InvalidParameterValue", source=f"{_API}, DeleteLaunchTemplateVersions",
    good=[{"LaunchTemplateId": "lt-1", "Versions": ["1", "2"]}],
    bad=[{"LaunchTemplateId": "lt-1", "Versions": versions} for versions in ([str(number) for number in range(201)], ["$Latest"])],
)  # fmt: skip
def launch_template_versions(params: dict[str, Any], context: Context) -> str | None:
    versions = params["Versions"]
    if len(versions) > 200:
        return "You can specify up to 200 launch template version numbers."
    return None if all(version.isdigit() for version in versions) else "Versions must be numbers"
