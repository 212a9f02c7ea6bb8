# What refarch keeps of each component in its registry.
locals {
  outputs = {
    keys = {
      key_arns    = { for purpose, key in aws_kms_key.this : purpose => key.arn }
      key_ids     = { for purpose, key in aws_kms_key.this : purpose => key.key_id }
      key_aliases = { for purpose, alias in aws_kms_alias.this : purpose => alias.name }
    }
    identity = {
      permissions_boundary_arn = aws_iam_policy.this["boundary"].arn
      policy_arns              = { for what, policy in aws_iam_policy.this : what => policy.arn }
      group_names              = [for what in ["administrators", "operators", "auditors"] : aws_iam_group.this[what].name]
      user_names               = []
      role_arns                = { (aws_iam_role.auditor.name) = aws_iam_role.auditor.arn }
      analyzer_arn             = "arn:aws:access-analyzer:${var.region}:${var.account_id}:analyzer/${var.project}-${var.account_environment}-analyzer"
    }
    storage = {
      bucket_names = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.id }
      bucket_arns  = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.arn }
    }
    network = {
      vpc_id             = aws_vpc.this.id
      vpc_cidr           = aws_vpc.this.cidr_block
      availability_zones = [for zone in var.zones : "${var.region}${zone}"]
      subnet_ids         = local.subnet_ids
      subnet_cidrs       = local.blocks
      security_group_ids = { for what, group in aws_security_group.this : replace(what, "-", "_") => group.id }
      route_table_ids = merge(
        { "${local.prefix}-public" = aws_route_table.public.id, "${local.prefix}-db" = aws_route_table.db.id },
        { for zone, table in aws_route_table.private : "${local.prefix}-private-${zone}" => table.id },
      )
      nat_gateway_ids = [for zone in var.zones : aws_nat_gateway.this[zone].id]
      nat_public_ips  = [for zone in var.zones : aws_eip.nat[zone].public_ip]
      vpc_endpoint_ids = merge(
        { for service, endpoint in aws_vpc_endpoint.gateway : "${local.prefix}-${service}-gateway" => endpoint.id },
        { for service, endpoint in aws_vpc_endpoint.interface : "${local.prefix}-${service}-interface" => endpoint.id },
      )
      internet_gateway_id      = aws_internet_gateway.this.id
      flow_logs_log_group_name = aws_cloudwatch_log_group.flow_logs.name
      ports                    = local.ports
    }
    audit = {
      trail_arn        = aws_cloudtrail.this.arn
      log_group_name   = aws_cloudwatch_log_group.trail.name
      log_group_arn    = aws_cloudwatch_log_group.trail.arn
      metric_namespace = local.metric_namespace
      metric_names     = [for filter in aws_cloudwatch_log_metric_filter.this : filter.name]
    }
  }
}

resource "aws_ssm_parameter" "registry" {
  for_each = local.outputs
  name     = "/${var.project}/${var.environment}/${each.key}"
  type     = "String"
  value    = jsonencode(each.value)
  tags     = merge(local.tags, { Component = each.key })
}
