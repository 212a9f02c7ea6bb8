locals {
  # In the dashboard's order.
  alarm_names = concat(
    flatten([for name in keys(local.load_balancers) : ["load-balancer-${name}-5xx", "load-balancer-${name}-rejected-connections"]]),
    flatten([for tier in local.server_tiers : ["target-5xx-${tier}", "target-latency-${tier}", "unhealthy-hosts-${tier}", "healthy-hosts-${tier}"]]),
    [for tier in local.server_tiers : "capacity-${tier}"],
    [for what in ["cpu", "free-storage", "connections", "free-memory"] : "database-${what}"],
    flatten([for place, zone in var.zones : ["nat-${place + 1}-port-allocation", "nat-${place + 1}-dropped-packets"]]),
    ["function-errors", "function-throttles", "dead-letters", "web-acl-blocked"],
    [for name in keys(local.metric_filters) : "audit-${name}"],
    [for name in keys(local.event_rules) : "rule-${name}"],
    [for tier in local.server_tiers : "deployment-${tier}"],
    ["unwell"],
  )

  balancer_lines = { for metric in ["RequestCount", "HTTPCode_ELB_5XX_Count"] : metric => [
    for name, balancer in aws_lb.this : ["AWS/ApplicationELB", metric, "LoadBalancer", balancer.arn_suffix, { label = name }]
  ] }
  target_lines = { for metric in ["HTTPCode_Target_5XX_Count", "TargetResponseTime", "HealthyHostCount"] : metric => [
    for tier, has in local.target_dimensions :
    ["AWS/ApplicationELB", metric, "TargetGroup", has.TargetGroup, "LoadBalancer", has.LoadBalancer, { label = tier }]
  ] }
  group_lines = { for metric in ["GroupInServiceInstances", "CPUUtilization"] : metric => [
    for tier, name in local.server_names :
    [metric == "CPUUtilization" ? "AWS/EC2" : "AWS/AutoScaling", metric, "AutoScalingGroupName", name, { label = tier }]
  ] }
  database_lines = { for metric in ["CPUUtilization", "DatabaseConnections", "FreeStorageSpace", "FreeableMemory"] : metric => [
    ["AWS/RDS", metric, "DBInstanceIdentifier", local.database]
  ] }

  # Rows of the dashboard: a headline and the graphs below it, which share its 24 columns.
  dashboard_rows = [
    { title = "What users feel", graphs = [
      { title = "Requests", stat = "Sum", metrics = local.balancer_lines.RequestCount },
      { title = "Errors of the load balancers", stat = "Sum", metrics = local.balancer_lines.HTTPCode_ELB_5XX_Count },
      { title = "Errors of the servers", stat = "Sum", metrics = local.target_lines.HTTPCode_Target_5XX_Count },
      { title = "Seconds to an answer, 95 of 100", stat = "p95", metrics = local.target_lines.TargetResponseTime },
    ] },
    { title = "Servers", graphs = [
      { title = "Healthy servers", stat = "Minimum", metrics = local.target_lines.HealthyHostCount },
      { title = "Instances in service", stat = "Average", metrics = local.group_lines.GroupInServiceInstances },
      { title = "CPU in percent", stat = "Average", metrics = local.group_lines.CPUUtilization },
    ] },
    { title = "Database", graphs = [
      { title = "Database: CPU in percent", stat = "Average", metrics = local.database_lines.CPUUtilization },
      { title = "Database: connections", stat = "Maximum", metrics = local.database_lines.DatabaseConnections },
      { title = "Database: free bytes", stat = "Minimum", metrics = local.database_lines.FreeStorageSpace },
      { title = "Database: free memory", stat = "Minimum", metrics = local.database_lines.FreeableMemory },
    ] },
    { title = "Network, guards and alerts", graphs = [
      { title = "Bytes out through NAT", stat = "Sum", metrics = [
        for place, zone in var.zones : ["AWS/NATGateway", "BytesOutToDestination", "NatGatewayId", aws_nat_gateway.this[zone].id, { label = "nat ${place + 1}" }]
      ] },
      { title = "Firewall", stat = "Sum", metrics = [
        for metric in ["AllowedRequests", "BlockedRequests"] : ["AWS/WAFV2", metric, "WebACL", local.web_acl, "Region", var.region, "Rule", "ALL"]
      ] },
      { title = "Messages to Slack", stat = "Sum", metrics = [
        for metric in ["Invocations", "Errors"] : ["AWS/Lambda", metric, "FunctionName", local.notifier]
      ] },
      { title = "Dead letters", stat = "Maximum", metrics = [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", local.dead_letters]] },
    ] },
    { title = "Audit", graphs = [
      { title = "Events of the benchmark", stat = "Sum", period = 300, metrics = [for name in keys(local.metric_filters) : [local.metric_namespace, name]] },
    ] },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = local.prefix
  dashboard_body = jsonencode({
    widgets = concat(
      [
        { type = "text", x = 0, y = 0, width = 24, height = 1, properties = { markdown = "# ${local.prefix}" } },
        { type = "alarm", x = 0, y = 1, width = 24, height = 9, properties = {
          title  = "Alarms"
          alarms = [for name in local.alarm_names : "arn:aws:cloudwatch:${var.region}:${var.account_id}:alarm:${local.prefix}-${name}"]
        } },
      ],
      flatten([for place, row in local.dashboard_rows : concat(
        [{ type = "text", x = 0, y = 10 + 7 * place, width = 24, height = 1, properties = { markdown = "## ${row.title}" } }],
        [for column, graph in row.graphs : {
          type   = "metric"
          x      = column * 24 / length(row.graphs)
          y      = 11 + 7 * place
          width  = 24 / length(row.graphs)
          height = 6
          properties = {
            title   = graph.title
            metrics = graph.metrics
            region  = var.region
            stat    = graph.stat
            period  = lookup(graph, "period", 60)
            view    = "timeSeries"
            stacked = false
          }
        }],
      )]),
    )
  })
}
