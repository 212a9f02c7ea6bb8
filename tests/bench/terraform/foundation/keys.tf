locals {
  key_tags = merge(local.tags, { Component = "keys" })
  keys = {
    storage = "Data at rest and in transit of ${local.prefix}: buckets, databases, secrets, queues, topics, streams, images"
    logs    = "Log groups and delivered logs of ${local.prefix}"
    audit   = "CloudTrail of ${local.prefix}"
    volumes = "EBS volumes of ${local.prefix}"
  }
}

resource "aws_kms_key" "this" {
  for_each                = local.keys
  description             = each.value
  policy                  = local.key_policies[each.key]
  enable_key_rotation     = true
  rotation_period_in_days = 365
  deletion_window_in_days = 30
  tags                    = merge(local.key_tags, { Name = "${local.prefix}-${each.key}" })
}

resource "aws_kms_alias" "this" {
  for_each      = local.keys
  name          = "alias/${local.prefix}-${each.key}"
  target_key_id = aws_kms_key.this[each.key].key_id
}

resource "aws_ebs_encryption_by_default" "this" {
  count   = local.account_wide ? 1 : 0
  enabled = true
}
