# Who may deliver into the log bucket.
locals {
  log_delivery = [
    {
      Sid       = "S3AccessLogs"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.log_arn}/s3/*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:aws:s3:::${local.prefix}-*" }
      }
    },
    {
      Sid       = "LogDelivery"
      Effect    = "Allow"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource = [
        "${local.log_arn}/AWSLogs/${var.account_id}/*",
        "${local.log_arn}/*/AWSLogs/${var.account_id}/*",
      ]
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.account_id, "s3:x-amz-acl" = "bucket-owner-full-control" }
        ArnLike      = { "aws:SourceArn" = "arn:aws:logs:*:${var.account_id}:*" }
      }
    },
    {
      Sid       = "LogDeliveryAclCheck"
      Effect    = "Allow"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Action    = "s3:GetBucketAcl"
      Resource  = local.log_arn
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:aws:logs:*:${var.account_id}:*" }
      }
    },
    {
      Sid       = "CloudTrail"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource = [
        "${local.log_arn}/AWSLogs/${var.account_id}/*",
        "${local.log_arn}/*/AWSLogs/${var.account_id}/*",
      ]
      Condition = {
        StringEquals = {
          "aws:SourceArn" = "arn:aws:cloudtrail:${var.region}:${var.account_id}:trail/${local.prefix}-trail"
          "s3:x-amz-acl"  = "bucket-owner-full-control"
        }
      }
    },
    {
      Sid       = "CloudTrailAclCheck"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "s3:GetBucketAcl"
      Resource  = local.log_arn
      Condition = {
        StringEquals = {
          "aws:SourceArn" = "arn:aws:cloudtrail:${var.region}:${var.account_id}:trail/${local.prefix}-trail"
        }
      }
    },
    {
      Sid       = "LoadBalancers"
      Effect    = "Allow"
      Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource = [
        "${local.log_arn}/AWSLogs/${var.account_id}/*",
        "${local.log_arn}/*/AWSLogs/${var.account_id}/*",
      ]
      Condition = {
        ArnLike = {
          "aws:SourceArn" = "arn:aws:elasticloadbalancing:${var.region}:${var.account_id}:loadbalancer/*"
        }
      }
    },
    {
      Sid       = "LoadBalancersOfTheRegion"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::600734575887:root" }
      Action    = "s3:PutObject"
      Resource = [
        "${local.log_arn}/AWSLogs/${var.account_id}/*",
        "${local.log_arn}/*/AWSLogs/${var.account_id}/*",
      ]
    },
  ]
}
