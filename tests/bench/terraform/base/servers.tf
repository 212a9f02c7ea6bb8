locals {
  servers_tags = merge(local.tags, { Component = "servers" })
  server_names = { for tier in local.server_tiers : tier => "${local.prefix}-${tier}" }
  server_tiers = ["app", "web"]
  server_kinds = { app = "Application", web = "Web" }
  first_start  = "first-start"
}

data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${var.architecture == "aarch64" ? "arm64" : var.architecture}"
}

resource "aws_cloudwatch_log_group" "server" {
  for_each          = toset(local.server_tiers)
  name              = "/${var.project}/${var.environment}/servers/${each.key}"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.this["logs"].arn
  tags              = local.servers_tags
}

resource "aws_iam_role" "server" {
  for_each             = local.server_kinds
  name                 = "${local.prefix}-server-${each.key}"
  path                 = "/refarch/"
  description          = "${each.value} servers of ${local.prefix}"
  permissions_boundary = aws_iam_policy.this["boundary"].arn
  max_session_duration = 3600
  tags                 = local.servers_tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Instances"
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "server" {
  for_each = aws_iam_role.server
  name     = "start"
  role     = each.value.id
  policy   = local.server_policies[each.key]
}

resource "aws_iam_role_policy" "server_database" {
  name   = "database"
  role   = aws_iam_role.server["app"].id
  policy = local.server_database_policy
}

resource "aws_iam_role_policy_attachment" "server" {
  for_each   = aws_iam_role.server
  role       = each.value.name
  policy_arn = aws_iam_policy.instance.arn
}

resource "aws_iam_instance_profile" "server" {
  for_each = aws_iam_role.server
  name     = each.value.name
  path     = "/refarch/"
  role     = each.value.name
  tags     = local.servers_tags
}

resource "aws_launch_template" "this" {
  for_each      = local.server_names
  name          = each.value
  image_id      = nonsensitive(data.aws_ssm_parameter.image.value)
  instance_type = var.architecture == "aarch64" ? "t4g.small" : "t3.small"
  ebs_optimized = true
  tags          = local.servers_tags

  iam_instance_profile {
    name = aws_iam_instance_profile.server[each.key].name
  }
  monitoring {
    enabled = true
  }
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
  network_interfaces {
    device_index                = 0
    associate_public_ip_address = false
    delete_on_termination       = true
    security_groups             = [aws_security_group.this[each.key].id]
  }
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size           = 20
      volume_type           = "gp3"
      encrypted             = true
      kms_key_id            = aws_kms_key.this["volumes"].arn
      delete_on_termination = true
    }
  }
  dynamic "tag_specifications" {
    for_each = ["instance", "network-interface", "volume"]
    content {
      resource_type = tag_specifications.value
      tags          = merge(local.servers_tags, { PatchGroup = local.prefix, Tier = each.key, Name = each.value })
    }
  }
}

resource "aws_autoscaling_group" "this" {
  for_each                  = local.server_names
  name                      = each.value
  min_size                  = 2
  max_size                  = 4
  desired_capacity          = 2
  vpc_zone_identifier       = local.subnet_ids[each.key]
  target_group_arns         = [aws_lb_target_group.this[each.key].arn]
  health_check_type         = "ELB"
  health_check_grace_period = 300
  default_instance_warmup   = 120
  termination_policies      = ["OldestLaunchTemplate", "Default"]
  capacity_rebalance        = false
  metrics_granularity       = "1Minute"
  enabled_metrics           = local.group_metrics

  launch_template {
    id      = aws_launch_template.this[each.key].id
    version = aws_launch_template.this[each.key].latest_version
  }
  instance_maintenance_policy {
    min_healthy_percentage = 100
    max_healthy_percentage = 150
  }
  initial_lifecycle_hook {
    name                 = local.first_start
    lifecycle_transition = "autoscaling:EC2_INSTANCE_LAUNCHING"
    heartbeat_timeout    = 900
    default_result       = "ABANDON"
  }
  instance_refresh {
    strategy = "Rolling"
    preferences {
      auto_rollback          = true
      min_healthy_percentage = 100
      max_healthy_percentage = 150
      instance_warmup        = 120
    }
  }
  dynamic "tag" {
    for_each = merge(local.servers_tags, { Tier = each.key })
    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  lifecycle {
    ignore_changes = [desired_capacity] # target tracking's
  }
}

resource "aws_autoscaling_policy" "cpu" {
  for_each               = aws_autoscaling_group.this
  name                   = "cpu"
  autoscaling_group_name = each.value.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value     = 60
    disable_scale_in = false
    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}

resource "aws_autoscaling_policy" "requests" {
  for_each               = aws_autoscaling_group.this
  name                   = "requests"
  autoscaling_group_name = each.value.name
  policy_type            = "TargetTrackingScaling"
  depends_on             = [aws_lb_listener.http]

  target_tracking_configuration {
    target_value     = 1000
    disable_scale_in = false
    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb.this[local.load_balancer_of[each.key]].arn_suffix}/${aws_lb_target_group.this[each.key].arn_suffix}"
    }
  }
}

resource "aws_autoscaling_notification" "launch_errors" {
  group_names   = [for group in aws_autoscaling_group.this : group.name]
  topic_arn     = aws_sns_topic.this["info"].arn
  notifications = ["autoscaling:EC2_INSTANCE_LAUNCH_ERROR", "autoscaling:EC2_INSTANCE_TERMINATE_ERROR"]
}
