from __future__ import annotations


def test_public_parameters_are_read_but_not_listed(emulator):
    ssm = emulator.client("ssm")
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"].startswith("ami-")
    ssm.put_parameter(Name="/ours/alone", Value="x", Type="String")
    listed = [found["Name"] for page in ssm.get_paginator("describe_parameters").paginate() for found in page["Parameters"]]
    assert "/ours/alone" in listed
    assert [found for found in listed if found.startswith("/aws/")] == []
