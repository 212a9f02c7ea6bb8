locals {
  ports = { web = 8080, app = 8080, database = 15432 }

  security_groups = {
    public-load-balancer   = "Public load balancer"
    web                    = "Web tier"
    internal-load-balancer = "Internal load balancer"
    app                    = "App tier"
    database               = "Database"
    endpoints              = "Interface endpoints"
  }
  # Group, peer (a group or a block), port, description. Separate resources, since groups name one another.
  ingress = {
    users_https    = ["public-load-balancer", "0.0.0.0/0", 443, "HTTPS from the users"]
    users_http     = ["public-load-balancer", "0.0.0.0/0", 80, "HTTP from the users, to be redirected"]
    web            = ["web", "public-load-balancer", local.ports.web, "From the public load balancer"]
    internal_https = ["internal-load-balancer", "web", 443, "HTTPS from the web tier"]
    internal_http  = ["internal-load-balancer", "web", 80, "HTTP from the web tier"]
    app            = ["app", "internal-load-balancer", local.ports.app, "From the internal load balancer"]
    database       = ["database", "app", local.ports.database, "From the app tier"]
    endpoints      = ["endpoints", var.cidr, 443, "HTTPS from the VPC"]
  }
  egress = {
    public_web     = ["public-load-balancer", "web", local.ports.web, "To the web tier"]
    web_https      = ["web", "internal-load-balancer", 443, "HTTPS to the app tier"]
    web_http       = ["web", "internal-load-balancer", 80, "HTTP to the app tier"]
    web_anywhere   = ["web", "0.0.0.0/0", 443, "HTTPS to AWS and to repositories"]
    internal_app   = ["internal-load-balancer", "app", local.ports.app, "To the app tier"]
    app_database   = ["app", "database", local.ports.database, "To the database"]
    app_repository = ["app", "0.0.0.0/0", 443, "HTTPS to AWS and to repositories"]
  }

  # Entries of network ACLs: protocol (6: TCP, 17: UDP, 1: ICMP), action, block, first and last port.
  denied = [for pair in setproduct(["0.0.0.0/0", "::/0"], [22, 3389]) : { protocol = "6", action = "deny", block = pair[0], from = pair[1], to = pair[1] }]
  answers = [
    { protocol = "6", action = "allow", block = "0.0.0.0/0", from = 1024, to = 65535 },
    { protocol = "17", action = "allow", block = "0.0.0.0/0", from = 1024, to = 65535 },
    { protocol = "1", action = "allow", block = "0.0.0.0/0", from = 0, to = 0 },
  ]
  out = [{ protocol = "-1", action = "allow", block = "0.0.0.0/0", from = 0, to = 0 }]
  acl_ingress = {
    public = concat([for port in [80, 443] : { protocol = "6", action = "allow", block = "0.0.0.0/0", from = port, to = port }], local.answers)
    web    = concat([for block in local.blocks.public : { protocol = "6", action = "allow", block = block, from = local.ports.web, to = local.ports.web }], local.answers)
    app = concat(
      [for port in [80, 443] : { protocol = "6", action = "allow", block = var.cidr, from = port, to = port }],
      [for block in local.blocks.app : { protocol = "6", action = "allow", block = block, from = local.ports.app, to = local.ports.app }],
      local.answers,
    )
    db = [for block in local.blocks.app : { protocol = "6", action = "allow", block = block, from = local.ports.database, to = local.ports.database }]
  }
  acl_egress = {
    public = local.out
    web    = local.out
    app    = local.out
    db     = [for block in local.blocks.app : { protocol = "6", action = "allow", block = block, from = 1024, to = 65535 }]
  }
}

resource "aws_security_group" "this" {
  for_each    = local.security_groups
  vpc_id      = aws_vpc.this.id
  name        = "${local.prefix}-${each.key}"
  description = each.value
  tags        = merge(local.network_tags, { Name = "${local.prefix}-${each.key}" })
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each                     = local.ingress
  security_group_id            = aws_security_group.this[each.value[0]].id
  cidr_ipv4                    = strcontains(each.value[1], "/") ? each.value[1] : null
  referenced_security_group_id = strcontains(each.value[1], "/") ? null : aws_security_group.this[each.value[1]].id
  ip_protocol                  = "tcp"
  from_port                    = each.value[2]
  to_port                      = each.value[2]
  description                  = each.value[3]
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each                     = local.egress
  security_group_id            = aws_security_group.this[each.value[0]].id
  cidr_ipv4                    = strcontains(each.value[1], "/") ? each.value[1] : null
  referenced_security_group_id = strcontains(each.value[1], "/") ? null : aws_security_group.this[each.value[1]].id
  ip_protocol                  = "tcp"
  from_port                    = each.value[2]
  to_port                      = each.value[2]
  description                  = each.value[3]
}

# Without entries: what no other network ACL guards is closed.
resource "aws_default_network_acl" "this" {
  default_network_acl_id = aws_vpc.this.default_network_acl_id
  tags                   = merge(local.network_tags, { Name = "${local.prefix}-default" })

  lifecycle {
    ignore_changes = [subnet_ids]
  }
}

resource "aws_network_acl" "this" {
  for_each   = toset(local.tiers)
  vpc_id     = aws_vpc.this.id
  subnet_ids = local.subnet_ids[each.key]
  tags       = merge(local.network_tags, { Name = "${local.prefix}-${each.key}", Tier = each.key })

  dynamic "ingress" {
    for_each = concat(
      [for place, entry in local.denied : merge(entry, { number = 10 + 10 * place })],
      [for place, entry in local.acl_ingress[each.key] : merge(entry, { number = 100 + 10 * place })],
    )
    content {
      rule_no         = ingress.value.number
      action          = ingress.value.action
      protocol        = ingress.value.protocol
      cidr_block      = strcontains(ingress.value.block, ":") ? null : ingress.value.block
      ipv6_cidr_block = strcontains(ingress.value.block, ":") ? ingress.value.block : null
      from_port       = ingress.value.from
      to_port         = ingress.value.to
      # "Fragmentation needed", without which large packets vanish.
      icmp_type = ingress.value.protocol == "1" ? 3 : null
      icmp_code = ingress.value.protocol == "1" ? 4 : null
    }
  }

  dynamic "egress" {
    for_each = [for place, entry in local.acl_egress[each.key] : merge(entry, { number = 100 + 10 * place })]
    content {
      rule_no    = egress.value.number
      action     = egress.value.action
      protocol   = egress.value.protocol
      cidr_block = egress.value.block
      from_port  = egress.value.from
      to_port    = egress.value.to
    }
  }
}
