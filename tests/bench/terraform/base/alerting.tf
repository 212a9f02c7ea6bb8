locals {
  alerting_tags   = merge(local.tags, { Component = "alerting" })
  severities      = ["critical", "warning", "info"]
  topic_arns      = { for severity in local.severities : severity => "arn:aws:sns:${var.region}:${var.account_id}:${local.prefix}-${severity}" }
  dead_letters    = "${local.prefix}-alerting-dead-letters"
  dead_letter_arn = "arn:aws:sqs:${var.region}:${var.account_id}:${local.dead_letters}"
  notifier        = "${local.prefix}-slack-notifier"
  # Who may publish, and under which condition.
  publishers = [
    { sid = "PublishByBackup", service = "backup", source = null, account = false },
    { sid = "PublishByBudgets", service = "budgets", source = "arn:aws:budgets::${var.account_id}:*", account = true },
    { sid = "PublishByCloudwatch", service = "cloudwatch", source = "arn:aws:cloudwatch:${var.region}:${var.account_id}:alarm:*", account = true },
    { sid = "PublishByCodestarNotifications", service = "codestar-notifications", source = null, account = true },
    { sid = "PublishByEvents", service = "events", source = null, account = false },
    { sid = "PublishByEventsRds", service = "events.rds", source = "arn:aws:rds:${var.region}:${var.account_id}:*", account = true },
  ]
}

resource "aws_cloudwatch_log_group" "notifier" {
  name              = "/aws/lambda/${local.notifier}"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.this["logs"].arn
  tags              = local.alerting_tags
}

# The provider makes messages smaller than AWS's default: see parity/exceptions.py.
resource "aws_sqs_queue" "dead_letters" {
  name                              = local.dead_letters
  message_retention_seconds         = 1209600
  visibility_timeout_seconds        = 30
  receive_wait_time_seconds         = 0
  delay_seconds                     = 0
  kms_master_key_id                 = aws_kms_key.this["storage"].arn
  kms_data_key_reuse_period_seconds = 300
  tags                              = local.alerting_tags
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DeadLettersOfTopics"
        Effect    = "Allow"
        Principal = { Service = "sns.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.dead_letter_arn
        Condition = { ArnLike = { "aws:SourceArn" = [for severity in local.severities : local.topic_arns[severity]] } }
      },
      {
        Sid       = "DeadLettersOfRules"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.dead_letter_arn
        Condition = { ArnLike = { "aws:SourceArn" = "arn:aws:events:${var.region}:${var.account_id}:rule/${local.prefix}-*" } }
      },
      {
        Sid       = "RefuseRequestsWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = local.dead_letter_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_secretsmanager_secret" "slack_webhook" {
  name                    = "${local.prefix}-slack-webhook"
  description             = "The address of the Slack channel that gets the alerts of ${local.prefix}"
  kms_key_id              = aws_kms_key.this["storage"].arn
  recovery_window_in_days = 0
  tags                    = local.alerting_tags
}

resource "aws_secretsmanager_secret_version" "slack_webhook" {
  secret_id     = aws_secretsmanager_secret.slack_webhook.id
  secret_string = "to be replaced"

  lifecycle {
    ignore_changes = [secret_string]
  }
}

resource "aws_iam_role" "notifier" {
  name                 = local.notifier
  path                 = "/refarch/"
  description          = "Tells Slack of alerts"
  permissions_boundary = aws_iam_policy.this["boundary"].arn
  max_session_duration = 3600
  tags                 = local.alerting_tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "LambdaForTheFunction"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "notifier" {
  name = "tell-slack"
  role = aws_iam_role.notifier.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:${var.region}:${var.account_id}:log-group:${aws_cloudwatch_log_group.notifier.name}:*"
      },
      {
        Sid      = "ReadTheAddress"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = "arn:aws:secretsmanager:${var.region}:${var.account_id}:secret:${aws_secretsmanager_secret.slack_webhook.name}-??????"
      },
      {
        Sid      = "LeaveDeadLetters"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = aws_sqs_queue.dead_letters.arn
      },
      {
        Sid      = "UseTheKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = aws_kms_key.this["storage"].arn
        Condition = {
          StringEquals = {
            "kms:ViaService" = ["secretsmanager.${var.region}.amazonaws.com", "sqs.${var.region}.amazonaws.com"]
          }
        }
      },
    ]
  })
}

resource "aws_lambda_function" "notifier" {
  function_name                  = local.notifier
  description                    = "Tells Slack of alerts"
  role                           = aws_iam_role.notifier.arn
  runtime                        = "python3.13"
  architectures                  = ["arm64"]
  handler                        = "slack_notifier.handler.handle"
  filename                       = "${path.module}/shipped/slack_notifier.zip"
  source_code_hash               = filebase64sha256("${path.module}/shipped/slack_notifier.zip")
  timeout                        = 60
  memory_size                    = 256
  reserved_concurrent_executions = 2
  kms_key_arn                    = aws_kms_key.this["storage"].arn
  tags                           = local.alerting_tags
  depends_on                     = [aws_iam_role_policy.notifier]

  environment {
    variables = {
      SLACK_WEBHOOK_SECRET_ID = aws_secretsmanager_secret.slack_webhook.name
      STACK_PREFIX            = local.prefix
    }
  }
  ephemeral_storage {
    size = 512
  }
  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.notifier.name
    application_log_level = "INFO"
    system_log_level      = "INFO"
  }
  tracing_config {
    mode = "PassThrough"
  }
}

resource "aws_lambda_function_event_invoke_config" "notifier" {
  function_name                = aws_lambda_function.notifier.function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead_letters.arn
    }
  }
}

resource "aws_lambda_permission" "topic" {
  for_each       = toset(local.severities)
  function_name  = aws_lambda_function.notifier.function_name
  statement_id   = "Topic${title(each.key)}"
  action         = "lambda:InvokeFunction"
  principal      = "sns.amazonaws.com"
  source_arn     = local.topic_arns[each.key]
  source_account = var.account_id
}

resource "aws_sns_topic" "this" {
  for_each          = toset(local.severities)
  name              = "${local.prefix}-${each.key}"
  display_name      = "${local.prefix} ${each.key}"
  kms_master_key_id = aws_kms_key.this["storage"].arn
  signature_version = 2
  tags              = local.alerting_tags
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for by in local.publishers : merge(
        {
          Sid       = by.sid
          Effect    = "Allow"
          Principal = { Service = "${by.service}.amazonaws.com" }
          Action    = "sns:Publish"
          Resource  = local.topic_arns[each.key]
        },
        by.account ? {
          Condition = merge(
            { StringEquals = { "aws:SourceAccount" = var.account_id } },
            by.source != null ? { ArnLike = { "aws:SourceArn" = by.source } } : {},
          )
        } : {},
      )],
      [{
        Sid       = "RefuseRequestsWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = local.topic_arns[each.key]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
    )
  })
}

resource "aws_sns_topic_subscription" "notifier" {
  for_each       = aws_sns_topic.this
  topic_arn      = each.value.arn
  protocol       = "lambda"
  endpoint       = aws_lambda_function.notifier.arn
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_letters.arn })
  depends_on     = [aws_lambda_permission.topic]
}
