# What refarch keeps of each further component in its registry.
locals {
  base_outputs = {
    session_access = {
      session_document_name = aws_ssm_document.session["${local.prefix}-session"].name
      ansible_document_name = aws_ssm_document.session["${local.prefix}-ansible-session"].name
      instance_policy_arn   = aws_iam_policy.instance.arn
      log_group_name        = aws_cloudwatch_log_group.sessions.name
      patch_baseline_id     = aws_ssm_patch_baseline.this.id
      patch_group           = aws_ssm_patch_group.this.patch_group

      association_bucket_prefix = "associations"
    }
    alerting = {
      topic_arns             = { for severity, topic in aws_sns_topic.this : severity => topic.arn }
      function_arn           = aws_lambda_function.notifier.arn
      function_name          = aws_lambda_function.notifier.function_name
      dead_letter_queue_arn  = aws_sqs_queue.dead_letters.arn
      dead_letter_queue_name = aws_sqs_queue.dead_letters.name
      webhook_secret_arn     = aws_secretsmanager_secret.slack_webhook.arn
    }
    hosted_zones = {
      private_zone_id      = aws_route53_zone.private.zone_id
      private_zone_name    = aws_route53_zone.private.name
      public_zone_id       = ""
      public_zone_name     = ""
      public_name_servers  = []
      query_log_group_name = ""
    }
    certificate = {
      certificate_arn = ""
      domain_names    = []
    }
    database = {
      database_name            = aws_db_instance.this.db_name
      db_instance_arn          = aws_db_instance.this.arn
      db_instance_identifier   = aws_db_instance.this.identifier
      db_resource_id           = aws_db_instance.this.resource_id
      endpoint_address         = aws_db_instance.this.address
      endpoint_port            = aws_db_instance.this.port
      master_user_secret_arn   = aws_db_instance.this.master_user_secret[0].secret_arn
      replica_endpoint_address = ""
    }
    load_balancer = {
      load_balancer_arns            = { for name, balancer in aws_lb.this : name => balancer.arn }
      load_balancer_dns_names       = { for name, balancer in aws_lb.this : name => balancer.dns_name }
      load_balancer_full_names      = { for name, balancer in aws_lb.this : name => balancer.arn_suffix }
      load_balancer_hosted_zone_ids = { for name, balancer in aws_lb.this : name => balancer.zone_id }
      listener_arns                 = { for name, listener in aws_lb_listener.http : "${name}_http" => listener.arn }
      target_group_arns             = { for tier, group in aws_lb_target_group.this : tier => group.arn }
      target_group_full_names       = { for tier, group in aws_lb_target_group.this : tier => group.arn_suffix }
      target_group_names            = { for tier, group in aws_lb_target_group.this : tier => group.name }
      url                           = "http://${aws_lb.this["public"].dns_name}"
    }
    dns = {
      record_names     = [aws_route53_record.app.name, aws_route53_record.db.name]
      health_check_ids = {}
      urls             = []
    }
    protection = {
      web_acl_arn    = aws_wafv2_web_acl.this.arn
      web_acl_id     = aws_wafv2_web_acl.this.id
      web_acl_name   = aws_wafv2_web_acl.this.name
      ip_set_arns    = { for set in aws_wafv2_ip_set.this : set.name => set.arn }
      log_group_name = aws_cloudwatch_log_group.web_acl.name
    }
    node_configuration = {
      bundle_keys         = local.bundle_keys
      bundle_versions     = local.bundle_versions
      bundle_key_prefixes = { for tier in local.server_tiers : tier => "nodes/${tier}" }
      document_name       = aws_ssm_document.apply_bundle.name
      association_names   = { for tier, association in aws_ssm_association.configure : tier => association.association_name }
      association_ids     = { for association in aws_ssm_association.configure : association.association_name => association.association_id }
      launch_hook_names   = { for tier in local.server_tiers : tier => local.first_start }
    }
    servers = {
      auto_scaling_group_names = { for tier, group in aws_autoscaling_group.this : tier => group.name }
      launch_template_ids      = { for tier, template in aws_launch_template.this : tier => template.id }
      launch_template_versions = { for tier, template in aws_launch_template.this : tier => tostring(template.latest_version) }
      instance_role_arns       = { for tier, role in aws_iam_role.server : tier => role.arn }
      instance_role_names      = { for tier, role in aws_iam_role.server : tier => role.name }
    }
    backup = {
      backup_vault_name         = aws_backup_vault.this.name
      backup_vault_arn          = aws_backup_vault.this.arn
      backup_plan_ids           = { (aws_backup_plan.this.name) = aws_backup_plan.this.id }
      restore_testing_plan_name = aws_backup_restore_testing_plan.this.name
    }
    monitoring = {
      alarm_names = merge(
        { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.alarm_name },
        { for tier, alarm in aws_cloudwatch_metric_alarm.capacity : "capacity-${tier}" => alarm.alarm_name },
        { for tier, alarm in aws_cloudwatch_metric_alarm.deployment : "deployment-${tier}" => alarm.alarm_name },
        { unwell = aws_cloudwatch_composite_alarm.unwell.alarm_name },
      )
      deployment_alarm_names = { for tier, alarm in aws_cloudwatch_metric_alarm.deployment : tier => alarm.alarm_name }
      dashboard_name         = aws_cloudwatch_dashboard.this.dashboard_name
    }
    pipeline = {
      application_name          = aws_codedeploy_app.this.name
      build_project_names       = [aws_codebuild_project.this.name]
      connection_arn            = ""
      deployment_group_names    = [for group in aws_codedeploy_deployment_group.this : group.deployment_group_name]
      next_steps                = ["Push app/ and web/ (files/apps) to the branch ${local.branch} of ${local.services}: the pipeline starts with it."]
      pipeline_arn              = aws_codepipeline.this.arn
      pipeline_name             = aws_codepipeline.this.name
      repository_clone_url_http = aws_codecommit_repository.this.clone_url_http
      repository_name           = aws_codecommit_repository.this.repository_name
    }
  }
}

resource "aws_ssm_parameter" "base_registry" {
  for_each = local.base_outputs
  name     = "/${var.project}/${var.environment}/${each.key}"
  type     = "String"
  value    = jsonencode(each.value)
  tags     = merge(local.tags, { Component = each.key })
}
