locals {
  session_access_tags = merge(local.tags, { Component = "session_access" })
  session_documents = merge(
    {
      "${local.prefix}-session"         = { people = true, idle = 20, most = 60 }
      "${local.prefix}-ansible-session" = { people = false, idle = 60, most = 1440 }
    },
    # The document that Session Manager takes where none is named: one for the account and region.
    local.account_wide ? { SSM-SessionManagerRunShell = { people = true, idle = 20, most = 60 } } : {},
  )
}

resource "aws_cloudwatch_log_group" "sessions" {
  name              = "/${var.project}/${var.environment}/sessions"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.this["logs"].arn
  tags              = local.session_access_tags
}

resource "aws_ssm_service_setting" "public_sharing" {
  count         = local.account_wide ? 1 : 0
  setting_id    = "arn:aws:ssm:${var.region}:${var.account_id}:servicesetting/ssm/documents/console/public-sharing-permission"
  setting_value = "Disable"
}

resource "aws_ssm_document" "session" {
  for_each        = local.session_documents
  name            = each.key
  document_type   = "Session"
  document_format = "JSON"
  tags            = local.session_access_tags
  content = jsonencode({
    schemaVersion = "1.0"
    description   = "Sessions of ${each.value.people ? "people" : "Ansible"} on ${local.prefix}"
    sessionType   = "Standard_Stream"
    inputs = {
      s3BucketName                = aws_s3_bucket.this["log"].id
      s3KeyPrefix                 = "sessions"
      s3EncryptionEnabled         = true
      cloudWatchLogGroupName      = aws_cloudwatch_log_group.sessions.name
      cloudWatchEncryptionEnabled = true
      cloudWatchStreamingEnabled  = true
      kmsKeyId                    = aws_kms_key.this["storage"].arn
      runAsEnabled                = false
      runAsDefaultUser            = ""
      idleSessionTimeout          = tostring(each.value.idle)
      maxSessionDuration          = tostring(each.value.most)
      shellProfile                = { linux = "", windows = "" }
    }
  })
}

resource "aws_iam_policy" "instance" {
  name        = "${local.prefix}-instance"
  path        = "/refarch/"
  description = "What each node of ${local.prefix} may do"
  policy      = local.instance_policy
  tags        = local.session_access_tags
}

resource "aws_ssm_patch_baseline" "this" {
  name             = "${local.prefix}-al2023"
  description      = "Amazon Linux 2023 of ${local.prefix}"
  operating_system = "AMAZON_LINUX_2023"
  tags             = local.session_access_tags

  approval_rule {
    approve_after_days  = 7
    compliance_level    = "CRITICAL"
    enable_non_security = false
    patch_filter {
      key    = "CLASSIFICATION"
      values = ["Security"]
    }
    patch_filter {
      key    = "SEVERITY"
      values = ["Critical", "Important"]
    }
  }
}

resource "aws_ssm_patch_group" "this" {
  baseline_id = aws_ssm_patch_baseline.this.id
  patch_group = local.prefix
}

resource "aws_ssm_association" "patch_scan" {
  association_name            = "${local.prefix}-patch-scan"
  name                        = "AWS-RunPatchBaseline"
  document_version            = "$DEFAULT"
  parameters                  = { Operation = "Scan" }
  schedule_expression         = "cron(0 18 * * ? *)"
  apply_only_at_cron_interval = false
  compliance_severity         = "HIGH"
  max_concurrency             = "50%"
  max_errors                  = "10%"
  tags                        = local.session_access_tags

  targets {
    key    = "tag:Project"
    values = [var.project]
  }
  targets {
    key    = "tag:Environment"
    values = [var.environment]
  }
  output_location {
    s3_bucket_name = aws_s3_bucket.this["log"].id
    s3_key_prefix  = "patches"
    s3_region      = var.region
  }
}
