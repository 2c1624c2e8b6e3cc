# Generated from the outputs of the stack by npm run docs. Do not edit.

output "connect_machine_arn" {
  description = "Start an execution with {\"clusterArn\":\"arn:aws:kafka:...\"} to connect a cluster manually."
  value       = aws_cloudformation_stack.this.outputs["ConnectMachineArn"]
}

output "disconnect_machine_arn" {
  description = "Start an execution with {\"clusterArn\":\"arn:aws:kafka:...\"} to disconnect a cluster manually."
  value       = aws_cloudformation_stack.this.outputs["DisconnectMachineArn"]
}

output "notification_topic_arn" {
  description = "Subscribe to this topic to be notified of failed runs and alarms."
  value       = aws_cloudformation_stack.this.outputs["NotificationTopicArn"]
}

output "registry_table_name" {
  description = "The DynamoDB table that says what is connected. It stays when the stack is removed, unless it is empty."
  value       = aws_cloudformation_stack.this.outputs["RegistryTableName"]
}

output "streams_role_arn" {
  description = "The role that Atlas assumes to log in to clusters by IAM. A person authorizes it once for each Atlas project."
  value       = lookup(aws_cloudformation_stack.this.outputs, "StreamsRoleArn", null)
}

output "dead_letter_queue_url" {
  description = "Events that did not reach their state machine or function."
  value       = aws_cloudformation_stack.this.outputs["DeadLetterQueueUrl"]
}

output "version" {
  description = "The version of msk-atlas-privatelink."
  value       = aws_cloudformation_stack.this.outputs["Version"]
}
