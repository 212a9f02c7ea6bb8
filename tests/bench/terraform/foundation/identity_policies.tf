locals {
  policy_documents = {
    boundary = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid    = "Services"
          Effect = "Allow"
          Action = [
            "athena:Batch*",
            "athena:Get*",
            "athena:List*",
            "athena:Start*",
            "athena:Stop*",
            "autoscaling:Attach*",
            "autoscaling:Complete*",
            "autoscaling:Create*",
            "autoscaling:Delete*",
            "autoscaling:Describe*",
            "autoscaling:Detach*",
            "autoscaling:Put*",
            "autoscaling:Record*",
            "autoscaling:Resume*",
            "autoscaling:Set*",
            "autoscaling:Start*",
            "autoscaling:Suspend*",
            "autoscaling:Terminate*",
            "autoscaling:Update*",
            "backup:Describe*",
            "backup:Get*",
            "backup:List*",
            "backup:Start*",
            "backup:Stop*",
            "backup:Tag*",
            "backup:Update*",
            "cloudwatch:Describe*",
            "cloudwatch:Get*",
            "cloudwatch:List*",
            "cloudwatch:Put*",
            "cloudwatch:Set*",
            "codebuild:Batch*",
            "codebuild:Create*",
            "codebuild:List*",
            "codebuild:Start*",
            "codebuild:Stop*",
            "codebuild:Update*",
            "codecommit:Batch*",
            "codecommit:Cancel*",
            "codecommit:Get*",
            "codecommit:GitPull",
            "codecommit:List*",
            "codecommit:Upload*",
            "codeconnections:Get*",
            "codeconnections:UseConnection",
            "codedeploy:Batch*",
            "codedeploy:Continue*",
            "codedeploy:Create*",
            "codedeploy:Get*",
            "codedeploy:List*",
            "codedeploy:Put*",
            "codedeploy:Register*",
            "codedeploy:Stop*",
            "codepipeline:Get*",
            "codepipeline:List*",
            "codepipeline:Put*",
            "codepipeline:Start*",
            "codepipeline:Stop*",
            "codestar-connections:UseConnection",
            "dynamodb:Batch*",
            "dynamodb:Delete*",
            "dynamodb:Describe*",
            "dynamodb:Get*",
            "dynamodb:Put*",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:Update*",
            "ec2:Assign*",
            "ec2:Attach*",
            "ec2:Create*",
            "ec2:Delete*",
            "ec2:Describe*",
            "ec2:Detach*",
            "ec2:Get*",
            "ec2:Modify*",
            "ec2:Run*",
            "ec2:Start*",
            "ec2:Stop*",
            "ec2:Terminate*",
            "ec2:Unassign*",
            "ec2messages:Acknowledge*",
            "ec2messages:Delete*",
            "ec2messages:Fail*",
            "ec2messages:Get*",
            "ec2messages:Send*",
            "ecr:Batch*",
            "ecr:Complete*",
            "ecr:Describe*",
            "ecr:Get*",
            "ecr:Initiate*",
            "ecr:List*",
            "ecr:Put*",
            "ecr:Upload*",
            "ecs:Create*",
            "ecs:Delete*",
            "ecs:Deregister*",
            "ecs:Describe*",
            "ecs:Execute*",
            "ecs:List*",
            "ecs:Register*",
            "ecs:Run*",
            "ecs:Start*",
            "ecs:Stop*",
            "ecs:Tag*",
            "ecs:Update*",
            "elasticloadbalancing:Deregister*",
            "elasticloadbalancing:Describe*",
            "elasticloadbalancing:Modify*",
            "elasticloadbalancing:Register*",
            "elasticloadbalancing:Set*",
            "es:Describe*",
            "es:ESHttp*",
            "es:List*",
            "events:Delete*",
            "events:Describe*",
            "events:List*",
            "events:Put*",
            "events:Remove*",
            "firehose:Describe*",
            "firehose:Put*",
            "glue:Batch*",
            "glue:Create*",
            "glue:Delete*",
            "glue:Get*",
            "glue:List*",
            "glue:Reset*",
            "glue:Start*",
            "glue:Stop*",
            "glue:Update*",
            "kinesis:Describe*",
            "kinesis:Get*",
            "kinesis:List*",
            "kinesis:Put*",
            "kinesis:Subscribe*",
            "lakeformation:GetDataAccess",
            "lambda:Get*",
            "lambda:Invoke*",
            "lambda:List*",
            "lambda:Publish*",
            "lambda:Update*",
            "logs:Create*",
            "logs:Describe*",
            "logs:Filter*",
            "logs:Get*",
            "logs:List*",
            "logs:Put*",
            "logs:Start*",
            "logs:Stop*",
            "rds:AddTags*",
            "rds:Cancel*",
            "rds:Create*",
            "rds:Describe*",
            "rds:List*",
            "rds:Modify*",
            "rds:Start*",
            "rds:Stop*",
            "rds-db:connect",
            "s3:Abort*",
            "s3:DeleteObject*",
            "s3:Get*",
            "s3:List*",
            "s3:PutObject*",
            "s3:Restore*",
            "scheduler:Create*",
            "scheduler:Delete*",
            "scheduler:Get*",
            "scheduler:List*",
            "scheduler:Update*",
            "secretsmanager:Describe*",
            "secretsmanager:Get*",
            "secretsmanager:List*",
            "secretsmanager:PutSecretValue",
            "secretsmanager:UpdateSecret*",
            "sns:Get*",
            "sns:List*",
            "sns:Publish",
            "sqs:ChangeMessage*",
            "sqs:Delete*",
            "sqs:Get*",
            "sqs:Receive*",
            "sqs:Send*",
            "ssm:Describe*",
            "ssm:Get*",
            "ssm:List*",
            "ssm:Put*",
            "ssm:Send*",
            "ssm:Start*",
            "ssm:Stop*",
            "ssm:Terminate*",
            "ssm:Update*",
            "ssmmessages:Create*",
            "ssmmessages:Open*",
            "xray:Put*",
          ]
          Resource = "*"
        },
        {
          Sid      = "KeysOfTheStack"
          Effect   = "Allow"
          Action   = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
          Resource = "arn:aws:kms:${var.region}:${var.account_id}:key/*"
          Condition = {
            StringEquals = { "aws:ResourceTag/Project" = "refarch", "aws:ResourceTag/Environment" = var.environment }
          }
        },
        {
          Sid      = "Look"
          Effect   = "Allow"
          Action   = ["iam:Get*", "iam:List*", "kms:List*", "sts:AssumeRole", "sts:Get*", "sts:TagSession"]
          Resource = "*"
        },
        {
          Sid    = "RolesWithinTheBoundary"
          Effect = "Allow"
          Action = [
            "iam:AttachRolePolicy",
            "iam:CreateRole",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:PutRolePermissionsBoundary",
            "iam:PutRolePolicy",
          ]
          Resource = "arn:aws:iam::${var.account_id}:role/refarch/*"
          Condition = {
            StringEquals = {
              "iam:PermissionsBoundary" = "arn:aws:iam::${var.account_id}:policy/refarch/${local.prefix}-boundary"
            }
          }
        },
        {
          Sid    = "RoleUpkeep"
          Effect = "Allow"
          Action = [
            "iam:*InstanceProfile",
            "iam:CreatePolicy*",
            "iam:DeletePolicy*",
            "iam:DeleteRole",
            "iam:TagPolicy",
            "iam:TagRole",
            "iam:UntagPolicy",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
          ]
          Resource = [
            "arn:aws:iam::${var.account_id}:role/refarch/*",
            "arn:aws:iam::${var.account_id}:instance-profile/refarch/*",
            "arn:aws:iam::${var.account_id}:policy/refarch/*",
          ]
        },
        {
          Sid      = "PassRolesOfTheStack"
          Effect   = "Allow"
          Action   = ["iam:PassRole"]
          Resource = "arn:aws:iam::${var.account_id}:role/refarch/${local.prefix}-*"
          Condition = {
            StringEquals = {
              "iam:PassedToService" = [
                "backup.amazonaws.com",
                "cloudtrail.amazonaws.com",
                "codebuild.amazonaws.com",
                "codedeploy.amazonaws.com",
                "codepipeline.amazonaws.com",
                "ec2.amazonaws.com",
                "ecs-tasks.amazonaws.com",
                "events.amazonaws.com",
                "firehose.amazonaws.com",
                "glue.amazonaws.com",
                "lambda.amazonaws.com",
                "monitoring.rds.amazonaws.com",
                "scheduler.amazonaws.com",
                "ssm.amazonaws.com",
                "vpc-flow-logs.amazonaws.com",
              ]
            }
          }
        },
        {
          Sid      = "TheBoundaryStaysAsItIs"
          Effect   = "Deny"
          Action   = ["iam:CreatePolicyVersion", "iam:DeletePolicy*", "iam:SetDefault*"]
          Resource = "arn:aws:iam::${var.account_id}:policy/refarch/${local.prefix}-boundary"
        },
        {
          Sid    = "NeverByRoles"
          Effect = "Deny"
          Action = [
            "iam:DeleteRolePermissionsBoundary",
            "iam:DeleteUserPermissionsBoundary",
            "cloudtrail:Delete*",
            "cloudtrail:StopLogging",
            "cloudtrail:Update*",
            "ec2:DisableEbs*",
            "ec2:ModifyEbsDefault*",
            "iam:AddUserToGroup",
            "iam:AttachGroupPolicy",
            "iam:AttachUserPolicy",
            "iam:CreateAccessKey",
            "iam:CreateGroup",
            "iam:CreateLoginProfile",
            "iam:CreateUser",
            "iam:PutGroupPolicy",
            "iam:PutUser*",
            "iam:UpdateAccessKey",
            "iam:UpdateLoginProfile",
          ]
          Resource = "*"
        },
      ]
    })
    mfa = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid      = "ViewAccountInfo"
          Effect   = "Allow"
          Action   = ["iam:GetAccountPasswordPolicy", "iam:ListVirtualMFADevices"]
          Resource = "*"
        },
        {
          Sid      = "ManageOwnPasswords"
          Effect   = "Allow"
          Action   = ["iam:ChangePassword", "iam:GetUser"]
          Resource = "arn:aws:iam::${var.account_id}:user/refarch/$${aws:username}"
        },
        {
          Sid      = "ManageOwnAccessKeys"
          Effect   = "Allow"
          Action   = ["iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:GetAccessKeyLastUsed", "iam:ListAccessKeys", "iam:UpdateAccessKey"]
          Resource = "arn:aws:iam::${var.account_id}:user/refarch/$${aws:username}"
        },
        {
          Sid    = "ManageOwnSshPublicKeys"
          Effect = "Allow"
          Action = [
            "iam:DeleteSSHPublicKey",
            "iam:GetSSHPublicKey",
            "iam:ListSSHPublicKeys",
            "iam:UpdateSSHPublicKey",
            "iam:UploadSSHPublicKey",
          ]
          Resource = "arn:aws:iam::${var.account_id}:user/refarch/$${aws:username}"
        },
        {
          Sid      = "ManageOwnMfa"
          Effect   = "Allow"
          Action   = ["iam:DeactivateMFADevice", "iam:EnableMFADevice", "iam:GetMFADevice", "iam:ListMFADevices", "iam:ResyncMFADevice"]
          Resource = "arn:aws:iam::${var.account_id}:user/refarch/$${aws:username}"
        },
        {
          Sid      = "ManageOwnVirtualMfaDevice"
          Effect   = "Allow"
          Action   = ["iam:CreateVirtualMFADevice", "iam:DeleteVirtualMFADevice"]
          Resource = "arn:aws:iam::${var.account_id}:mfa/*"
        },
        {
          Sid    = "DenyAllExceptListedIfNoMfa"
          Effect = "Deny"
          NotAction = [
            "iam:CreateVirtualMFADevice",
            "iam:EnableMFADevice",
            "iam:GetMFADevice",
            "iam:GetUser",
            "iam:ListMFADevices",
            "iam:ListVirtualMFADevices",
            "iam:ResyncMFADevice",
            "sts:GetSessionToken",
          ]
          Resource  = "*"
          Condition = { BoolIfExists = { "aws:MultiFactorAuthPresent" = "false" } }
        },
      ]
    })
    administration = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid      = "Look"
          Effect   = "Allow"
          Action   = ["iam:GenerateCredentialReport", "iam:Get*", "iam:List*", "iam:Simulate*"]
          Resource = "*"
        },
        {
          Sid    = "RolesWithinTheBoundary"
          Effect = "Allow"
          Action = [
            "iam:AttachRolePolicy",
            "iam:CreateRole",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:PutRolePermissionsBoundary",
            "iam:PutRolePolicy",
          ]
          Resource = "arn:aws:iam::${var.account_id}:role/refarch/*"
          Condition = {
            StringEquals = {
              "iam:PermissionsBoundary" = "arn:aws:iam::${var.account_id}:policy/refarch/${local.prefix}-boundary"
            }
          }
        },
        {
          Sid    = "RoleUpkeep"
          Effect = "Allow"
          Action = [
            "iam:*InstanceProfile",
            "iam:CreatePolicy*",
            "iam:DeletePolicy*",
            "iam:DeleteRole",
            "iam:TagPolicy",
            "iam:TagRole",
            "iam:UntagPolicy",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
          ]
          Resource = [
            "arn:aws:iam::${var.account_id}:role/refarch/*",
            "arn:aws:iam::${var.account_id}:instance-profile/refarch/*",
            "arn:aws:iam::${var.account_id}:policy/refarch/*",
          ]
        },
        {
          Sid      = "PassRolesOfTheStack"
          Effect   = "Allow"
          Action   = ["iam:PassRole"]
          Resource = "arn:aws:iam::${var.account_id}:role/refarch/${local.prefix}-*"
          Condition = {
            StringEquals = {
              "iam:PassedToService" = [
                "backup.amazonaws.com",
                "cloudtrail.amazonaws.com",
                "codebuild.amazonaws.com",
                "codedeploy.amazonaws.com",
                "codepipeline.amazonaws.com",
                "ec2.amazonaws.com",
                "ecs-tasks.amazonaws.com",
                "events.amazonaws.com",
                "firehose.amazonaws.com",
                "glue.amazonaws.com",
                "lambda.amazonaws.com",
                "monitoring.rds.amazonaws.com",
                "scheduler.amazonaws.com",
                "ssm.amazonaws.com",
                "vpc-flow-logs.amazonaws.com",
              ]
            }
          }
        },
        {
          Sid      = "TheBoundaryStaysAsItIs"
          Effect   = "Deny"
          Action   = ["iam:CreatePolicyVersion", "iam:DeletePolicy*", "iam:SetDefault*"]
          Resource = "arn:aws:iam::${var.account_id}:policy/refarch/${local.prefix}-boundary"
        },
        {
          Sid      = "TheBoundaryStays"
          Effect   = "Deny"
          Action   = ["iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"]
          Resource = "*"
        },
        {
          Sid    = "People"
          Effect = "Allow"
          Action = [
            "iam:AddUserToGroup",
            "iam:CreateLoginProfile",
            "iam:CreateUser",
            "iam:DeactivateMFADevice",
            "iam:DeleteAccessKey",
            "iam:DeleteLoginProfile",
            "iam:DeleteUser",
            "iam:RemoveUserFromGroup",
            "iam:TagUser",
            "iam:UntagUser",
            "iam:UpdateAccessKey",
            "iam:UpdateLoginProfile",
          ]
          Resource = ["arn:aws:iam::${var.account_id}:user/refarch/*", "arn:aws:iam::${var.account_id}:group/refarch/*"]
        },
      ]
    })
    operations = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid    = "ActOnTheStack"
          Effect = "Allow"
          Action = [
            "autoscaling:CancelInstanceRefresh",
            "autoscaling:SetDesiredCapacity",
            "autoscaling:StartInstanceRefresh",
            "autoscaling:TerminateInstanceInAutoScalingGroup",
            "codebuild:RetryBuild",
            "codebuild:StartBuild",
            "codebuild:StopBuild",
            "codedeploy:ContinueDeployment",
            "codedeploy:StopDeployment",
            "codepipeline:PutApprovalResult",
            "codepipeline:RetryStageExecution",
            "codepipeline:RollbackStage",
            "codepipeline:StartPipelineExecution",
            "codepipeline:StopPipelineExecution",
            "ec2:RebootInstances",
            "ecs:UpdateService",
            "rds:CreateDBSnapshot",
            "rds:RebootDBInstance",
            "ssm:StartAssociationsOnce",
          ]
          Resource = "*"
          Condition = {
            StringEquals = { "aws:ResourceTag/Project" = "refarch", "aws:ResourceTag/Environment" = var.environment }
          }
        },
        {
          Sid      = "SessionsOnInstances"
          Effect   = "Allow"
          Action   = ["ssm:StartSession"]
          Resource = "arn:aws:ec2:${var.region}:${var.account_id}:instance/*"
          Condition = {
            StringEquals = { "aws:ResourceTag/Project" = "refarch", "aws:ResourceTag/Environment" = var.environment }
          }
        },
        {
          Sid      = "SessionDocuments"
          Effect   = "Allow"
          Action   = ["ssm:StartSession"]
          Resource = "arn:aws:ssm:${var.region}:${var.account_id}:document/${local.prefix}-*"
        },
        {
          Sid      = "OwnSessions"
          Effect   = "Allow"
          Action   = ["ssm:ResumeSession", "ssm:TerminateSession"]
          Resource = "arn:aws:ssm:${var.region}:${var.account_id}:session/$${aws:username}-*"
        },
        {
          Sid    = "Look"
          Effect = "Allow"
          Action = [
            "cloudwatch:Describe*",
            "cloudwatch:Get*",
            "cloudwatch:List*",
            "codedeploy:Get*",
            "codepipeline:Get*",
            "logs:Describe*",
            "logs:FilterLogEvents",
            "logs:Get*",
            "logs:StartQuery",
            "logs:StopQuery",
            "ssm:Describe*",
            "ssm:GetConnectionStatus",
            "ssm:List*",
          ]
          Resource = "*"
        },
      ]
    })
    auditing = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid    = "Findings"
          Effect = "Allow"
          Action = [
            "access-analyzer:Get*",
            "access-analyzer:List*",
            "cloudtrail:Describe*",
            "cloudtrail:Get*",
            "cloudtrail:LookupEvents",
            "logs:StopQuery",
            "logs:GetQueryResults",
          ]
          Resource = "*"
        },
        {
          Sid    = "LogsOfTheStack"
          Effect = "Allow"
          Action = ["logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartQuery"]
          Resource = [
            "arn:aws:logs:${var.region}:${var.account_id}:log-group:/${var.project}/${var.environment}/*",
            "arn:aws:logs:${var.region}:${var.account_id}:log-group:/${var.project}/${var.environment}/*:*",
          ]
        },
      ]
    })
  }
}
