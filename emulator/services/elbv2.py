"""Elastic Load Balancing: defaults, states, names that are taken, and what goes along with a thing that is deleted."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models.instances import InstanceBackend
from moto.elbv2 import responses as elbv2_responses
from moto.elbv2.exceptions import (
    DuplicateListenerError,
    DuplicateLoadBalancerName,
    DuplicateTargetGroupName,
    ELBClientError,
    ListenerNotFoundError,
    LoadBalancerNotFoundError,
    RuleNotFoundError,
    TargetGroupNotFoundError,
    TooManyTagsError,
)
from moto.elbv2.models import ELBv2Backend, FakeAction, FakeHealthStatus, FakeListener, FakeLoadBalancer, FakeTargetGroup, elbv2_backends
from moto.elbv2.responses import ELBV2Response

#: "Elastic Load Balancing endpoints and quotas" (AWS General Reference), Application Load Balancers.
HOSTED_ZONES = {
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-east-2": "Z3AADJGX6KTTL2",
    "us-west-1": "Z368ELLRRE2KJ0",
    "us-west-2": "Z1H1FL5HABSF5",
    "ap-northeast-1": "Z14GRHDCWA56QT",
    "ap-northeast-2": "ZWKZPGTI48KDX",
    "ap-northeast-3": "Z5LXEXXYW11ES",
    "ap-south-1": "ZP97RAFLXTNZK",
    "ap-southeast-1": "Z1LMS91P8CMLE5",
    "ap-southeast-2": "Z1GM3OXH4ZPM65",
    "ca-central-1": "ZQSVJUPU6J1EY",
    "eu-central-1": "Z215JYRZR1TBD5",
    "eu-north-1": "Z23TAZ6LKFMNIO",
    "eu-west-1": "Z32O12XQLNTSW2",
    "eu-west-2": "ZHURV8PSTC4K8",
    "eu-west-3": "Z3Q77PNBQS71R4",
    "sa-east-1": "Z2P70J7HTTTPLU",
}

#: Elastic Load Balancing API Reference, LoadBalancerAttribute.
LOAD_BALANCER_ATTRIBUTES = {
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "health_check_logs.s3.enabled": "false",
    "health_check_logs.s3.bucket": "",
    "health_check_logs.s3.prefix": "",
    "idle_timeout.timeout_seconds": "60",
    "ipv6.deny_all_igw_traffic": "false",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}

#: Elastic Load Balancing API Reference, TargetGroupAttribute.
TARGET_GROUP_ATTRIBUTES = {
    "deregistration_delay.timeout_seconds": "300",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "slow_start.duration_seconds": "0",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.enabled": "false",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.type": "lb_cookie",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}

#: Elastic Load Balancing API Reference, ListenerAttribute. Headers that are not set are empty.
LISTENER_HEADERS = (
    "access_control_allow_credentials",
    "access_control_allow_headers",
    "access_control_allow_methods",
    "access_control_allow_origin",
    "access_control_expose_headers",
    "access_control_max_age",
    "content_security_policy",
    "strict_transport_security",
    "x_content_type_options",
    "x_frame_options",
)
LISTENER_ATTRIBUTES = {
    "routing.http.response.server.enabled": "true",
    **{f"routing.http.response.{header}.header_value": "" for header in LISTENER_HEADERS},
}
HTTPS_ATTRIBUTES = {
    f"routing.http.request.{name}.header_name": "-".join(word.capitalize() for word in name.split("_"))
    for name in (
        "x_amzn_mtls_clientcert",
        "x_amzn_mtls_clientcert_issuer",
        "x_amzn_mtls_clientcert_leaf",
        "x_amzn_mtls_clientcert_serial_number",
        "x_amzn_mtls_clientcert_subject",
        "x_amzn_mtls_clientcert_validity",
        "x_amzn_tls_cipher_suite",
        "x_amzn_tls_version",
    )
}
MOST_TAGS = 50


def apply() -> None:
    attributes_have_defaults()
    load_balancer_becomes_active_by_time()
    load_balancer_is_found_exactly()
    load_balancer_is_made_once()
    load_balancer_has_interfaces()
    protected_load_balancer_stays()
    target_group_is_made_once()
    target_group_knows_its_load_balancers()
    target_is_healthy_after_a_while()
    terminated_instances_are_no_targets()
    listener_port_is_taken_once()
    forward_is_described_in_both_ways()
    listener_names_its_default_certificate()
    health_check_is_modified()
    tags_end_with_what_has_them()


class Target:
    """A registered target. *state* is late (emulator/latency.py)."""

    def __init__(self) -> None:
        self.state = "healthy"


def attributes_have_defaults() -> None:
    """What describes attributes answers with all of them, those at their defaults too."""
    balancer, group, listener = FakeLoadBalancer.__init__, FakeTargetGroup.__init__, FakeListener.__init__

    def balancer_init(self: FakeLoadBalancer, *args: Any, **named: Any) -> None:
        balancer(self, *args, **named)
        if self.type == "application":
            self.attrs = {**LOAD_BALANCER_ATTRIBUTES, "ipv6.deny_all_igw_traffic": str(self.scheme == "internal").lower()}
        region = self.arn.split(":")[3]
        self.canonical_hosted_zone_id = HOSTED_ZONES.get(region, self.canonical_hosted_zone_id)

    def group_init(self: FakeTargetGroup, *args: Any, **named: Any) -> None:
        self.members: dict[str, Target] = {}
        group(self, *args, **named)
        if self.protocol in ("HTTP", "HTTPS") and self.target_type != "lambda":
            self.attributes = dict(TARGET_GROUP_ATTRIBUTES)

    def listener_init(self: FakeListener, *args: Any, **named: Any) -> None:
        listener(self, *args, **named)
        if self.protocol in ("HTTP", "HTTPS"):
            self.attributes = {**LISTENER_ATTRIBUTES, **(HTTPS_ATTRIBUTES if self.protocol == "HTTPS" else {})}

    FakeLoadBalancer.__init__ = balancer_init
    FakeTargetGroup.__init__ = group_init
    FakeListener.__init__ = listener_init


def load_balancer_becomes_active_by_time() -> None:
    """A load balancer is provisioning and then active; how often somebody asks for it changes nothing."""
    init = FakeLoadBalancer.__init__

    def balancer_init(self: FakeLoadBalancer, *args: Any, **named: Any) -> None:
        init(self, *args, **named)
        self.state = "active"

    FakeLoadBalancer.__init__ = balancer_init
    FakeLoadBalancer.activate = lambda self: None


def load_balancer_is_found_exactly() -> None:
    """DescribeLoadBalancers of several names or ARNs fails if one of them is not there."""

    def describe_load_balancers(self: ELBv2Backend, arns: list[str] | None, names: list[str] | None) -> list[FakeLoadBalancer]:
        balancers = list(self.load_balancers.values())
        for wanted, attribute in ((arns, "arn"), (names, "name")):
            if wanted and not set(wanted) <= {getattr(balancer, attribute) for balancer in balancers}:
                raise LoadBalancerNotFoundError()
            if wanted:
                balancers = [balancer for balancer in balancers if getattr(balancer, attribute) in wanted]
        return balancers

    ELBv2Backend.describe_load_balancers = describe_load_balancers


def load_balancer_is_made_once() -> None:
    """CreateLoadBalancer is idempotent, and with other settings DuplicateLoadBalancerName. Internal names begin with internal-.

    (Elastic Load Balancing API Reference, CreateLoadBalancer.)
    """
    create = ELBv2Backend.create_load_balancer

    def create_load_balancer(self: ELBv2Backend, name: str, security_groups: list[str], subnet_ids: list[str], *args: Any, **named: Any):
        named["scheme"] = named.get("scheme") or "internet-facing"
        for balancer in self.load_balancers.values():
            if balancer.name == name:
                same = (
                    balancer.scheme == named["scheme"]
                    and {subnet.id for subnet in balancer.subnets} == set(subnet_ids)
                    and (not security_groups or set(balancer.security_groups) == set(security_groups))
                )
                if not same:
                    raise DuplicateLoadBalancerName()
                return balancer
        balancer = create(self, name, security_groups, subnet_ids, *args, **named)
        if not balancer.security_groups and balancer.type == "application":
            default = self.ec2_backend.get_security_group_from_name("default", vpc_id=balancer.vpc_id)
            balancer.security_groups = [default.id] if default else []
        number = int(balancer.arn[-8:], 16)
        internal = "internal-" if balancer.scheme == "internal" else ""
        balancer.dns_name = f"{internal}{name}-{number}.{self.region_name}.elb.amazonaws.com"
        return balancer

    ELBv2Backend.create_load_balancer = create_load_balancer


def load_balancer_has_interfaces() -> None:
    """A load balancer has a network interface in each of its subnets, with its security groups, which can't be deleted meanwhile."""
    create, subnets, groups = ELBv2Backend.create_load_balancer, ELBv2Backend.set_subnets, ELBv2Backend.set_security_groups
    delete = ELBv2Backend.delete_load_balancer

    def renewed(self: ELBv2Backend, balancer: FakeLoadBalancer | None) -> None:
        for eni_id in getattr(balancer, "eni_ids", []):
            if (gone := self.ec2_backend.enis.pop(eni_id, None)) is not None:
                gone.subnet.del_subnet_ip(gone.private_ip_address)
        if balancer is None or balancer.arn not in self.load_balancers:
            return
        label = f"ELB {balancer.arn.rpartition(':loadbalancer/')[2]}"
        balancer.eni_ids = []
        for subnet in balancer.subnets:
            # moto draws an address, which an instance may have.
            address = subnet.get_available_subnet_ip(balancer)
            eni = self.ec2_backend.create_network_interface(subnet, address, group_ids=balancer.security_groups, description=label)
            eni.interface_type = "interface"
            balancer.eni_ids.append(eni.id)

    def create_load_balancer(self: ELBv2Backend, *args: Any, **named: Any) -> FakeLoadBalancer:
        balancer = create(self, *args, **named)
        if not getattr(balancer, "eni_ids", None):
            renewed(self, balancer)
        return balancer

    def set_subnets(self: ELBv2Backend, arn: str, *args: Any) -> Any:
        answer = subnets(self, arn, *args)
        renewed(self, self.load_balancers.get(arn))
        return answer

    def set_security_groups(self: ELBv2Backend, arn: str, *args: Any) -> None:
        groups(self, arn, *args)
        renewed(self, self.load_balancers.get(arn))

    def delete_load_balancer(self: ELBv2Backend, arn: str) -> None:
        balancer = self.load_balancers.get(arn)
        delete(self, arn)
        if balancer is not None:
            renewed(self, balancer)

    ELBv2Backend.create_load_balancer = create_load_balancer
    ELBv2Backend.set_subnets = set_subnets
    ELBv2Backend.set_security_groups = set_security_groups
    ELBv2Backend.delete_load_balancer = delete_load_balancer


def protected_load_balancer_stays() -> None:
    """DeleteLoadBalancer with deletion protection is OperationNotPermitted."""
    delete = ELBv2Backend.delete_load_balancer

    def delete_load_balancer(self: ELBv2Backend, arn: str) -> None:
        balancer = self.load_balancers.get(arn)
        if balancer is not None and balancer.attrs.get("deletion_protection.enabled") == "true":
            raise ELBClientError("OperationNotPermitted", f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled")
        delete(self, arn)

    ELBv2Backend.delete_load_balancer = delete_load_balancer


def target_group_is_made_once() -> None:
    """CreateTargetGroup is idempotent, and with other settings DuplicateTargetGroupName (API Reference, CreateTargetGroup)."""
    create = ELBv2Backend.create_target_group
    settings = {
        "vpc_id": "vpc_id",
        "protocol": "protocol",
        "port": "port",
        "target_type": "target_type",
        "healthcheck_path": "health_check_path",
        "healthcheck_interval_seconds": "health_check_interval_seconds",
    }

    def create_target_group(self: ELBv2Backend, name: str, **named: Any) -> FakeTargetGroup:
        for group in self.target_groups.values():
            if group.name == name:
                given = {own: named[key] for key, own in settings.items() if named.get(key) is not None}
                if any(str(getattr(group, own)) != str(value) for own, value in given.items()):
                    raise DuplicateTargetGroupName()
                return group
        return create(self, name, **named)

    ELBv2Backend.create_target_group = create_target_group


def target_group_knows_its_load_balancers() -> None:
    """LoadBalancerArns are those whose listeners forward to the group now."""

    def load_balancer_arns(self: FakeTargetGroup) -> list[str]:
        backend = elbv2_backends[self.account_id][self.region_name]
        using = [
            balancer.arn
            for balancer in list(backend.load_balancers.values())
            for listener in list(balancer.listeners.values())
            for rule in list(listener.rules.values())
            for action in rule.actions
            if self.arn in backend._get_target_group_arns_from(action_data=action.data)
        ]
        return list(dict.fromkeys(using))

    def ignored(self: FakeTargetGroup, value: list[str]) -> None:
        """moto keeps a list of its own, which it never shortens."""

    FakeTargetGroup.load_balancer_arns = property(load_balancer_arns, ignored)


def target_is_healthy_after_a_while() -> None:
    """A target is unused without a load balancer, then initial, then healthy (User Guide, "Target health status")."""
    register, deregister, health = FakeTargetGroup.register, FakeTargetGroup.deregister, FakeTargetGroup.health_for

    def register_target(self: FakeTargetGroup, targets: list[dict[str, Any]]) -> None:
        new = [target["Id"] for target in targets if target["Id"] not in self.targets]
        register(self, targets)
        self.members.update({target: Target() for target in new})

    def deregister_target(self: FakeTargetGroup, targets: list[dict[str, Any]]) -> None:
        deregister(self, targets)
        for target in targets:
            self.members.pop(target["Id"], None)

    def health_for(self: FakeTargetGroup, target: dict[str, Any], ec2_backend: Any) -> FakeHealthStatus:
        status = health(self, target, ec2_backend)
        if status.status != "healthy":
            return status
        if not self.load_balancer_arns:
            status.status, status.reason = "unused", "Target.NotInUse"
            status.description = "Target group is not configured to receive traffic from the load balancer"
        elif target["Id"] in self.members and self.members[target["Id"]].state == "initial":
            status.status, status.reason = "initial", "Elb.RegistrationInProgress"
            status.description = "Target registration is in progress"
        return status

    FakeTargetGroup.register = register_target
    FakeTargetGroup.deregister = deregister_target
    FakeTargetGroup.health_for = health_for


def terminated_instances_are_no_targets() -> None:
    """An instance that is terminated is deregistered, whoever terminates it (User Guide, "Deregister targets"); moto does so for the call
    TerminateInstances only, and not where an Auto Scaling group replaces an instance."""
    terminate = InstanceBackend.terminate_instances

    def terminate_instances(self: InstanceBackend, instance_ids: list[str]) -> Any:
        answer = terminate(self, instance_ids)
        elbv2_backends[self.account_id][self.region_name].notify_terminate_instances(instance_ids)  # type: ignore[attr-defined]
        return answer

    InstanceBackend.terminate_instances = terminate_instances


def listener_port_is_taken_once() -> None:
    """CreateListener on a port with a listener is DuplicateListener, unless that is the same: the operation is idempotent."""
    create = ELBv2Backend.create_listener

    def create_listener(self: ELBv2Backend, load_balancer_arn: str, protocol: str, port: str, *args: Any, **named: Any) -> FakeListener:
        balancer = self.load_balancers.get(load_balancer_arn)
        for listener in balancer.listeners.values() if balancer else ():
            if int(listener.port) == int(port):
                actions = named.get("actions") or (args[2] if len(args) > 2 else [])
                if listener.protocol != protocol or _gist(self, [a.data for a in listener.default_actions]) != _gist(self, actions):
                    raise DuplicateListenerError()
                return listener
        return create(self, load_balancer_arn, protocol, port, *args, **named)

    ELBv2Backend.create_listener = create_listener


def _gist(backend: ELBv2Backend, actions: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(action["Type"], *backend._get_target_group_arns_from(action_data=action)) for action in actions]


def forward_is_described_in_both_ways() -> None:
    """A forward action to one target group has TargetGroupArn and ForwardConfig (Elastic Load Balancing API Reference, Action)."""
    init = FakeAction.__init__

    def action_init(self: FakeAction, data: dict[str, Any]) -> None:
        data = dict(data)
        if data.get("Type") == "forward" and "TargetGroupArn" in data:
            data.setdefault("ForwardConfig", {"TargetGroups": [{"TargetGroupArn": data["TargetGroupArn"]}]})
        groups = (data.get("ForwardConfig") or {}).get("TargetGroups", [])
        if len(groups) == 1:
            data.setdefault("TargetGroupArn", groups[0]["TargetGroupArn"])
        init(self, data)

    FakeAction.__init__ = action_init


def listener_names_its_default_certificate() -> None:
    """Certificates of a described listener is the default one only; an HTTP listener has neither certificate nor policy.

    (Elastic Load Balancing API Reference, Listener.)
    """
    modify = ELBv2Backend.modify_listener
    default = elbv2_responses.transform_certificates

    for key in [key for key, value in ELBV2Response.RESPONSE_KEY_PATH_TO_TRANSFORMER.items() if value is default]:
        ELBV2Response.RESPONSE_KEY_PATH_TO_TRANSFORMER[key] = _first_certificate
    init = FakeListener.__init__

    def listener_init(self: FakeListener, *args: Any, **named: Any) -> None:
        init(self, *args, **named)
        if self.protocol not in ("HTTPS", "TLS"):
            self.ssl_policy = None

    def modify_listener(
        self: ELBv2Backend, arn: str, port: Any = None, protocol: Any = None, ssl_policy: Any = None, certificates: Any = None,
        actions: Any = None,
    ) -> FakeListener:  # fmt: skip
        listener = self.describe_listeners(load_balancer_arn=None, listener_arns=[arn])[0]
        more = listener.certificates[1:]
        becomes = protocol or listener.protocol
        modified = modify(self, arn, port, protocol, ssl_policy, certificates or [], actions or [])
        if becomes == "HTTPS":
            modified.certificates = [modified.certificate, *(one for one in more if one != modified.certificate)]
            modified.attributes = {**HTTPS_ATTRIBUTES, **modified.attributes}
        else:
            modified.ssl_policy, modified.certificate, modified.certificates = None, None, []
            modified.attributes = {key: value for key, value in modified.attributes.items() if key not in HTTPS_ATTRIBUTES}
        return modified

    FakeListener.__init__ = listener_init
    ELBv2Backend.modify_listener = modify_listener


def _first_certificate(certificates: list[str]) -> list[dict[str, str]] | None:
    return [{"CertificateArn": certificates[0]}] if certificates else None


def health_check_is_modified() -> None:
    """ModifyTargetGroup changes each part of the health check. DeleteTargetGroup of an absent group succeeds, DeleteRule does not.

    (Elastic Load Balancing API Reference: DeleteTargetGroup has no error TargetGroupNotFound, DeleteRule has RuleNotFound.)
    """

    def modify_target_group(self: ELBV2Response) -> ActionResult:
        params = self._get_params()
        group = self.elbv2_backend.target_groups.get(params["TargetGroupArn"])
        if group is None:
            raise TargetGroupNotFoundError()
        for key, attribute in {
            "HealthCheckProtocol": "health_check_protocol",
            "HealthCheckPort": "health_check_port",
            "HealthCheckPath": "health_check_path",
            "HealthCheckEnabled": "health_check_enabled",
            "HealthCheckIntervalSeconds": "health_check_interval_seconds",
            "HealthCheckTimeoutSeconds": "health_check_timeout_seconds",
            "HealthyThresholdCount": "healthy_threshold_count",
            "UnhealthyThresholdCount": "unhealthy_threshold_count",
            "Matcher": "matcher",
        }.items():
            if params.get(key) is not None:
                setattr(group, attribute, params[key])
        return ActionResult({"TargetGroups": [group]})

    def delete_target_group(self: ELBV2Response) -> EmptyResult:
        arn = self._get_param("TargetGroupArn")
        if arn in self.elbv2_backend.target_groups:
            self.elbv2_backend.delete_target_group(arn)
        return EmptyResult()

    def delete_rule(self: ELBV2Response) -> EmptyResult:
        arn = self._get_param("RuleArn")
        self.elbv2_backend._get_resource_by_arn(arn)
        self.elbv2_backend.delete_rule(arn)
        return EmptyResult()

    ELBV2Response.modify_target_group = modify_target_group
    ELBV2Response.delete_target_group = delete_target_group
    ELBV2Response.delete_rule = delete_rule


def tags_end_with_what_has_them() -> None:
    """A resource takes 50 tags; they are gone with it; and DescribeTags of what is not there is an error."""
    balancer, group, listener, rule = (
        ELBv2Backend.delete_load_balancer, ELBv2Backend.delete_target_group, ELBv2Backend.delete_listener, ELBv2Backend.delete_rule,
    )  # fmt: skip

    def forget(self: ELBv2Backend, arn: str) -> None:
        self.tagging_service.delete_all_tags_for_resource(arn)

    def delete_load_balancer(self: ELBv2Backend, arn: str) -> None:
        standing = self.load_balancers.get(arn)
        balancer(self, arn)
        for one in [arn, *(standing.listeners if standing else ())]:
            forget(self, one)

    def delete_target_group(self: ELBv2Backend, arn: str) -> FakeTargetGroup:
        found = group(self, arn)
        forget(self, arn)
        return found

    def delete_listener(self: ELBv2Backend, arn: str) -> FakeListener:
        found = listener(self, arn)
        for one in [arn, *found.rules]:
            forget(self, str(one))
        return found

    def delete_rule(self: ELBv2Backend, arn: str) -> None:
        rule(self, arn)
        forget(self, arn)

    def add_tags(self: ELBv2Backend, resource_arns: list[str], tags: list[dict[str, str]]) -> None:
        for arn in resource_arns:
            _known(self, arn)
            existing = self.tagging_service.get_tag_dict_for_resource(arn)
            if len({*existing, *(tag["Key"] for tag in tags)}) > MOST_TAGS:
                raise TooManyTagsError()
            self.tagging_service.tag_resource(arn, tags)

    def describe_tags(self: ELBv2Backend, resource_arns: list[str]) -> dict[str, dict[str, str]]:
        for arn in resource_arns:
            _known(self, arn)
        return {arn: self.tagging_service.get_tag_dict_for_resource(arn) for arn in resource_arns}

    ELBv2Backend.delete_load_balancer = delete_load_balancer
    ELBv2Backend.delete_target_group = delete_target_group
    ELBv2Backend.delete_listener = delete_listener
    ELBv2Backend.delete_rule = delete_rule
    ELBv2Backend.add_tags = add_tags
    ELBv2Backend.describe_tags = describe_tags


def _known(backend: ELBv2Backend, arn: str) -> Any:
    """What has *arn*; each kind has its own error where nothing has."""
    found: dict[str, Any] = {**backend.target_groups, **backend.load_balancers}
    for balancer in list(backend.load_balancers.values()):
        found |= balancer.listeners
        for listener in list(balancer.listeners.values()):
            found |= OrderedDict(listener._non_default_rules)
            found |= {rule.arn: rule for rule in listener._default_rule.values()}
    if arn in found:
        return found[arn]
    kinds = (
        (":targetgroup/", TargetGroupNotFoundError), (":listener-rule/", RuleNotFoundError), (":listener/", ListenerNotFoundError),
    )  # fmt: skip
    for part, error in kinds:
        if part in arn:
            raise error()
    raise LoadBalancerNotFoundError()
