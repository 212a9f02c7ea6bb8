# What only costs calls and says nothing about the resources is skipped.
provider "aws" {
  region                      = var.region
  access_key                  = "emulator-key-id"
  secret_key                  = "emulator-secret-key"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true

  endpoints {
    accessanalyzer = var.endpoint
    autoscaling    = var.endpoint
    backup         = var.endpoint
    cloudtrail     = var.endpoint
    cloudwatch     = var.endpoint
    codebuild      = var.endpoint
    codecommit     = var.endpoint
    codedeploy     = var.endpoint
    codepipeline   = var.endpoint
    ec2            = var.endpoint
    elbv2          = var.endpoint
    events         = var.endpoint
    iam            = var.endpoint
    kms            = var.endpoint
    lambda         = var.endpoint
    logs           = var.endpoint
    rds            = var.endpoint
    route53        = var.endpoint
    s3             = var.endpoint
    s3control      = var.endpoint
    secretsmanager = var.endpoint
    sns            = var.endpoint
    sqs            = var.endpoint
    ssm            = var.endpoint
    sts            = var.endpoint
    wafv2          = var.endpoint
  }
}
