locals {
  protection_tags = merge(local.tags, { Component = "protection" })
  web_acl         = "${local.prefix}-public"
  # AWS's rule groups, in their order. The common ones count too large bodies only.
  managed_rule_groups = {
    AWSManagedRulesAmazonIpReputationList = { priority = 10, counted = [] }
    AWSManagedRulesCommonRuleSet          = { priority = 20, counted = ["SizeRestrictions_BODY"] }
    AWSManagedRulesKnownBadInputsRuleSet  = { priority = 30, counted = [] }
    AWSManagedRulesSQLiRuleSet            = { priority = 40, counted = [] }
  }
}

resource "aws_cloudwatch_log_group" "web_acl" {
  name              = "aws-waf-logs-${local.prefix}"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.this["logs"].arn
  tags              = local.protection_tags
}

resource "aws_wafv2_ip_set" "this" {
  for_each           = { for pair in setproduct(["allow", "deny"], ["IPV4", "IPV6"]) : "${pair[0]}-${lower(pair[1])}" => pair[1] }
  name               = "${local.prefix}-${each.key}"
  scope              = "REGIONAL"
  ip_address_version = each.value
  addresses          = []
  tags               = local.protection_tags
}

resource "aws_wafv2_web_acl" "this" {
  name  = local.web_acl
  scope = "REGIONAL"
  tags  = local.protection_tags

  default_action {
    allow {}
  }
  visibility_config {
    sampled_requests_enabled   = true
    cloudwatch_metrics_enabled = true
    metric_name                = local.web_acl
  }

  dynamic "rule" {
    for_each = { deny = 0, allow = 1 }
    content {
      name     = "${rule.key}-list"
      priority = rule.value
      action {
        dynamic "block" {
          for_each = rule.key == "deny" ? [1] : []
          content {}
        }
        dynamic "allow" {
          for_each = rule.key == "allow" ? [1] : []
          content {}
        }
      }
      statement {
        or_statement {
          dynamic "statement" {
            for_each = ["ipv4", "ipv6"]
            content {
              ip_set_reference_statement {
                arn = aws_wafv2_ip_set.this["${rule.key}-${statement.value}"].arn
              }
            }
          }
        }
      }
      visibility_config {
        sampled_requests_enabled   = true
        cloudwatch_metrics_enabled = true
        metric_name                = "${local.web_acl}-${rule.key}-list"
      }
    }
  }

  rule {
    name     = "rate-limit"
    priority = 2
    action {
      block {}
    }
    statement {
      rate_based_statement {
        limit                 = 2000
        evaluation_window_sec = 300
        aggregate_key_type    = "IP"
      }
    }
    visibility_config {
      sampled_requests_enabled   = true
      cloudwatch_metrics_enabled = true
      metric_name                = "${local.web_acl}-rate-limit"
    }
  }

  dynamic "rule" {
    for_each = local.managed_rule_groups
    content {
      name     = rule.key
      priority = rule.value.priority
      override_action {
        none {}
      }
      statement {
        managed_rule_group_statement {
          vendor_name = "AWS"
          name        = rule.key
          dynamic "rule_action_override" {
            for_each = rule.value.counted
            content {
              name = rule_action_override.value
              action_to_use {
                count {}
              }
            }
          }
        }
      }
      visibility_config {
        sampled_requests_enabled   = true
        cloudwatch_metrics_enabled = true
        metric_name                = "${local.web_acl}-${rule.key}"
      }
    }
  }
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  resource_arn            = aws_wafv2_web_acl.this.arn
  log_destination_configs = [aws_cloudwatch_log_group.web_acl.arn]

  dynamic "redacted_fields" {
    for_each = ["authorization", "cookie"]
    content {
      single_header {
        name = redacted_fields.value
      }
    }
  }
}

resource "aws_wafv2_web_acl_association" "public" {
  web_acl_arn  = aws_wafv2_web_acl.this.arn
  resource_arn = aws_lb.this["public"].arn
}
