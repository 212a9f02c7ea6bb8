# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What servers of a tier may do."""

from __future__ import annotations

DOCUMENTATION = r"""
name: server_role
version_added: 0.1.0
short_description: Write the inline policies of the servers of a tier
description:
  - A server reads its bundles and CodeDeploy's agent, leaves its target group for a while and comes back, says that it has
    started, and writes its logs.
  - With a database it reads what the stack published of it and the master password that RDS keeps, of that database only, and may log in
    with IAM.
positional: place
options:
  _input:
    description: The tier, V(web) or V(app).
    type: str
    required: true
  place:
    description:
      - Where the tier is. C(region), C(account_id), C(project), C(environment), C(artifact_bucket_name), C(bundle_key_prefix),
        C(key_arn), C(log_group_name), C(auto_scaling_group_name) and C(target_group_arn).
    type: dict
    required: true
  database_identifier:
    description: The database that the tier reaches, empty for none.
    type: str
    default: ""
  database_user:
    description: The user of the database that may log in with IAM.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: A role of web servers
  refarch.aws.iam_roles:
    roles:
      - name: shop-staging-server-web
        inline_policies: "{{ 'web' | refarch.aws.server_role(place) }}"
"""

RETURN = r"""
_value:
  description: The policies by name.
  type: dict
"""


def _statement(sid: str, actions: list[str], resources: object, condition: dict | None = None) -> dict:
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, "Condition": condition} if condition else statement


def server_role(tier: str, place: dict, database_identifier: str = "", database_user: str = "") -> dict[str, dict]:
    """The policies: what each server needs to start, and what those with a database need beside."""
    region, account = place["region"], place["account_id"]
    bucket, key = place["artifact_bucket_name"], place["key_arn"]
    through = {service: {"StringEquals": {"kms:ViaService": f"{service}.{region}.amazonaws.com"}} for service in ("s3", "secretsmanager")}
    published = f"arn:aws:ssm:{region}:{account}:parameter/{place['project']}/{place['environment']}/database"
    group = f"arn:aws:autoscaling:{region}:{account}:autoScalingGroup:*:autoScalingGroupName/{place['auto_scaling_group_name']}"
    logs = f"arn:aws:logs:{region}:{account}:log-group:{place['log_group_name']}"
    policies = {
        "start": [
            _statement("ReadBundles", ["s3:GetObject"], f"arn:aws:s3:::{bucket}/{place['bundle_key_prefix']}/*"),
            _statement("DecryptReleases", ["kms:Decrypt"], key, through["s3"]),
            # "Install the CodeDeploy agent" (AWS CodeDeploy User Guide).
            _statement("ReadCodeDeployAgent", ["s3:GetObject"], f"arn:aws:s3:::aws-codedeploy-{region}/*"),
            # While its release is exchanged, no request comes.
            _statement(
                "LeaveTargetGroup",
                ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"],
                place["target_group_arn"],
            ),
            # AWS knows no resources for these ("Actions, resources, and condition keys for Elastic Load Balancing V2", and of Amazon EC2).
            _statement(
                "SeeTargetGroups",
                ["ec2:DescribeInstances", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"],
                "*",
            ),
            _statement("SayThatItStarted", ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"], group),
            _statement(
                "WriteLogs", ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], [logs, f"{logs}:log-stream:*"]
            ),
        ]
    }
    if database_identifier:
        owner = {"secretsmanager:ResourceTag/aws:rds:primaryDBInstanceArn": f"arn:aws:rds:{region}:{account}:db:{database_identifier}"}
        secrets = f"arn:aws:secretsmanager:{region}:{account}:secret:rds!db-*"
        policies["database"] = [
            _statement("FindDatabase", ["ssm:GetParameter"], published),
            _statement(
                "ReadMasterPassword", ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"], secrets, {"StringEquals": owner}
            ),
            _statement("DecryptMasterPassword", ["kms:Decrypt"], key, through["secretsmanager"]),
            _statement("LogIn", ["rds-db:connect"], f"arn:aws:rds-db:{region}:{account}:dbuser:*/{database_user}"),
        ]
    return {name: {"Version": "2012-10-17", "Statement": statements} for name, statements in policies.items()}


class FilterModule:
    def filters(self):
        return {"server_role": server_role}
