# Deploys a release of msk-atlas-privatelink as a CloudFormation stack.

data "aws_partition" "current" {}

data "aws_region" "current" {
  region = var.region
}

locals {
  region = data.aws_region.current.region
  bucket = "${var.asset_bucket}-${local.region}.s3.${local.region}.${data.aws_partition.current.dns_suffix}"
}

resource "aws_cloudformation_stack" "this" {
  region       = local.region
  name         = var.stack_name
  template_url = "https://${local.bucket}/${var.asset_prefix}template.json"
  capabilities = ["CAPABILITY_NAMED_IAM"]
  tags         = var.tags
  parameters   = { for name, value in local.settings : name => tostring(value) if value != null }
}
