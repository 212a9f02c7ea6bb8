variable "endpoint" {
  description = "URL of the emulator"
  type        = string
}

variable "region" {
  type    = string
  default = "ap-northeast-2"
}

variable "account_id" {
  type    = string
  default = "123456789012"
}

variable "project" {
  type    = string
  default = "refarch"
}

variable "environment" {
  type    = string
  default = "local"
}

variable "account_environment" {
  description = "Environment that makes what the account has only once"
  type        = string
  default     = "local"
}

variable "zones" {
  description = "Letters of the availability zones"
  type        = list(string)
  default     = ["a", "b"]
}

variable "architecture" {
  description = "Of the servers, which is this machine's in inventories/local"
  type        = string
  default     = "x86_64"
}

variable "cidr" {
  type    = string
  default = "10.0.0.0/16"
}

locals {
  prefix       = "${var.project}-${var.environment}"
  account_wide = var.environment == var.account_environment
  tags = {
    Project     = var.project
    Environment = var.environment
    ManagedBy   = "refarch"
  }
}
