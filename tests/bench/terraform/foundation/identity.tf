locals {
  identity_tags = merge(local.tags, { Component = "identity" })
  policies = {
    boundary       = "What the roles of the stack may do at most"
    mfa            = "People do nothing without MFA but set it up"
    administration = "Roles within the boundary, and the people of the stack"
    operations     = "Day-2 work on the stack"
    auditing       = "Logs and findings of the stack"
  }
  # Each group of people has the policy that wants MFA [IAM.5, IAM.19].
  groups = {
    administrators = { own = ["mfa", "administration"], managed = ["PowerUserAccess"] }
    operators      = { own = ["mfa", "operations"], managed = ["job-function/ViewOnlyAccess"] }
    auditors       = { own = ["mfa", "auditing"], managed = ["SecurityAudit", "job-function/ViewOnlyAccess"] }
  }
  own_attachments     = merge([for group, has in local.groups : { for policy in has.own : "${group} ${policy}" => [group, policy] }]...)
  managed_attachments = merge([for group, has in local.groups : { for policy in has.managed : "${group} ${policy}" => [group, policy] }]...)
}

resource "aws_iam_account_password_policy" "this" {
  count                          = local.account_wide ? 1 : 0
  minimum_password_length        = 14
  require_symbols                = true
  require_numbers                = true
  require_uppercase_characters   = true
  require_lowercase_characters   = true
  allow_users_to_change_password = true
  hard_expiry                    = false
  max_password_age               = 90
  password_reuse_prevention      = 24
}

resource "aws_iam_policy" "this" {
  for_each    = local.policies
  name        = "${local.prefix}-${each.key}"
  path        = "/refarch/"
  description = each.value
  policy      = local.policy_documents[each.key]
  tags        = local.identity_tags
}

resource "aws_iam_group" "this" {
  for_each = local.groups
  name     = "${local.prefix}-${each.key}"
  path     = "/refarch/"
}

resource "aws_iam_group_policy_attachment" "own" {
  for_each   = local.own_attachments
  group      = aws_iam_group.this[each.value[0]].name
  policy_arn = aws_iam_policy.this[each.value[1]].arn
}

resource "aws_iam_group_policy_attachment" "managed" {
  for_each   = local.managed_attachments
  group      = aws_iam_group.this[each.value[0]].name
  policy_arn = "arn:aws:iam::aws:policy/${each.value[1]}"
}

resource "aws_iam_role" "auditor" {
  name                 = "${local.prefix}-auditor"
  path                 = "/refarch/"
  description          = "Look at the security of the account"
  permissions_boundary = aws_iam_policy.this["boundary"].arn
  max_session_duration = 3600
  tags                 = local.identity_tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "PeopleWithMfa"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }
      Action    = "sts:AssumeRole"
      Condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "auditor" {
  role       = aws_iam_role.auditor.name
  policy_arn = "arn:aws:iam::aws:policy/SecurityAudit"
}

resource "aws_accessanalyzer_analyzer" "this" {
  count         = local.account_wide ? 1 : 0
  analyzer_name = "${local.prefix}-analyzer"
  type          = "ACCOUNT"
  tags          = local.identity_tags
}
