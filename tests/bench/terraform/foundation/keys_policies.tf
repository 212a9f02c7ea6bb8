locals {
  key_policies = {
    storage = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "EnableIamPolicies"
          Effect    = "Allow"
          Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }
          Action    = "kms:*"
          Resource  = "*"
        },
        {
          Sid       = "UseThroughServices"
          Effect    = "Allow"
          Principal = { AWS = "*" }
          Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
          Resource  = "*"
          Condition = {
            StringEquals = {
              "kms:CallerAccount" = var.account_id
              "kms:ViaService" = [
                "backup.${var.region}.amazonaws.com",
                "dynamodb.${var.region}.amazonaws.com",
                "ecr.${var.region}.amazonaws.com",
                "elasticfilesystem.${var.region}.amazonaws.com",
                "es.${var.region}.amazonaws.com",
                "firehose.${var.region}.amazonaws.com",
                "glue.${var.region}.amazonaws.com",
                "kinesis.${var.region}.amazonaws.com",
                "lambda.${var.region}.amazonaws.com",
                "rds.${var.region}.amazonaws.com",
                "s3.${var.region}.amazonaws.com",
                "secretsmanager.${var.region}.amazonaws.com",
                "sns.${var.region}.amazonaws.com",
                "sqs.${var.region}.amazonaws.com",
                "ssm.${var.region}.amazonaws.com",
              ]
            }
          }
        },
        {
          Sid       = "GrantsThroughServices"
          Effect    = "Allow"
          Principal = { AWS = "*" }
          Action    = "kms:CreateGrant"
          Resource  = "*"
          Condition = {
            StringEquals = {
              "kms:CallerAccount" = var.account_id
              "kms:ViaService" = [
                "backup.${var.region}.amazonaws.com",
                "dynamodb.${var.region}.amazonaws.com",
                "ecr.${var.region}.amazonaws.com",
                "elasticfilesystem.${var.region}.amazonaws.com",
                "es.${var.region}.amazonaws.com",
                "firehose.${var.region}.amazonaws.com",
                "glue.${var.region}.amazonaws.com",
                "kinesis.${var.region}.amazonaws.com",
                "lambda.${var.region}.amazonaws.com",
                "rds.${var.region}.amazonaws.com",
                "s3.${var.region}.amazonaws.com",
                "secretsmanager.${var.region}.amazonaws.com",
                "sns.${var.region}.amazonaws.com",
                "sqs.${var.region}.amazonaws.com",
                "ssm.${var.region}.amazonaws.com",
              ]
            }
            Bool = { "kms:GrantIsForAWSResource" = "true" }
          }
        },
        {
          Sid       = "UseByBackup"
          Effect    = "Allow"
          Principal = { Service = "backup.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
          Resource  = "*"
        },
        {
          Sid       = "UseByBudgets"
          Effect    = "Allow"
          Principal = { Service = "budgets.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
          Resource  = "*"
          Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
        },
        {
          Sid       = "UseByCloudwatch"
          Effect    = "Allow"
          Principal = { Service = "cloudwatch.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
          Resource  = "*"
          Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
        },
        {
          Sid       = "UseByCodestarNotifications"
          Effect    = "Allow"
          Principal = { Service = "codestar-notifications.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
          Resource  = "*"
          Condition = { StringEquals = { "kms:ViaService" = "sns.${var.region}.amazonaws.com" } }
        },
        {
          Sid       = "UseByEvents"
          Effect    = "Allow"
          Principal = { Service = "events.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
          Resource  = "*"
        },
        {
          Sid       = "UseByEventsRds"
          Effect    = "Allow"
          Principal = { Service = "events.rds.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
          Resource  = "*"
          Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
        },
        {
          Sid       = "UseByS3"
          Effect    = "Allow"
          Principal = { Service = "s3.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
          Resource  = "*"
          Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
        },
        {
          Sid       = "UseBySns"
          Effect    = "Allow"
          Principal = { Service = "sns.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
          Resource  = "*"
          Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
        },
      ]
    })
    logs = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "EnableIamPolicies"
          Effect    = "Allow"
          Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }
          Action    = "kms:*"
          Resource  = "*"
        },
        {
          Sid       = "UseThroughServices"
          Effect    = "Allow"
          Principal = { AWS = "*" }
          Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
          Resource  = "*"
          Condition = {
            StringEquals = {
              "kms:CallerAccount" = var.account_id
              "kms:ViaService"    = ["s3.${var.region}.amazonaws.com"]
            }
          }
        },
        {
          Sid       = "GrantsThroughServices"
          Effect    = "Allow"
          Principal = { AWS = "*" }
          Action    = "kms:CreateGrant"
          Resource  = "*"
          Condition = {
            StringEquals = {
              "kms:CallerAccount" = var.account_id
              "kms:ViaService"    = ["s3.${var.region}.amazonaws.com"]
            }
            Bool = { "kms:GrantIsForAWSResource" = "true" }
          }
        },
        {
          Sid       = "UseByDeliveryLogs"
          Effect    = "Allow"
          Principal = { Service = "delivery.logs.amazonaws.com" }
          Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
          Resource  = "*"
          Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
        },
        {
          Sid       = "UseByLogs"
          Effect    = "Allow"
          Principal = { Service = "logs.${var.region}.amazonaws.com" }
          Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
          Resource  = "*"
          Condition = {
            ArnLike = {
              "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:${var.region}:${var.account_id}:log-group:*"
            }
          }
        },
        {
          Sid       = "UseByS3"
          Effect    = "Allow"
          Principal = { Service = "s3.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
          Resource  = "*"
          Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
        },
      ]
    })
    audit = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "EnableIamPolicies"
          Effect    = "Allow"
          Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }
          Action    = "kms:*"
          Resource  = "*"
        },
        {
          Sid       = "UseThroughServices"
          Effect    = "Allow"
          Principal = { AWS = "*" }
          Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
          Resource  = "*"
          Condition = {
            StringEquals = {
              "kms:CallerAccount" = var.account_id
              "kms:ViaService"    = ["s3.${var.region}.amazonaws.com"]
            }
          }
        },
        {
          Sid       = "GrantsThroughServices"
          Effect    = "Allow"
          Principal = { AWS = "*" }
          Action    = "kms:CreateGrant"
          Resource  = "*"
          Condition = {
            StringEquals = {
              "kms:CallerAccount" = var.account_id
              "kms:ViaService"    = ["s3.${var.region}.amazonaws.com"]
            }
            Bool = { "kms:GrantIsForAWSResource" = "true" }
          }
        },
        {
          Sid       = "EncryptByCloudtrail"
          Effect    = "Allow"
          Principal = { Service = "cloudtrail.amazonaws.com" }
          Action    = "kms:GenerateDataKey*"
          Resource  = "*"
          Condition = {
            StringEquals = {
              "aws:SourceArn" = "arn:aws:cloudtrail:${var.region}:${var.account_id}:trail/${local.prefix}-trail"
            }
            StringLike = {
              "kms:EncryptionContext:aws:cloudtrail:arn" = "arn:aws:cloudtrail:*:${var.account_id}:trail/*"
            }
          }
        },
        {
          Sid       = "UseByCloudtrail"
          Effect    = "Allow"
          Principal = { Service = "cloudtrail.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:DescribeKey"]
          Resource  = "*"
          Condition = {
            StringEquals = {
              "aws:SourceArn" = "arn:aws:cloudtrail:${var.region}:${var.account_id}:trail/${local.prefix}-trail"
            }
          }
        },
        {
          Sid       = "UseByS3"
          Effect    = "Allow"
          Principal = { Service = "s3.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
          Resource  = "*"
          Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
        },
      ]
    })
    volumes = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "EnableIamPolicies"
          Effect    = "Allow"
          Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }
          Action    = "kms:*"
          Resource  = "*"
        },
        {
          Sid       = "UseThroughServices"
          Effect    = "Allow"
          Principal = { AWS = "*" }
          Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
          Resource  = "*"
          Condition = {
            StringEquals = {
              "kms:CallerAccount" = var.account_id
              "kms:ViaService"    = ["ec2.${var.region}.amazonaws.com"]
            }
          }
        },
        {
          Sid       = "GrantsThroughServices"
          Effect    = "Allow"
          Principal = { AWS = "*" }
          Action    = "kms:CreateGrant"
          Resource  = "*"
          Condition = {
            StringEquals = {
              "kms:CallerAccount" = var.account_id
              "kms:ViaService"    = ["ec2.${var.region}.amazonaws.com"]
            }
            Bool = { "kms:GrantIsForAWSResource" = "true" }
          }
        },
        {
          Sid       = "UseByAutoscaling"
          Effect    = "Allow"
          Principal = { AWS = "*" }
          Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
          Resource  = "*"
          Condition = {
            StringEquals = { "kms:CallerAccount" = var.account_id }
            ArnEquals = {
              "aws:PrincipalArn" = "arn:aws:iam::${var.account_id}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
            }
          }
        },
        {
          Sid       = "GrantsByAutoscaling"
          Effect    = "Allow"
          Principal = { AWS = "*" }
          Action    = "kms:CreateGrant"
          Resource  = "*"
          Condition = {
            StringEquals = { "kms:CallerAccount" = var.account_id }
            ArnEquals = {
              "aws:PrincipalArn" = "arn:aws:iam::${var.account_id}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
            }
            Bool = { "kms:GrantIsForAWSResource" = "true" }
          }
        },
      ]
    })
  }
}
