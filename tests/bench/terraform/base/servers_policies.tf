# What the servers of a tier may do, besides what each node may.
locals {
  server_policies = { for tier in local.server_tiers : tier => jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadBundles"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = "${aws_s3_bucket.this["artifact"].arn}/nodes/${tier}/*"
      },
      {
        Sid       = "DecryptReleases"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = aws_kms_key.this["storage"].arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
      },
      {
        Sid      = "ReadCodeDeployAgent"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = "arn:aws:s3:::aws-codedeploy-${var.region}/*"
      },
      {
        Sid      = "LeaveTargetGroup"
        Effect   = "Allow"
        Action   = ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"]
        Resource = aws_lb_target_group.this[tier].arn
      },
      {
        Sid      = "SeeTargetGroups"
        Effect   = "Allow"
        Action   = ["ec2:DescribeInstances", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"]
        Resource = "*"
      },
      {
        Sid      = "SayThatItStarted"
        Effect   = "Allow"
        Action   = ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"]
        Resource = "arn:aws:autoscaling:${var.region}:${var.account_id}:autoScalingGroup:*:autoScalingGroupName/${local.server_names[tier]}"
      },
      {
        Sid    = "WriteLogs"
        Effect = "Allow"
        Action = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = [
          "arn:aws:logs:${var.region}:${var.account_id}:log-group:${aws_cloudwatch_log_group.server[tier].name}",
          "arn:aws:logs:${var.region}:${var.account_id}:log-group:${aws_cloudwatch_log_group.server[tier].name}:log-stream:*",
        ]
      },
    ]
  }) }

  server_database_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "FindDatabase"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter"]
        Resource = "arn:aws:ssm:${var.region}:${var.account_id}:parameter/${var.project}/${var.environment}/database"
      },
      {
        Sid      = "ReadMasterPassword"
        Effect   = "Allow"
        Action   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
        Resource = "arn:aws:secretsmanager:${var.region}:${var.account_id}:secret:rds!db-*"
        Condition = {
          StringEquals = {
            "secretsmanager:ResourceTag/aws:rds:primaryDBInstanceArn" = "arn:aws:rds:${var.region}:${var.account_id}:db:${local.database}"
          }
        }
      },
      {
        Sid       = "DecryptMasterPassword"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = aws_kms_key.this["storage"].arn
        Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" } }
      },
      {
        Sid      = "LogIn"
        Effect   = "Allow"
        Action   = ["rds-db:connect"]
        Resource = "arn:aws:rds-db:${var.region}:${var.account_id}:dbuser:*/${replace(local.prefix, "-", "_")}_app"
      },
    ]
  })

  # All metrics of a group.
  group_metrics = [
    "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity", "GroupDesiredCapacity", "GroupInServiceCapacity",
    "GroupInServiceInstances", "GroupMaxSize", "GroupMinSize", "GroupPendingCapacity", "GroupPendingInstances", "GroupStandbyCapacity",
    "GroupStandbyInstances", "GroupTerminatingCapacity", "GroupTerminatingInstances", "GroupTotalCapacity", "GroupTotalInstances",
    "WarmPoolDesiredCapacity", "WarmPoolPendingCapacity", "WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity",
    "WarmPoolWarmedCapacity",
  ]
}
