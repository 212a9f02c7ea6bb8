locals {
  node_configuration_tags = merge(local.tags, { Component = "node_configuration" })
  bundle_versions         = jsondecode(file("${path.module}/shipped/bundles.json"))
  bundle_keys             = { for tier, version in local.bundle_versions : tier => "nodes/${tier}/${version}.zip" }
  apply_bundle            = "${local.prefix}-apply-bundle"
}

resource "aws_s3_object" "bundle" {
  for_each = local.bundle_keys
  bucket   = aws_s3_bucket.this["artifact"].id
  key      = each.value
  source   = "${path.module}/shipped/bundle-${each.key}.zip"
  # Not before it is encrypted by default, and kept.
  depends_on = [aws_s3_bucket_server_side_encryption_configuration.this, aws_s3_bucket_versioning.this]
}

resource "aws_ssm_document" "apply_bundle" {
  name            = local.apply_bundle
  document_type   = "Command"
  document_format = "JSON"
  target_type     = "/AWS::EC2::Instance"
  content         = file("${path.module}/shipped/apply-bundle.json")
  tags            = local.node_configuration_tags
}

resource "aws_ssm_association" "configure" {
  for_each                    = local.bundle_versions
  association_name            = "${local.prefix}-configure-${each.key}"
  name                        = aws_ssm_document.apply_bundle.name
  document_version            = "$DEFAULT"
  schedule_expression         = "rate(30 minutes)"
  apply_only_at_cron_interval = false
  compliance_severity         = "HIGH"
  max_concurrency             = "50%"
  max_errors                  = "0"
  tags                        = local.node_configuration_tags
  parameters = {
    SourceType     = "S3"
    SourceInfo     = "{\"path\": \"https://s3.${var.region}.amazonaws.com/${aws_s3_bucket.this["artifact"].id}/${local.bundle_keys[each.key]}\"}"
    PlaybookFile   = "site.yml"
    TimeoutSeconds = "3600"
    BundleVersion  = each.value
  }
  depends_on = [aws_s3_object.bundle]

  targets {
    key    = "tag:Project"
    values = [var.project]
  }
  targets {
    key    = "tag:Environment"
    values = [var.environment]
  }
  targets {
    key    = "tag:Tier"
    values = [each.key]
  }
  output_location {
    s3_bucket_name = aws_s3_bucket.this["log"].id
    s3_key_prefix  = "associations/${each.key}"
    s3_region      = var.region
  }
}

resource "aws_cloudwatch_event_rule" "node_failed" {
  name        = "${local.prefix}-node-failed"
  description = "A node of ${local.prefix} could not configure itself"
  tags        = local.node_configuration_tags
  event_pattern = jsonencode({
    source      = ["aws.ssm"]
    detail-type = ["EC2 State Manager Instance Association State Change"]
    detail      = { document-name = [local.apply_bundle], status = ["Failed", "TimedOut"] }
  })
}

resource "aws_cloudwatch_event_target" "node_failed" {
  rule      = aws_cloudwatch_event_rule.node_failed.name
  target_id = "topic"
  arn       = aws_sns_topic.this["warning"].arn
  retry_policy {
    maximum_retry_attempts       = 185
    maximum_event_age_in_seconds = 86400
  }
}
