# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a launch template launches."""

from __future__ import annotations

DOCUMENTATION = r"""
name: server_template
version_added: 0.1.0
short_description: Write the data of a strict launch template
description:
  - Gives C(LaunchTemplateData) with IMDSv2 only, no public address, an encrypted gp3 volume, no key pair, and tags on all that is launched.
positional: instance_type, instance_profile_name, security_group_ids, kms_key_arn
options:
  _input:
    description: The name of the instances.
    type: str
    required: true
  instance_type:
    description: The type, such as V(t4g.small).
    type: str
    required: true
  instance_profile_name:
    description: The instance profile.
    type: str
    required: true
  security_group_ids:
    description: The security groups.
    type: list
    elements: str
    required: true
  kms_key_arn:
    description: The key that encrypts the volume.
    type: str
    required: true
  volume_gib:
    description: The size of the volume.
    type: int
    default: 20
  device_name:
    description: The root device of the image.
    type: str
    default: /dev/xvda
  detailed_monitoring:
    description: Whether CloudWatch gets values every minute instead of every five.
    type: bool
    default: true
  tags:
    description: Tags of instances, volumes and network interfaces.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: A launch template
  refarch.aws.ec2_launch_templates:
    launch_templates:
      - name: shop-staging-web
        data: "{{ 'shop-staging-web' | refarch.aws.server_template('t4g.small', 'shop-staging-server-web', ['sg-0a1b2c3d'], key_arn) }}"
"""

RETURN = r"""
_value:
  description: The data, as M(refarch.aws.ec2_launch_templates) takes it.
  type: dict
"""

TAGGED = ("instance", "network-interface", "volume")


def server_template(
    name: str,
    instance_type: str,
    instance_profile_name: str,
    security_group_ids: list[str] | str,
    kms_key_arn: str,
    volume_gib: int = 20,
    device_name: str = "/dev/xvda",
    detailed_monitoring: bool = True,
    tags: dict[str, str] | None = None,
) -> dict:
    """The data. The image and what runs at the first start are the module's options."""
    groups = [security_group_ids] if isinstance(security_group_ids, str) else list(security_group_ids)
    own = [{"Key": key, "Value": str(value)} for key, value in {**(tags or {}), "Name": name}.items()]
    return {
        "InstanceType": instance_type,
        "IamInstanceProfile": {"Name": instance_profile_name},
        "EbsOptimized": True,
        "Monitoring": {"Enabled": bool(detailed_monitoring)},
        # One hop: what runs in a container on the instance does not get its credentials [EC2.8, AutoScaling.3].
        "MetadataOptions": {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "NetworkInterfaces": [
            {"DeviceIndex": 0, "AssociatePublicIpAddress": False, "DeleteOnTermination": True, "Groups": groups},
        ],
        "BlockDeviceMappings": [
            {
                "DeviceName": device_name,
                "Ebs": {
                    "VolumeSize": int(volume_gib), "VolumeType": "gp3", "Encrypted": True, "KmsKeyId": kms_key_arn,
                    "DeleteOnTermination": True,
                },
            },
        ],
        "TagSpecifications": [{"ResourceType": kind, "Tags": own} for kind in TAGGED],
    }  # fmt: skip


class FilterModule:
    def filters(self):
        return {"server_template": server_template}
