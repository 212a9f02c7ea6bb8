locals {
  backup_tags  = merge(local.tags, { Component = "backup" })
  backup_vault = "${local.prefix}-backup"
  # What AWS Backup does to resources, and what it may for that.
  backup_roles = {
    backup = {
      name        = "${local.prefix}-backup"
      description = "AWS Backup backs up"
      policies    = ["service-role/AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForS3Backup"]
    }
    restore = {
      name        = "${local.prefix}-backup-restore"
      description = "AWS Backup restores"
      policies    = ["service-role/AWSBackupServiceRolePolicyForRestores", "AWSBackupServiceRolePolicyForS3Restore"]
    }
  }
  backup_attachments = merge([for what, role in local.backup_roles : { for policy in role.policies : "${what} ${policy}" => [what, policy] }]...)
}

# Which kinds of resources AWS Backup covers: one setting for the account and region.
resource "aws_backup_region_settings" "this" {
  count = local.account_wide ? 1 : 0
  resource_type_opt_in_preference = {
    for kind in ["Aurora", "CloudFormation", "DocumentDB", "DynamoDB", "EBS", "EC2", "EFS", "FSx", "Neptune", "RDS", "S3"] : kind => true
  }

  lifecycle {
    ignore_changes = [resource_type_opt_in_preference] # the other kinds are nobody's here
  }
}

resource "aws_iam_role" "backup" {
  for_each             = local.backup_roles
  name                 = each.value.name
  path                 = "/refarch/"
  description          = each.value.description
  permissions_boundary = aws_iam_policy.this["boundary"].arn
  max_session_duration = 3600
  tags                 = local.backup_tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "BackupForThisAccount"
      Effect    = "Allow"
      Principal = { Service = "backup.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "backup" {
  for_each   = local.backup_attachments
  role       = aws_iam_role.backup[each.value[0]].name
  policy_arn = "arn:aws:iam::aws:policy/${each.value[1]}"
}

resource "aws_backup_vault" "this" {
  name        = local.backup_vault
  kms_key_arn = aws_kms_key.this["storage"].arn
  tags        = local.backup_tags
}

resource "aws_backup_vault_policy" "this" {
  backup_vault_name = aws_backup_vault.this.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "NobodyElsesAccountDeletes"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:DisassociateRecoveryPoint"]
      Resource  = "*"
      Condition = {
        StringNotEquals = { "aws:PrincipalAccount" = var.account_id }
        Bool            = { "aws:PrincipalIsAWSService" = "false" }
      }
    }]
  })
}

# The provider doesn't know CONTINUOUS_BACKUP_INTERRUPTED: see parity/exceptions.py.
resource "aws_backup_vault_notifications" "this" {
  backup_vault_name   = aws_backup_vault.this.name
  sns_topic_arn       = aws_sns_topic.this["critical"].arn
  backup_vault_events = ["COPY_JOB_FAILED", "S3_BACKUP_OBJECT_FAILED", "S3_RESTORE_OBJECT_FAILED"]
}

resource "aws_backup_plan" "this" {
  name = local.backup_vault
  tags = local.backup_tags

  dynamic "rule" {
    for_each = { daily = ["cron(0 18 * * ? *)", 35], monthly = ["cron(0 19 1 * ? *)", 365] }
    content {
      rule_name         = rule.key
      target_vault_name = aws_backup_vault.this.name
      schedule          = rule.value[0]
      start_window      = 60
      completion_window = 720
      lifecycle {
        delete_after = rule.value[1]
      }
    }
  }
}

resource "aws_backup_selection" "by_tag" {
  plan_id      = aws_backup_plan.this.id
  name         = "by-tag"
  iam_role_arn = aws_iam_role.backup["backup"].arn
  depends_on   = [aws_iam_role_policy_attachment.backup]

  selection_tag {
    type  = "STRINGEQUALS"
    key   = "Backup"
    value = local.prefix
  }
}

resource "aws_backup_restore_testing_plan" "this" {
  name                = "${replace(local.prefix, "-", "_")}_restore"
  schedule_expression = "cron(0 20 ? * SUN *)"
  start_window_hours  = 24
  tags                = local.backup_tags

  recovery_point_selection {
    algorithm             = "LATEST_WITHIN_WINDOW"
    include_vaults        = [aws_backup_vault.this.arn]
    recovery_point_types  = ["CONTINUOUS", "SNAPSHOT"]
    selection_window_days = 30
  }
}

# The provider takes no ARNs beside conditions: see parity/exceptions.py.
resource "aws_backup_restore_testing_selection" "this" {
  for_each                  = toset(["RDS", "S3"])
  restore_testing_plan_name = aws_backup_restore_testing_plan.this.name
  name                      = lower(each.key)
  protected_resource_type   = each.key
  iam_role_arn              = aws_iam_role.backup["restore"].arn
  validation_window_hours   = 1

  protected_resource_conditions {
    string_equals {
      key   = "aws:ResourceTag/Backup"
      value = local.prefix
    }
  }
}
