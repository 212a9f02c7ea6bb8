# Who carries a release from the repository to the servers, and what each of them may do.
locals {
  pipeline_roles = {
    pipeline = { name = local.pipeline, description = "CodePipeline moves releases", service = "codepipeline.amazonaws.com", condition = {} }
    build = {
      name        = local.build
      description = "CodeBuild builds and tests"
      service     = "codebuild.amazonaws.com"
      condition = {
        StringEquals = {
          "aws:SourceAccount" = var.account_id
          "aws:SourceArn"     = "arn:aws:codebuild:${var.region}:${var.account_id}:project/${local.build}"
        }
      }
    }
    deploy = {
      name        = "${local.prefix}-deploy"
      description = "CodeDeploy brings releases to the servers"
      service     = "codedeploy.amazonaws.com"
      condition = {
        StringEquals = { "aws:SourceAccount" = var.account_id }
        StringLike   = { "aws:SourceArn" = "arn:aws:codedeploy:${var.region}:${var.account_id}:deploymentgroup:${local.services}/*" }
      }
    }
    push = {
      name        = "${local.pipeline}-push"
      description = "EventBridge starts the pipeline"
      service     = "events.amazonaws.com"
      condition = {
        StringEquals = { "aws:SourceAccount" = var.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:aws:events:${var.region}:${var.account_id}:rule/${local.prefix}-*" }
      }
    }
  }

  artifact_arn = aws_s3_bucket.this["artifact"].arn
  use_artifacts = [
    {
      Sid      = "UseArtifacts"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
      Resource = "${local.artifact_arn}/*"
    },
    {
      Sid      = "FindArtifacts"
      Effect   = "Allow"
      Action   = ["s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket"]
      Resource = local.artifact_arn
    },
    {
      Sid       = "EncryptArtifacts"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
      Resource  = aws_kms_key.this["storage"].arn
      Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
    },
  ]

  pipeline_policies = {
    pipeline = jsonencode({
      Version = "2012-10-17"
      Statement = concat(local.use_artifacts, [
        {
          Sid      = "Build"
          Effect   = "Allow"
          Action   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild"]
          Resource = "arn:aws:codebuild:${var.region}:${var.account_id}:project/${local.build}"
        },
        {
          Sid    = "Deploy"
          Effect = "Allow"
          Action = [
            "codedeploy:CreateDeployment",
            "codedeploy:GetApplication",
            "codedeploy:GetApplicationRevision",
            "codedeploy:GetDeployment",
            "codedeploy:GetDeploymentConfig",
            "codedeploy:RegisterApplicationRevision",
          ]
          Resource = [
            "arn:aws:codedeploy:${var.region}:${var.account_id}:application:${local.services}",
            "arn:aws:codedeploy:${var.region}:${var.account_id}:deploymentgroup:${local.services}/*",
            "arn:aws:codedeploy:${var.region}:${var.account_id}:deploymentconfig:*",
          ]
        },
        {
          Sid      = "AskForApproval"
          Effect   = "Allow"
          Action   = ["sns:Publish"]
          Resource = local.topic_arns.info
        },
        {
          Sid       = "EncryptTheQuestion"
          Effect    = "Allow"
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = aws_kms_key.this["storage"].arn
          Condition = { StringEquals = { "kms:ViaService" = "sns.${var.region}.amazonaws.com" } }
        },
        {
          Sid    = "ReadCode"
          Effect = "Allow"
          Action = [
            "codecommit:GetBranch",
            "codecommit:GetCommit",
            "codecommit:GetRepository",
            "codecommit:GetUploadArchiveStatus",
            "codecommit:UploadArchive",
            "codecommit:CancelUploadArchive",
          ]
          Resource = aws_codecommit_repository.this.arn
        },
        {
          Sid       = "DecryptCode"
          Effect    = "Allow"
          Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
          Resource  = aws_kms_key.this["storage"].arn
          Condition = { StringEquals = { "kms:ViaService" = "codecommit.${var.region}.amazonaws.com" } }
        },
      ])
    })
    build = jsonencode({
      Version = "2012-10-17"
      Statement = concat(local.use_artifacts, [
        {
          Sid      = "WriteLogs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["arn:aws:logs:${var.region}:${var.account_id}:log-group:${aws_cloudwatch_log_group.build.name}:*"]
        },
        {
          Sid    = "WriteReports"
          Effect = "Allow"
          Action = [
            "codebuild:CreateReport",
            "codebuild:UpdateReport",
            "codebuild:BatchPutTestCases",
            "codebuild:BatchPutCodeCoverages",
          ]
          Resource = local.report_group
        },
      ])
    })
    deploy = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid    = "ChangeTheGroups"
          Effect = "Allow"
          Action = [
            "autoscaling:CompleteLifecycleAction",
            "autoscaling:DeleteLifecycleHook",
            "autoscaling:PutLifecycleHook",
            "autoscaling:RecordLifecycleActionHeartbeat",
            "autoscaling:AttachLoadBalancerTargetGroups",
            "autoscaling:ResumeProcesses",
            "autoscaling:SuspendProcesses",
            "autoscaling:UpdateAutoScalingGroup",
          ]
          Resource = [for name in values(local.server_names) : "arn:aws:autoscaling:${var.region}:${var.account_id}:autoScalingGroup:*:autoScalingGroupName/${name}"]
        },
        {
          Sid      = "MoveTraffic"
          Effect   = "Allow"
          Action   = ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"]
          Resource = "arn:aws:elasticloadbalancing:${var.region}:${var.account_id}:targetgroup/${local.prefix}-*"
        },
        {
          Sid    = "Look"
          Effect = "Allow"
          Action = [
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeLifecycleHooks",
            "autoscaling:DescribeNotificationConfigurations",
            "autoscaling:DescribePolicies",
            "autoscaling:DescribeScalingActivities",
            "autoscaling:DescribeScheduledActions",
            "cloudwatch:DescribeAlarms",
            "ec2:DescribeInstances",
            "ec2:DescribeInstanceStatus",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetHealth",
            "tag:GetResources",
          ]
          Resource = "*"
        },
      ]
    })
    push = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid      = "StartThePipeline"
        Effect   = "Allow"
        Action   = ["codepipeline:StartPipelineExecution"]
        Resource = "arn:aws:codepipeline:${var.region}:${var.account_id}:${local.pipeline}"
      }]
    })
  }
}
