# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a resource is found in the AWS console."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

ROOT = "https://{region}.console.aws.amazon.com"

#: service and kind of an ARN -> path of its page; {id}: what follows the kind in the ARN.
PAGES: dict[tuple[str, str], str] = {
    ("acm", "certificate"): "/acm/home?region={region}#/certificates/{id}",
    ("autoscaling", "autoScalingGroup"): "/ec2/home?region={region}#AutoScalingGroups:",
    ("backup", "backup-vault"): "/backup/home?region={region}#/backupvaults/details/{id}",
    ("cloudtrail", "trail"): "/cloudtrailv2/home?region={region}#/trails",
    ("cloudwatch", "alarm"): "/cloudwatch/home?region={region}#alarmsV2:alarm/{id}",
    ("codebuild", "project"): "/codesuite/codebuild/projects/{id}?region={region}",
    ("codecommit", ""): "/codesuite/codecommit/repositories/{id}/browse?region={region}",
    ("codepipeline", ""): "/codesuite/codepipeline/pipelines/{id}/view?region={region}",
    ("ec2", "instance"): "/ec2/home?region={region}#InstanceDetails:instanceId={id}",
    ("ec2", "natgateway"): "/vpcconsole/home?region={region}#NatGatewayDetails:natGatewayId={id}",
    ("ec2", "security-group"): "/ec2/home?region={region}#SecurityGroup:groupId={id}",
    ("ec2", "subnet"): "/vpcconsole/home?region={region}#SubnetDetails:subnetId={id}",
    ("ec2", "vpc"): "/vpcconsole/home?region={region}#VpcDetails:VpcId={id}",
    ("elasticloadbalancing", "loadbalancer"): "/ec2/home?region={region}#LoadBalancer:loadBalancerArn={arn}",
    ("elasticloadbalancing", "targetgroup"): "/ec2/home?region={region}#TargetGroup:targetGroupArn={arn}",
    ("kms", "key"): "/kms/home?region={region}#/kms/keys/{id}",
    ("lambda", "function"): "/lambda/home?region={region}#/functions/{id}",
    ("logs", "log-group"): "/cloudwatch/home?region={region}#logsV2:log-groups/log-group/{twice}",
    ("rds", "db"): "/rds/home?region={region}#database:id={id};is-cluster=false",
    ("route53", "hostedzone"): "/route53/v2/hostedzones#ListRecordSets/{id}",
    ("s3", ""): "/s3/buckets/{id}?region={region}",
    ("secretsmanager", "secret"): "/secretsmanager/secret?name={name}&region={region}",
    ("sns", ""): "/sns/v3/home?region={region}#/topic/{arn}",
    ("sqs", ""): "/sqs/v3/home?region={region}#/queues",
    ("ssm", "document"): "/systems-manager/documents/{id}?region={region}",
    ("ssm", "parameter"): "/systems-manager/parameters/{twice}/description?region={region}",
    ("wafv2", "regional"): "/wafv2/homev2/web-acls?region={region}",
}


def kind_of(arn: str) -> tuple[str, str, str]:
    """(service, kind, id) of an ARN: its last part is C(kind/id), C(kind:id) or C(id)."""
    service, resource = arn.split(":", 5)[2], arn.split(":", 5)[5]
    for divider in ("/", ":"):
        kind, found, rest = resource.partition(divider)
        if found and ":" not in kind:
            return service, kind, rest
    return service, "", resource


def link(arn: str, region: str) -> str | None:
    """The page of a resource, None where this table has none. *region*: of the stack; the ARN's own goes first."""
    service, kind, name = kind_of(arn)
    page = PAGES.get((service, kind)) or PAGES.get((service, ""))
    if page is None:
        return None
    name = name if (service, kind) in PAGES else arn.split(":", 5)[5]
    own_region = arn.split(":")[3] or region
    encoded: Callable[[str], str] = lambda text: quote(text, safe="")  # noqa: E731 - used twice on one line
    # The log console wants the name encoded twice, with $ for %.
    values = {
        "region": own_region,
        "id": encoded(name),
        "arn": encoded(arn),
        "twice": encoded(encoded(name)).replace("%", "$"),
        "name": encoded(name.rpartition("-")[0]),
    }
    return ROOT.format(region=own_region) + page.format(**values)
