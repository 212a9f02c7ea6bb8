from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.report.console import link
from ansible_collections.refarch.aws.plugins.plugin_utils.report.page import page

REPORT = {
    "scenario": "base",
    "prefix": "shop-staging",
    "region": "ap-northeast-2",
    "account_id": "123456789012",
    "read_at": "2026-11-23 12:00 UTC",
    "components": {
        "network": {"stands": True, "needs": [], "outputs": {"vpc_id": "vpc-1", "url": "https://shop.example.com", "next_steps": ["x"]}},
        "dns": {"stands": False, "needs": ["network"], "outputs": {}},
    },
    "next_steps": ["Set <these> name servers."],
    "deviations": [{"name": "network_nat_gateways", "value": "single", "default": "per_zone"}],
    "resources": ["arn:aws:ec2:ap-northeast-2:123456789012:vpc/vpc-1"],
}


def test_the_page_has_all_that_is_asked_for():
    made = page(REPORT, "<svg/>")
    for text in (
        "<figure><svg/></figure>",
        "<li>Set &lt;these&gt; name servers.</li>",
        "not built",
        "<code>network.vpc_id</code>",
        '<a href="https://shop.example.com">',
        "<code>network_nat_gateways</code></td><td><code>single</code></td><td><code>per_zone</code>",
        "VpcDetails:VpcId=vpc-1",
    ):
        assert text in made, text
    assert "network.next_steps" not in made


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", '<span class="quiet">none</span>'),
        (["a", "b<"], "<code>a</code><br><code>b&lt;</code>"),
        ({"web": ["x"], "n": 1}, "<dl><dt><code>web</code></dt><dd><code>x</code></dd><dt><code>n</code></dt><dd><code>1</code></dd></dl>"),
    ],
)
def test_lists_and_names_are_not_shown_as_program_text(value, shown):
    report = {**REPORT, "components": {"network": {"stands": True, "needs": [], "outputs": {"x": value}}}}
    assert f"<td>{shown}</td>" in page(report, "<svg/>")


@pytest.mark.parametrize(
    ("arn", "url"),
    [
        ("arn:aws:s3:::shop-log", "https://ap-northeast-2.console.aws.amazon.com/s3/buckets/shop-log?region=ap-northeast-2"),
        (
            "arn:aws:rds:us-east-1:1:db:shop-db",
            "https://us-east-1.console.aws.amazon.com/rds/home?region=us-east-1#database:id=shop-db;is-cluster=false",
        ),
        (
            "arn:aws:logs:ap-northeast-2:1:log-group:/shop/staging/x",
            "https://ap-northeast-2.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-2#logsV2:log-groups/log-group/"
            "$252Fshop$252Fstaging$252Fx",
        ),
        ("arn:aws:sns:ap-northeast-2:1:shop-critical", None),
        ("arn:aws:unheard-of:ap-northeast-2:1:thing/x", None),
    ],
)
def test_links_to_the_console(arn, url):
    if url is None and ":sns:" in arn:
        assert link(arn, "ap-northeast-2").endswith("#/topic/arn%3Aaws%3Asns%3Aap-northeast-2%3A1%3Ashop-critical")
    else:
        assert link(arn, "ap-northeast-2") == url
