locals {
  pipeline_tags = merge(local.tags, { Component = "pipeline" })
  pipeline      = "${local.prefix}-pipeline"
  services      = "${local.prefix}-services"
  build         = "${local.prefix}-build"
  report_group  = "arn:aws:codebuild:${var.region}:${var.account_id}:report-group/${local.prefix}-tests"
  branch        = "main"
}

resource "aws_cloudwatch_log_group" "build" {
  name              = "/${var.project}/${var.environment}/build"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.this["logs"].arn
  tags              = local.pipeline_tags
}

resource "aws_codecommit_repository" "this" {
  repository_name = local.services
  description     = "The services of ${local.prefix}: app/ and web/"
  kms_key_id      = aws_kms_key.this["storage"].arn
  tags            = local.pipeline_tags
}

resource "aws_iam_role" "pipeline" {
  for_each             = local.pipeline_roles
  name                 = each.value.name
  path                 = "/refarch/"
  description          = each.value.description
  permissions_boundary = aws_iam_policy.this["boundary"].arn
  max_session_duration = 3600
  tags                 = local.pipeline_tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [merge(
      { Effect = "Allow", Principal = { Service = each.value.service }, Action = "sts:AssumeRole" },
      length(each.value.condition) > 0 ? { Condition = each.value.condition } : {},
    )]
  })
}

resource "aws_iam_role_policy" "pipeline" {
  for_each = aws_iam_role.pipeline
  name     = "least"
  role     = each.value.id
  policy   = local.pipeline_policies[each.key]
}

resource "aws_codebuild_report_group" "tests" {
  name = "${local.prefix}-tests"
  type = "TEST"
  tags = local.pipeline_tags

  export_config {
    type = "S3"
    s3_destination {
      bucket              = aws_s3_bucket.this["artifact"].id
      path                = "reports"
      packaging           = "NONE"
      encryption_key      = aws_kms_key.this["storage"].arn
      encryption_disabled = false
    }
  }
}

resource "aws_codebuild_project" "this" {
  name           = local.build
  description    = "Tests and packs the services of ${local.prefix}"
  service_role   = aws_iam_role.pipeline["build"].arn
  encryption_key = aws_kms_key.this["storage"].arn
  build_timeout  = 30
  queued_timeout = 60
  tags           = local.pipeline_tags
  depends_on     = [aws_iam_role_policy.pipeline]

  source {
    type      = "CODEPIPELINE"
    buildspec = replace(trimspace(file("${path.module}/shipped/build.yml")), "@REPORT_GROUP_ARN@", aws_codebuild_report_group.tests.arn)
  }
  artifacts {
    type = "CODEPIPELINE"
  }
  environment {
    type            = "ARM_CONTAINER"
    compute_type    = "BUILD_GENERAL1_SMALL"
    image           = "aws/codebuild/amazonlinux-aarch64-standard:3.0"
    privileged_mode = false
  }
  logs_config {
    cloudwatch_logs {
      status     = "ENABLED"
      group_name = aws_cloudwatch_log_group.build.name
    }
  }
}

resource "aws_codedeploy_app" "this" {
  name             = local.services
  compute_platform = "Server"
  tags             = local.pipeline_tags
}

resource "aws_codedeploy_deployment_group" "this" {
  for_each                    = local.server_names
  app_name                    = aws_codedeploy_app.this.name
  deployment_group_name       = each.key
  deployment_config_name      = "CodeDeployDefault.OneAtATime"
  service_role_arn            = aws_iam_role.pipeline["deploy"].arn
  autoscaling_groups          = [aws_autoscaling_group.this[each.key].name]
  outdated_instances_strategy = "UPDATE"
  termination_hook_enabled    = true
  tags                        = local.pipeline_tags
  depends_on                  = [aws_iam_role_policy.pipeline]

  deployment_style {
    deployment_type   = "IN_PLACE"
    deployment_option = "WITH_TRAFFIC_CONTROL"
  }
  load_balancer_info {
    target_group_info {
      name = aws_lb_target_group.this[each.key].name
    }
  }
  alarm_configuration {
    enabled                   = true
    ignore_poll_alarm_failure = false
    alarms                    = [aws_cloudwatch_metric_alarm.deployment[each.key].alarm_name]
  }
  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
  }
}

resource "aws_codepipeline" "this" {
  name           = local.pipeline
  role_arn       = aws_iam_role.pipeline["pipeline"].arn
  pipeline_type  = "V2"
  execution_mode = "QUEUED"
  tags           = local.pipeline_tags
  depends_on     = [aws_iam_role_policy.pipeline]

  artifact_store {
    type     = "S3"
    location = aws_s3_bucket.this["artifact"].id
    encryption_key {
      id   = aws_kms_key.this["storage"].arn
      type = "KMS"
    }
  }
  stage {
    name = "Source"
    action {
      name             = "Source"
      category         = "Source"
      owner            = "AWS"
      provider         = "CodeCommit"
      version          = "1"
      run_order        = 1
      output_artifacts = ["source"]
      configuration = {
        RepositoryName       = aws_codecommit_repository.this.repository_name
        BranchName           = local.branch
        OutputArtifactFormat = "CODE_ZIP"
        PollForSourceChanges = "false"
      }
    }
  }
  stage {
    name = "Build"
    action {
      name             = "Build"
      category         = "Build"
      owner            = "AWS"
      provider         = "CodeBuild"
      version          = "1"
      run_order        = 1
      input_artifacts  = ["source"]
      output_artifacts = local.server_tiers
      configuration    = { ProjectName = aws_codebuild_project.this.name }
    }
  }
  stage {
    name = "Approve"
    action {
      name      = "Approve"
      category  = "Approval"
      owner     = "AWS"
      provider  = "Manual"
      version   = "1"
      run_order = 1
      configuration = {
        NotificationArn = aws_sns_topic.this["info"].arn
        CustomData      = "Deploy this release to ${local.prefix}?"
      }
    }
  }
  dynamic "stage" {
    for_each = local.server_tiers
    content {
      name = "Deploy-${stage.value}"
      action {
        name            = "Deploy"
        category        = "Deploy"
        owner           = "AWS"
        provider        = "CodeDeploy"
        version         = "1"
        run_order       = 1
        input_artifacts = [stage.value]
        configuration = {
          ApplicationName     = aws_codedeploy_app.this.name
          DeploymentGroupName = aws_codedeploy_deployment_group.this[stage.value].deployment_group_name
        }
      }
      on_failure {
        result = "ROLLBACK"
      }
    }
  }
}

resource "aws_cloudwatch_event_rule" "push" {
  name        = "${local.pipeline}-push"
  description = "A push to ${local.branch} of ${local.services} starts ${local.pipeline}"
  state       = "ENABLED"
  tags        = local.pipeline_tags
  event_pattern = jsonencode({
    source      = ["aws.codecommit"]
    detail-type = ["CodeCommit Repository State Change"]
    resources   = [aws_codecommit_repository.this.arn]
    detail      = { event = ["referenceCreated", "referenceUpdated"], referenceType = ["branch"], referenceName = [local.branch] }
  })
}

resource "aws_cloudwatch_event_target" "push" {
  rule      = aws_cloudwatch_event_rule.push.name
  target_id = "pipeline"
  arn       = aws_codepipeline.this.arn
  role_arn  = aws_iam_role.pipeline["push"].arn

  retry_policy {
    maximum_retry_attempts       = 185
    maximum_event_age_in_seconds = 86400
  }
}
