locals {
  network_tags = merge(local.tags, { Component = "network" })
  tiers        = ["public", "web", "app", "db"]
  # Sixteen blocks, four a tier, of which a tier's first ones go to the zones.
  subnets = merge([for row, tier in local.tiers : {
    for place, zone in var.zones : "${tier}-${zone}" => {
      tier = tier
      zone = zone
      cidr = cidrsubnet(var.cidr, 4, row * 4 + place)
    }
  }]...)
  subnet_ids = { for tier in local.tiers : tier => [for zone in var.zones : aws_subnet.this["${tier}-${zone}"].id] }
  blocks     = { for tier in local.tiers : tier => [for zone in var.zones : local.subnets["${tier}-${zone}"].cidr] }
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = merge(local.network_tags, { Name = "${local.prefix}-vpc" })
}

# Without rules [EC2.2].
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "this" {
  for_each          = local.subnets
  vpc_id            = aws_vpc.this.id
  cidr_block        = each.value.cidr
  availability_zone = "${var.region}${each.value.zone}"
  tags              = merge(local.network_tags, { Name = "${local.prefix}-${each.key}", Tier = each.value.tier })
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(local.network_tags, { Name = "${local.prefix}-internet-gateway" })
}

resource "aws_eip" "nat" {
  for_each = toset(var.zones)
  domain   = "vpc"
  tags     = merge(local.network_tags, { Name = "${local.prefix}-nat-${each.key}" })
}

resource "aws_nat_gateway" "this" {
  for_each      = toset(var.zones)
  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.this["public-${each.key}"].id
  tags          = merge(local.network_tags, { Name = "${local.prefix}-nat-${each.key}" })
  depends_on    = [aws_internet_gateway.this]
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id
  tags   = merge(local.network_tags, { Name = "${local.prefix}-public", Tier = "public" })

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this.id
  }
}

resource "aws_route_table" "private" {
  for_each = toset(var.zones)
  vpc_id   = aws_vpc.this.id
  tags     = merge(local.network_tags, { Name = "${local.prefix}-private-${each.key}", Tier = "web-app" })

  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.this[each.key].id
  }
}

resource "aws_route_table" "db" {
  vpc_id = aws_vpc.this.id
  tags   = merge(local.network_tags, { Name = "${local.prefix}-db", Tier = "db" })
}

resource "aws_route_table_association" "this" {
  for_each  = local.subnets
  subnet_id = aws_subnet.this[each.key].id
  route_table_id = (
    each.value.tier == "public" ? aws_route_table.public.id :
    each.value.tier == "db" ? aws_route_table.db.id : aws_route_table.private[each.value.zone].id
  )
}

resource "aws_vpc_endpoint" "gateway" {
  for_each          = toset(["s3", "dynamodb"])
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${var.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = concat([aws_route_table.public.id, aws_route_table.db.id], [for table in aws_route_table.private : table.id])
  tags              = merge(local.network_tags, { Name = "${local.prefix}-${each.key}-gateway" })
}

resource "aws_vpc_endpoint" "interface" {
  for_each            = toset(["ssm", "ssmmessages", "logs", "kms", "secretsmanager", "ecr.api", "ecr.dkr"])
  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = local.subnet_ids.app
  security_group_ids  = [aws_security_group.this["endpoints"].id]
  tags                = merge(local.network_tags, { Name = "${local.prefix}-${each.key}-interface" })
}

resource "aws_cloudwatch_log_group" "flow_logs" {
  name              = "/${local.prefix}-vpc-flow-logs"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.this["logs"].arn
  tags              = local.network_tags
}

resource "aws_iam_role" "flow_logs" {
  name                 = "${local.prefix}-vpc-flow-logs"
  path                 = "/refarch/"
  description          = "Writes the flow logs of ${local.prefix}-vpc"
  permissions_boundary = aws_iam_policy.this["boundary"].arn
  tags                 = local.network_tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:aws:ec2:${var.region}:${var.account_id}:vpc-flow-log/*" }
      }
    }]
  })
}

resource "aws_iam_role_policy" "flow_logs" {
  name = "write-flow-logs"
  role = aws_iam_role.flow_logs.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
        Resource = "arn:aws:logs:${var.region}:${var.account_id}:log-group:${aws_cloudwatch_log_group.flow_logs.name}:*"
      },
      {
        Effect   = "Allow"
        Action   = "logs:DescribeLogGroups"
        Resource = "arn:aws:logs:${var.region}:${var.account_id}:log-group:*"
      },
    ]
  })
}

resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  log_destination_type     = "cloud-watch-logs"
  log_destination          = aws_cloudwatch_log_group.flow_logs.arn
  iam_role_arn             = aws_iam_role.flow_logs.arn
  max_aggregation_interval = 60
  tags                     = merge(local.network_tags, { Name = "${local.prefix}-vpc-flow-logs" })
}
