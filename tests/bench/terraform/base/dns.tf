# Without a domain there is only the private zone, and no certificate.
resource "aws_route53_zone" "private" {
  name    = "${var.environment}.internal"
  comment = local.prefix
  tags    = merge(local.tags, { Component = "hosted_zones" })

  vpc {
    vpc_id     = aws_vpc.this.id
    vpc_region = var.region
  }
}

resource "aws_route53_record" "app" {
  zone_id = aws_route53_zone.private.zone_id
  name    = "app.${aws_route53_zone.private.name}"
  type    = "A"

  alias {
    name                   = aws_lb.this["internal"].dns_name
    zone_id                = aws_lb.this["internal"].zone_id
    evaluate_target_health = true
  }
}

resource "aws_route53_record" "db" {
  zone_id = aws_route53_zone.private.zone_id
  name    = "db.${aws_route53_zone.private.name}"
  type    = "CNAME"
  ttl     = 60
  records = [aws_db_instance.this.address]
}
