# What only the module needs. The settings of the deployment are in settings.tf.

variable "region" {
  type        = string
  description = "The Region of the stack. null means the Region of the AWS provider."
  default     = null
}

variable "stack_name" {
  type        = string
  description = "The name of the CloudFormation stack."
  default     = "msk-atlas-privatelink"
  nullable    = false
}

variable "asset_bucket" {
  type        = string
  description = "The first part of the name of the bucket with the release. The bucket of each Region is <asset_bucket>-<Region>."
  nullable    = false
}

variable "asset_prefix" {
  type        = string
  description = "The folder of the release in the bucket. It ends with / if it is not empty. Put the version in it: a new version then has a new address, by which Terraform notices an update."
  nullable    = false

  validation {
    condition     = can(regex("^(.*/)?$", var.asset_prefix))
    error_message = "asset_prefix must be empty or end with /, for example \"msk-atlas-privatelink/0.2.0/\"."
  }
}

variable "tags" {
  type        = map(string)
  description = "The tags of the stack. CloudFormation sets them on every resource that supports tags."
  default     = {}
  nullable    = false
}
