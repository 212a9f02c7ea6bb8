from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.filter.listener_plan import listener_plan

HEADERS = {"strict_transport_security": "max-age=31536000", "x_frame_options": "DENY"}
HSTS = "routing.http.response.strict_transport_security.header_value"


def test_without_a_certificate_http_forwards():
    (http,) = listener_plan("public", "lb", "group", "", response_headers=HEADERS)
    assert (http["name"], http["port"], http["protocol"]) == ("public_http", 80, "HTTP")
    assert http["default_actions"] == [{"Type": "forward", "TargetGroupArn": "group"}]
    assert http["attributes"][HSTS] == ""


@pytest.mark.parametrize("certificate", ["arn:aws:acm:x", "(known after apply)"])
def test_with_a_certificate_http_redirects(certificate):
    https, http = listener_plan("public", "lb", "group", certificate, "policy", HEADERS)
    assert (https["port"], https["protocol"], https["ssl_policy"], https["certificate_arns"]) == (443, "HTTPS", "policy", [certificate])
    assert https["default_actions"] == [{"Type": "forward", "TargetGroupArn": "group"}]
    assert http["default_actions"][0]["RedirectConfig"]["Protocol"] == "HTTPS"
    assert (https["attributes"][HSTS], http["attributes"][HSTS]) == ("max-age=31536000", "")
    assert "certificate_arns" not in http


@pytest.mark.parametrize("certificate", ["", "arn"])
def test_no_answer_tells_the_software(certificate):
    assert all(one["attributes"]["routing.http.response.server.enabled"] is False for one in listener_plan("p", "lb", "g", certificate))
