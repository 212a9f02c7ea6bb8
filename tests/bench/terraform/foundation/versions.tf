# The same resources as playbooks/<scenario>.yml makes with inventories/local, for the measure of tests/bench. Nothing else uses it.
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.80"
    }
  }
}
