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

variable "tags" {
  type        = map(string)
  description = "The tags of the stack. CloudFormation sets them on every resource that supports tags."
  default     = {}
  nullable    = false
}
