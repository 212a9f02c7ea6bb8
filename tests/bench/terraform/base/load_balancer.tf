locals {
  load_balancer_tags = merge(local.tags, { Component = "load_balancer" })
  # Each has a tier behind it.
  load_balancers = {
    public   = { tier = "web", subnets = "public", group = "public-load-balancer" }
    internal = { tier = "app", subnets = "app", group = "internal-load-balancer" }
  }
  load_balancer_of = { for name, has in local.load_balancers : has.tier => name }
}

resource "aws_lb" "this" {
  for_each                   = local.load_balancers
  name                       = "${local.prefix}-${each.key}"
  load_balancer_type         = "application"
  internal                   = each.key == "internal"
  ip_address_type            = "ipv4"
  subnets                    = local.subnet_ids[each.value.subnets]
  security_groups            = [aws_security_group.this[each.value.group].id]
  client_keep_alive          = 3600
  desync_mitigation_mode     = "defensive"
  drop_invalid_header_fields = true
  enable_deletion_protection = true
  enable_http2               = true
  enable_waf_fail_open       = false
  idle_timeout               = 60
  xff_header_processing_mode = "append"
  tags                       = local.load_balancer_tags
  depends_on                 = [aws_s3_bucket_policy.this]

  access_logs {
    bucket  = aws_s3_bucket.this["log"].id
    prefix  = "elb/${each.key}"
    enabled = true
  }
  connection_logs {
    bucket  = aws_s3_bucket.this["log"].id
    prefix  = "elb/${each.key}-connections"
    enabled = true
  }
}

resource "aws_lb_target_group" "this" {
  for_each                      = local.load_balancer_of
  name                          = "${local.prefix}-${each.key}"
  vpc_id                        = aws_vpc.this.id
  port                          = local.ports[each.key]
  protocol                      = "HTTP"
  protocol_version              = "HTTP1"
  target_type                   = "instance"
  deregistration_delay          = 60
  load_balancing_algorithm_type = "least_outstanding_requests"
  slow_start                    = 0
  tags                          = local.load_balancer_tags

  health_check {
    enabled             = true
    protocol            = "HTTP"
    port                = "traffic-port"
    path                = "/health"
    interval            = 15
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
    matcher             = "200"
  }
  stickiness {
    enabled = false
    type    = "lb_cookie"
  }
}

resource "aws_lb_listener" "http" {
  for_each                                                  = local.load_balancers
  load_balancer_arn                                         = aws_lb.this[each.key].arn
  protocol                                                  = "HTTP"
  port                                                      = 80
  routing_http_response_server_enabled                      = false
  routing_http_response_x_content_type_options_header_value = each.key == "public" ? "nosniff" : null
  routing_http_response_x_frame_options_header_value        = each.key == "public" ? "SAMEORIGIN" : null
  tags                                                      = local.load_balancer_tags

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.value.tier].arn
  }
}
