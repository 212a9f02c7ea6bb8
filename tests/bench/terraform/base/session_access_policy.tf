# What each node may do.
locals {
  instance_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Agent"
        Effect = "Allow"
        Action = [
          "ssm:DescribeAssociation",
          "ssm:GetDeployablePatchSnapshotForInstance",
          "ssm:GetManifest",
          "ssm:ListAssociations",
          "ssm:ListInstanceAssociations",
          "ssm:PutComplianceItems",
          "ssm:PutConfigurePackageResult",
          "ssm:PutInventory",
          "ssm:UpdateAssociationStatus",
          "ssm:UpdateInstanceAssociationStatus",
          "ssm:UpdateInstanceInformation",
        ]
        Resource = "*"
      },
      {
        Sid    = "Channels"
        Effect = "Allow"
        Action = [
          "ssmmessages:CreateControlChannel",
          "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel",
          "ssmmessages:OpenDataChannel",
        ]
        Resource = "*"
      },
      {
        Sid    = "Messages"
        Effect = "Allow"
        Action = [
          "ec2messages:AcknowledgeMessage",
          "ec2messages:DeleteMessage",
          "ec2messages:FailMessage",
          "ec2messages:GetEndpoint",
          "ec2messages:GetMessages",
          "ec2messages:SendReply",
        ]
        Resource = "*"
      },
      {
        Sid    = "Documents"
        Effect = "Allow"
        Action = ["ssm:DescribeDocument", "ssm:GetDocument"]
        Resource = [
          "arn:aws:ssm:${var.region}:${var.account_id}:document/${local.prefix}-*",
          "arn:aws:ssm:${var.region}:${var.account_id}:document/SSM-SessionManagerRunShell",
          "arn:aws:ssm:${var.region}::document/AWS-*",
        ]
      },
      {
        Sid      = "SessionKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = aws_kms_key.this["storage"].arn
      },
      {
        Sid      = "LogBucket"
        Effect   = "Allow"
        Action   = ["s3:GetEncryptionConfiguration"]
        Resource = aws_s3_bucket.this["log"].arn
      },
      {
        Sid      = "LogFiles"
        Effect   = "Allow"
        Action   = ["s3:PutObject"]
        Resource = [for prefix in ["sessions", "patches", "associations"] : "${aws_s3_bucket.this["log"].arn}/${prefix}/*"]
      },
      {
        Sid      = "LogGroups"
        Effect   = "Allow"
        Action   = ["logs:DescribeLogGroups"]
        Resource = "*"
      },
      {
        Sid    = "Logs"
        Effect = "Allow"
        Action = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = [
          "arn:aws:logs:${var.region}:${var.account_id}:log-group:/${var.project}/${var.environment}/*:*",
          "arn:aws:logs:${var.region}:${var.account_id}:log-group:${aws_cloudwatch_log_group.sessions.name}:*",
        ]
      },
      {
        Sid      = "Transfer"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "${aws_s3_bucket.this["transfer"].arn}/*"
      },
      {
        Sid    = "FilesOfAws"
        Effect = "Allow"
        Action = ["s3:GetObject"]
        Resource = [
          "arn:aws:s3:::aws-ssm-${var.region}/*",
          "arn:aws:s3:::aws-patch-manager-${var.region}-*/*",
          "arn:aws:s3:::patch-baseline-snapshot-${var.region}*/*",
          "arn:aws:s3:::al2023-repos-${var.region}-*/*",
          "arn:aws:s3:::amazoncloudwatch-agent-${var.region}/*",
        ]
      },
      {
        Sid       = "Metrics"
        Effect    = "Allow"
        Action    = ["cloudwatch:PutMetricData"]
        Resource  = "*"
        Condition = { StringLike = { "cloudwatch:namespace" = ["CWAgent", "${local.prefix}/*"] } }
      },
      {
        Sid      = "Dimensions"
        Effect   = "Allow"
        Action   = ["ec2:DescribeTags", "ec2:DescribeVolumes"]
        Resource = "*"
      },
    ]
  })
}
