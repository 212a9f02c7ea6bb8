locals {
  monitoring_tags = merge(local.tags, { Component = "monitoring" })
  # What EventBridge tells, to whom, and of what it is.
  event_rules = {
    backup-failures = {
      description = "Backups that failed of ${local.prefix}"
      severity    = "critical"
      pattern = {
        source      = ["aws.backup"]
        detail-type = ["Backup Job State Change"]
        detail      = { backupVaultName = [{ prefix = local.prefix }], state = ["FAILED", "ABORTED", "EXPIRED"] }
      }
    }
    database-failures = {
      description = "Failures and failovers of the database of ${local.prefix}"
      severity    = "critical"
      pattern = {
        source      = ["aws.rds"]
        detail-type = ["RDS DB Instance Event"]
        detail      = { EventCategories = ["failure", "failover"], SourceIdentifier = [{ prefix = local.database }] }
      }
    }
    health = {
      description = "What AWS says of its services and of this account's resources"
      severity    = "warning"
      pattern = {
        source      = ["aws.health"]
        detail-type = ["AWS Health Event"]
        detail      = { eventTypeCategory = ["issue", "scheduledChange", "accountNotification"] }
      }
    }
    launch-failures = {
      description = "Instances that could not be launched of ${local.prefix}"
      severity    = "warning"
      pattern = {
        source      = ["aws.autoscaling"]
        detail-type = ["EC2 Instance Launch Unsuccessful"]
        detail      = { AutoScalingGroupName = values(local.server_names) }
      }
    }
    pipeline-failures = {
      description = "Runs of the pipeline that failed of ${local.prefix}"
      severity    = "warning"
      pattern = {
        source      = ["aws.codepipeline"]
        detail-type = ["CodePipeline Pipeline Execution State Change"]
        detail      = { pipeline = [local.pipeline], state = ["FAILED"] }
      }
    }
  }
  vital_alarms = concat(
    ["load-balancer-public-5xx"],
    flatten([for tier in local.server_tiers : ["target-5xx-${tier}", "target-latency-${tier}", "healthy-hosts-${tier}"]]),
    ["database-cpu", "database-free-storage"],
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each            = local.alarms
  alarm_name          = "${local.prefix}-${each.key}"
  alarm_description   = each.value.description
  actions_enabled     = true
  alarm_actions       = [aws_sns_topic.this[each.value.severity].arn]
  ok_actions          = [aws_sns_topic.this[each.value.severity].arn]
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  period              = each.value.period
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.points
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  treat_missing_data  = each.value.missing
  tags                = local.monitoring_tags
}

resource "aws_cloudwatch_metric_alarm" "capacity" {
  for_each            = aws_autoscaling_group.this
  alarm_name          = "${local.prefix}-capacity-${each.key}"
  alarm_description   = "Tier ${each.key} runs with fewer instances than its minimum."
  actions_enabled     = true
  alarm_actions       = [aws_sns_topic.this["warning"].arn]
  ok_actions          = [aws_sns_topic.this["warning"].arn]
  evaluation_periods  = 10
  datapoints_to_alarm = 7
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  tags                = local.monitoring_tags

  dynamic "metric_query" {
    for_each = { wanted = ["GroupMinSize", "Maximum"], running = ["GroupInServiceInstances", "Minimum"] }
    content {
      id          = metric_query.key
      return_data = false
      metric {
        namespace   = "AWS/AutoScaling"
        metric_name = metric_query.value[0]
        dimensions  = { AutoScalingGroupName = each.value.name }
        period      = 60
        stat        = metric_query.value[1]
      }
    }
  }
  metric_query {
    id          = "result"
    expression  = "wanted - running"
    label       = "capacity-${each.key}"
    return_data = true
  }
}

# CodeDeploy rolls back by these: they tell nobody.
resource "aws_cloudwatch_metric_alarm" "deployment" {
  for_each            = local.load_balancer_of
  alarm_name          = "${local.prefix}-deployment-${each.key}"
  alarm_description   = "What was deployed to tier ${each.key} fails: the deployment is rolled back."
  actions_enabled     = true
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  tags                = local.monitoring_tags

  dynamic "metric_query" {
    for_each = { errors = ["HTTPCode_Target_5XX_Count", "Sum"], unhealthy = ["UnHealthyHostCount", "Maximum"] }
    content {
      id          = metric_query.key
      return_data = false
      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value[0]
        dimensions  = local.target_dimensions[each.key]
        period      = 60
        stat        = metric_query.value[1]
      }
    }
  }
  metric_query {
    id          = "result"
    expression  = "IF(FILL(errors, 0) > 5 OR FILL(unhealthy, 0) > 0, 1, 0)"
    label       = "deployment-${each.key}"
    return_data = true
  }
}

resource "aws_cloudwatch_composite_alarm" "unwell" {
  alarm_name        = "${local.prefix}-unwell"
  alarm_description = "Users are served badly: at least one of the vital alarms is on."
  actions_enabled   = true
  alarm_actions     = [aws_sns_topic.this["critical"].arn]
  ok_actions        = [aws_sns_topic.this["critical"].arn]
  alarm_rule        = join(" OR ", [for name in local.vital_alarms : "ALARM(\"${aws_cloudwatch_metric_alarm.this[name].alarm_name}\")"])
  tags              = local.monitoring_tags
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each      = local.event_rules
  name          = "${local.prefix}-${each.key}"
  description   = each.value.description
  event_pattern = jsonencode(each.value.pattern)
  state         = "ENABLED"
  tags          = local.monitoring_tags
}

resource "aws_cloudwatch_event_target" "this" {
  for_each  = local.event_rules
  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "topic"
  arn       = aws_sns_topic.this[each.value.severity].arn

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }
  retry_policy {
    maximum_retry_attempts       = 185
    maximum_event_age_in_seconds = 86400
  }
}
