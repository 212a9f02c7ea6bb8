locals {
  database_tags       = merge(local.tags, { Component = "database" })
  database            = "${local.prefix}-db"
  database_parameters = "${local.database}-postgres17"
}

resource "aws_db_subnet_group" "this" {
  name        = local.database
  description = "Database subnets of ${local.prefix}"
  subnet_ids  = local.subnet_ids.db
  tags        = local.database_tags
}

resource "aws_db_parameter_group" "this" {
  name        = local.database_parameters
  family      = "postgres17"
  description = "Parameters of ${local.database}"
  tags        = local.database_tags

  dynamic "parameter" {
    for_each = {
      "rds.force_ssl"              = "1"
      "log_connections"            = "1"
      "log_disconnections"         = "1"
      "log_lock_waits"             = "1"
      "log_min_duration_statement" = "1000"
      "log_statement"              = "ddl"
      "password_encryption"        = "scram-sha-256"
    }
    content {
      name         = parameter.key
      value        = parameter.value
      apply_method = "immediate"
    }
  }
}

resource "aws_iam_role" "database_monitoring" {
  name                 = "${local.database}-monitoring"
  path                 = "/refarch/"
  description          = "RDS writes what enhanced monitoring sees to CloudWatch Logs"
  permissions_boundary = aws_iam_policy.this["boundary"].arn
  max_session_duration = 3600
  tags                 = local.database_tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "MonitoringOfTheDatabase"
      Effect    = "Allow"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.account_id }
        ArnLike = {
          "aws:SourceArn" = [
            "arn:aws:rds:${var.region}:${var.account_id}:db:${local.database}",
            "arn:aws:rds:${var.region}:${var.account_id}:db:${local.database}-replica-*",
          ]
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "database_monitoring" {
  name = "write-metrics"
  role = aws_iam_role.database_monitoring.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "MakeTheLogGroup"
        Effect   = "Allow"
        Action   = ["logs:CreateLogGroup", "logs:PutRetentionPolicy"]
        Resource = "arn:aws:logs:${var.region}:${var.account_id}:log-group:RDSOSMetrics*"
      },
      {
        Sid      = "WriteToItsStreams"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:${var.region}:${var.account_id}:log-group:RDSOSMetrics*:log-stream:*"
      },
    ]
  })
}

resource "aws_cloudwatch_log_group" "database" {
  for_each          = toset(["postgresql", "upgrade"])
  name              = "/aws/rds/instance/${local.database}/${each.key}"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.this["logs"].arn
  tags              = local.database_tags
}

resource "aws_db_instance" "this" {
  identifier                            = local.database
  engine                                = "postgres"
  engine_version                        = "17"
  instance_class                        = "db.t4g.medium"
  db_name                               = "app"
  username                              = "dbowner"
  manage_master_user_password           = true
  master_user_secret_kms_key_id         = aws_kms_key.this["storage"].arn
  allocated_storage                     = 20
  max_allocated_storage                 = 100
  storage_type                          = "gp3"
  storage_encrypted                     = true
  kms_key_id                            = aws_kms_key.this["storage"].arn
  multi_az                              = true
  publicly_accessible                   = false
  port                                  = local.ports.database
  db_subnet_group_name                  = aws_db_subnet_group.this.name
  vpc_security_group_ids                = [aws_security_group.this["database"].id]
  parameter_group_name                  = aws_db_parameter_group.this.name
  ca_cert_identifier                    = "rds-ca-rsa2048-g1"
  iam_database_authentication_enabled   = true
  backup_retention_period               = 14
  backup_window                         = "18:00-18:30"
  maintenance_window                    = "sun:19:00-sun:19:30"
  copy_tags_to_snapshot                 = true
  final_snapshot_identifier             = "${local.database}-final"
  auto_minor_version_upgrade            = true
  deletion_protection                   = true
  enabled_cloudwatch_logs_exports       = ["postgresql", "upgrade"]
  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.database_monitoring.arn
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = aws_kms_key.this["storage"].arn
  performance_insights_retention_period = 7
  tags                                  = merge(local.database_tags, { Backup = local.prefix })
  depends_on                            = [aws_cloudwatch_log_group.database, aws_iam_role_policy.database_monitoring]
}

resource "aws_db_event_subscription" "this" {
  for_each = {
    db-instance = [
      "configuration change", "failover", "failure", "low storage", "maintenance", "notification", "recovery", "security patching",
    ]
    db-parameter-group = ["configuration change"]
    db-security-group  = ["configuration change", "failure"]
  }
  name             = "${local.prefix}-${each.key}"
  sns_topic        = aws_sns_topic.this["warning"].arn
  source_type      = each.key
  event_categories = each.value
  source_ids       = { db-instance = [aws_db_instance.this.identifier], db-parameter-group = [aws_db_parameter_group.this.name], db-security-group = null }[each.key]
  enabled          = true
  tags             = local.database_tags
}
