# Alarms of one metric: namespace, statistic, comparison and so on of each.
locals {
  balancer_dimensions = { for name, balancer in aws_lb.this : name => { LoadBalancer = balancer.arn_suffix } }
  target_dimensions = { for tier, balancer in local.load_balancer_of : tier => {
    LoadBalancer = aws_lb.this[balancer].arn_suffix
    TargetGroup  = aws_lb_target_group.this[tier].arn_suffix
  } }
  database_dimensions = { DBInstanceIdentifier = local.database }
  function_dimensions = { FunctionName = local.notifier }

  usual              = { comparison = "GreaterThanThreshold", threshold = 0, period = 60, periods = 5, points = 4, missing = "notBreaching", severity = "warning" }
  at_once            = { period = 300, periods = 1, points = 1 }
  audited_critically = ["cloudtrail-changes", "console-sign-in-without-mfa", "key-disabled-or-deleted", "root-usage"]

  alarms = merge(
    merge([for name in keys(local.load_balancers) : {
      "load-balancer-${name}-5xx" = merge(local.usual, {
        description = "The ${name} load balancer itself answers with errors: it reaches no target, or is overloaded."
        severity    = "critical", threshold = 10
        namespace   = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", statistic = "Sum", dimensions = local.balancer_dimensions[name]
      })
      "load-balancer-${name}-rejected-connections" = merge(local.usual, {
        description = "The ${name} load balancer refuses connections: it has reached its maximum."
        severity    = "critical"
        namespace   = "AWS/ApplicationELB", metric = "RejectedConnectionCount", statistic = "Sum", dimensions = local.balancer_dimensions[name]
      })
    }]...),
    merge([for tier in local.server_tiers : {
      "target-5xx-${tier}" = merge(local.usual, {
        description = "The servers of tier ${tier} answer with errors: see their logs."
        severity    = "critical", threshold = 10
        namespace   = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", statistic = "Sum", dimensions = local.target_dimensions[tier]
      })
      "target-latency-${tier}" = merge(local.usual, {
        description = "One of twenty answers of tier ${tier} takes too long."
        threshold   = 1
        namespace   = "AWS/ApplicationELB", metric = "TargetResponseTime", statistic = "p95", dimensions = local.target_dimensions[tier]
      })
      "healthy-hosts-${tier}" = merge(local.usual, {
        description = "Tier ${tier} has too few servers that pass their health checks."
        severity    = "critical", threshold = 1, comparison = "LessThanThreshold", missing = "breaching"
        namespace   = "AWS/ApplicationELB", metric = "HealthyHostCount", statistic = "Minimum", dimensions = local.target_dimensions[tier]
      })
      "unhealthy-hosts-${tier}" = merge(local.usual, {
        description = "Servers of tier ${tier} fail their health checks."
        namespace   = "AWS/ApplicationELB", metric = "UnHealthyHostCount", statistic = "Maximum", dimensions = local.target_dimensions[tier]
      })
    }]...),
    merge([for place, zone in var.zones : {
      "nat-${place + 1}-port-allocation" = merge(local.usual, {
        description = "A NAT gateway has no ports left for new connections to one destination."
        namespace   = "AWS/NATGateway", metric = "ErrorPortAllocation", statistic = "Sum", dimensions = { NatGatewayId = aws_nat_gateway.this[zone].id }
      })
      "nat-${place + 1}-dropped-packets" = merge(local.usual, {
        description = "A NAT gateway drops packets."
        threshold   = 100
        namespace   = "AWS/NATGateway", metric = "PacketsDropCount", statistic = "Sum", dimensions = { NatGatewayId = aws_nat_gateway.this[zone].id }
      })
    }]...),
    { for name in keys(local.metric_filters) : "audit-${name}" => merge(local.usual, local.at_once, {
      description = "CloudTrail has seen: ${replace(name, "-", " ")}. Who did it, and was it meant?"
      severity    = contains(local.audited_critically, name) ? "critical" : "warning"
      threshold   = 1, comparison = "GreaterThanOrEqualToThreshold"
      namespace   = local.metric_namespace, metric = name, statistic = "Sum", dimensions = {}
    }) },
    { for name in keys(local.event_rules) : "rule-${name}" => merge(local.usual, local.at_once, {
      description = "Events of the rule ${local.prefix}-${name} could not be delivered."
      namespace   = "AWS/Events", metric = "FailedInvocations", statistic = "Sum", dimensions = { RuleName = "${local.prefix}-${name}" }
    }) },
    {
      database-cpu = merge(local.usual, {
        description = "The database computes at its limit."
        threshold   = 80
        namespace   = "AWS/RDS", metric = "CPUUtilization", statistic = "Average", dimensions = local.database_dimensions
      })
      database-connections = merge(local.usual, {
        description = "The database has many connections: a pool may leak."
        threshold   = 200
        namespace   = "AWS/RDS", metric = "DatabaseConnections", statistic = "Maximum", dimensions = local.database_dimensions
      })
      database-free-memory = merge(local.usual, {
        description = "The database has little memory left."
        threshold   = 256 * 1024 * 1024, comparison = "LessThanThreshold"
        namespace   = "AWS/RDS", metric = "FreeableMemory", statistic = "Minimum", dimensions = local.database_dimensions
      })
      database-free-storage = merge(local.usual, {
        description = "The database runs out of storage: it stops when there is none."
        severity    = "critical", threshold = 10 * 1024 * 1024 * 1024, comparison = "LessThanThreshold"
        namespace   = "AWS/RDS", metric = "FreeStorageSpace", statistic = "Minimum", dimensions = local.database_dimensions
      })
      function-errors = merge(local.usual, {
        description = "Alerts do not reach Slack: see the function's log."
        severity    = "critical", points = 1
        namespace   = "AWS/Lambda", metric = "Errors", statistic = "Sum", dimensions = local.function_dimensions
      })
      function-throttles = merge(local.usual, {
        description = "The function that tells Slack is throttled."
        points      = 1
        namespace   = "AWS/Lambda", metric = "Throttles", statistic = "Sum", dimensions = local.function_dimensions
      })
      dead-letters = merge(local.usual, local.at_once, {
        description = "Alerts were not delivered: they are in the queue of dead letters."
        severity    = "critical"
        namespace   = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", dimensions = { QueueName = local.dead_letters }
      })
      web-acl-blocked = merge(local.usual, {
        description = "The firewall blocks many requests: an attack, or a rule that hits users."
        threshold   = 1000
        namespace   = "AWS/WAFV2", metric = "BlockedRequests", statistic = "Sum"
        dimensions  = { WebACL = local.web_acl, Region = var.region, Rule = "ALL" }
      })
    },
  )
}
