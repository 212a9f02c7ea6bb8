# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The listeners of a load balancer."""

from __future__ import annotations

DOCUMENTATION = r"""
name: listener_plan
version_added: 0.1.0
short_description: Choose the listeners of a load balancer by whether there is a certificate
description:
  - With a certificate HTTPS on port 443 forwards to the target group, and HTTP on port 80 redirects there. Without one, HTTP forwards.
positional: load_balancer_arn, target_group_arn, certificate_arn, ssl_policy, response_headers
options:
  _input:
    description: What the names of the listeners begin with, V(public) or V(internal).
    type: str
    required: true
  load_balancer_arn:
    description: The load balancer.
    type: str
    required: true
  target_group_arn:
    description: The target group.
    type: str
    required: true
  certificate_arn:
    description: The certificate, empty for none.
    type: str
    default: ""
  ssl_policy:
    description: The security policy of HTTPS.
    type: str
    default: ELBSecurityPolicy-TLS13-1-2-2021-06
  response_headers:
    description:
      - Headers that the listener adds to answers, by the names of its attributes, such as C(x_frame_options).
      - C(strict_transport_security) is for HTTPS only. Browsers ignore it elsewhere (RFC 6797, 8.1).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: The listeners of a public load balancer
  refarch.aws.elbv2_listeners:
    listeners: "{{ 'public' | refarch.aws.listener_plan(load_balancer_arn, target_group_arn, certificate_arn) }}"
"""

RETURN = r"""
_value:
  description: The listeners, as M(refarch.aws.elbv2_listeners) takes them.
  type: list
  elements: dict
"""

HSTS = "strict_transport_security"


def listener_plan(
    name: str,
    load_balancer_arn: str,
    target_group_arn: str,
    certificate_arn: str = "",
    ssl_policy: str = "ELBSecurityPolicy-TLS13-1-2-2021-06",
    response_headers: dict[str, str] | None = None,
) -> list[dict]:
    """The listeners on ports 443 and 80, or on 80 only. Answers never tell the load balancer's software (C(server))."""
    forward = [{"Type": "forward", "TargetGroupArn": target_group_arn}]
    redirect = [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}]
    headers = {f"routing.http.response.{header}.header_value": value for header, value in (response_headers or {}).items()}
    # An attribute that is left out is left alone: without HTTPS the header of an earlier one must not stay.
    plain = {**headers, **({f"routing.http.response.{HSTS}.header_value": ""} if response_headers and HSTS in response_headers else {})}
    server = {"routing.http.response.server.enabled": False}
    http = {
        "name": f"{name}_http",
        "load_balancer_arn": load_balancer_arn,
        "port": 80,
        "protocol": "HTTP",
        "default_actions": redirect if certificate_arn else forward,
        "attributes": {**server, **plain},
    }
    https = {
        "name": f"{name}_https",
        "load_balancer_arn": load_balancer_arn,
        "port": 443,
        "protocol": "HTTPS",
        "ssl_policy": ssl_policy,
        "certificate_arns": [certificate_arn],
        "default_actions": forward,
        "attributes": {**server, **headers},
    }
    return [https, http] if certificate_arn else [http]


class FilterModule:
    def filters(self):
        return {"listener_plan": listener_plan}
