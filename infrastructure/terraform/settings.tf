# Generated from infrastructure/release.yml and infrastructure/parameters.yml by npm run docs. Do not edit.

locals {
  # The parameters of the stack. null stands for the template's own default.
  settings = {
    AssetBucket               = var.asset_bucket
    AssetPrefix               = var.asset_prefix
    atlasProjectId            = var.atlas_project_id
    atlasWorkspace            = var.atlas_workspace
    atlasCredentialsSecretArn = var.atlas_credentials_secret_arn
    prefix                    = var.prefix
    allowedTargets            = var.allowed_targets
    atlasAwsAccountIds        = var.atlas_aws_account_ids
    atlasBaseUrl              = var.atlas_base_url
    mechanism                 = var.mechanism
    streamsRoleTrustedArn     = var.streams_role_trusted_arn
    streamsRoleExternalIds    = var.streams_role_external_ids
    streamsRoleClusters       = var.streams_role_clusters
    streamsRoleTopics         = var.streams_role_topics
    streamsRoleCanWrite       = var.streams_role_can_write
    streamsRoleRequiresTag    = var.streams_role_requires_tag
    streamsRoleArn            = var.streams_role_arn
    restartProcessors         = var.restart_processors
    probe                     = var.probe
    rebootWindow              = var.reboot_window
    paused                    = var.paused
    disconnectOnUntag         = var.disconnect_on_untag
    disconnectDeletedClusters = var.disconnect_deleted_clusters
    sweepSchedule             = var.sweep_schedule
    verifyEveryHours          = var.verify_every_hours
    sweepAlarmHours           = var.sweep_alarm_hours
    notificationEmail         = var.notification_email
    notifyOnSuccess           = var.notify_on_success
    permissionsBoundary       = var.permissions_boundary
    rolePath                  = var.role_path
    kmsKeyArn                 = var.kms_key_arn
    logRetentionDays          = var.log_retention_days
    subnetIds                 = var.subnet_ids
    securityGroupIds          = var.security_group_ids
    waitSpeed                 = var.wait_speed
  }
}

variable "asset_bucket" {
  type        = string
  description = "The first part of the name of the S3 bucket that holds the zips of this release. The whole name is <AssetBucket>-<Region>, because Lambda reads code only from a bucket of its own Region."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{0,47}$", var.asset_bucket))
    error_message = "asset_bucket must be the name of a bucket without \"-<Region>\" at its end, at most 48 lower-case letters, digits, \".\" and \"-\", for example \"example-assets\" for the bucket example-assets-us-east-1."
  }
}

variable "asset_prefix" {
  type        = string
  description = "The folder of the zips in this bucket. Empty means that they are not in a folder."
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([A-Za-z0-9][A-Za-z0-9._-]{0,63}/){0,8}$", var.asset_prefix))
    error_message = "asset_prefix must be empty, or a folder that ends with \"/\", for example \"msk-atlas-privatelink/\"."
  }
}

variable "atlas_project_id" {
  type        = string
  description = "The id of the Atlas project that a cluster is connected to, unless its tags or the execution's input name another one."
  nullable    = false

  validation {
    condition     = can(regex("^[a-f0-9]{24}$", var.atlas_project_id))
    error_message = "atlas_project_id must be the 24 hexadecimal characters of an Atlas project id, for example \"5f1a2b3c4d5e6f7a8b9c0d1e\"."
  }
}

variable "atlas_workspace" {
  type        = string
  description = "The Stream Processing workspace that a cluster is connected to, unless its tags or the execution's input name another one. \"{region}\" in it stands for the Region of the deployment, so that a StackSet has a workspace in each Region."
  nullable    = false
}

variable "atlas_credentials_secret_arn" {
  type        = string
  description = "The secret in AWS Secrets Manager, in the Region of the deployment, that holds the Atlas API key or service account. Its name is enough if it is in the account of the deployment, so that a StackSet finds the secret of that name in each account and Region."
  nullable    = false
}

variable "prefix" {
  type        = string
  description = "The first part of the names of functions, state machines, rules, alarms, queue, topic, log groups and dashboard. A change replaces these resources. The registry has a fixed name."
  default     = null
  nullable    = true

  validation {
    condition     = var.prefix == null || can(regex("^[A-Za-z][A-Za-z0-9-]{0,37}$", var.prefix))
    error_message = "prefix must be at most 38 letters, digits and \"-\", starting with a letter, because Lambda allows 64 characters for <prefix>-EnablePrivateConnectivity, for example \"msk-atlas-privatelink-prod\"."
  }
}

variable "allowed_targets" {
  type        = string
  description = "The other Atlas projects and workspaces that a cluster's tags or an execution's input may name, as <projectId>/<workspace>, or <projectId>/* for all workspaces of a project, separated by commas. The Atlas credentials need their role in each of these projects. atlasProjectId with atlasWorkspace is always allowed."
  default     = ""
  nullable    = false
}

variable "atlas_aws_account_ids" {
  type        = string
  description = "The AWS accounts that Atlas may connect from, separated by commas. If Atlas names another account, a run stops before it changes the cluster policy. Empty means that the account of the first connect is trusted."
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(\\d{12}( *, *\\d{12})*)?$", var.atlas_aws_account_ids))
    error_message = "atlas_aws_account_ids must be empty, or AWS account ids of 12 digits each, separated by commas, for example \"123456789012,210987654321\"."
  }
}

variable "atlas_base_url" {
  type        = string
  description = "The address of the Atlas Admin API."
  default     = "https://cloud.mongodb.com"
  nullable    = false

  validation {
    condition     = can(regex("^(https://[A-Za-z0-9][A-Za-z0-9.-]*|http://(localhost|127(\\.\\d{1,3}){3}|\\[::1\\]))(:\\d{1,5})?/?$", var.atlas_base_url))
    error_message = "atlas_base_url must be an https address (http only on loopback) without user, path and query, for example \"https://cloud.mongodb.com\"."
  }
}

variable "mechanism" {
  type        = string
  description = "How Atlas logs in to a cluster, if neither the execution's input nor a tag names a mechanism. auto keeps the mechanism of a connected cluster. For any other cluster, auto is the first of these that applies. (1) SCRAM-512, if the deployment has no streams role. (2) The mechanism of an existing private link that is not FAILED. (3) SCRAM-512, if the input or a tag names a SCRAM secret. (4) AWS_MSK_IAM, if the cluster has IAM authentication on. (5) SCRAM-512. PLAIN is SCRAM under the name of an older MongoDB page."
  default     = "auto"
  nullable    = false

  validation {
    condition     = contains(["auto", "SCRAM-512", "PLAIN", "AWS_MSK_IAM"], var.mechanism)
    error_message = "mechanism must be auto, SCRAM-512, PLAIN or AWS_MSK_IAM."
  }
}

variable "streams_role_trusted_arn" {
  type        = string
  description = "The AWS principal of Atlas that may assume the streams role, with which connections log in by AWS_MSK_IAM. \"atlas cloudProviders accessRoles aws create\" prints it as \"Atlas AWS Account ARN\". With it, the deployment creates the role; it needs streamsRoleExternalIds, too."
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:aws[a-z-]{0,16}:iam::\\d{12}:(root|(user|role)/[\\w+=,.@/-]{1,512}))?$", var.streams_role_trusted_arn))
    error_message = "streams_role_trusted_arn must be empty, or the ARN of an AWS account, user or role, for example \"arn:aws:iam::123456789012:root\"."
  }
}

variable "streams_role_external_ids" {
  type        = string
  description = "The external ids with which Atlas may assume the streams role, one for each Atlas project, separated by commas. \"atlas cloudProviders accessRoles aws create\" prints it as \"Unique External ID\"."
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}(,[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12})*)?$", var.streams_role_external_ids))
    error_message = "streams_role_external_ids must be empty, or UUIDs in lower case, separated by commas without spaces, for example \"2f6c1f2e-5f0d-4f0e-9c3b-0a1b2c3d4e5f,8d0f3a6b-7c1e-4b2d-8f9a-1c2d3e4f5a6b\"."
  }
}

variable "streams_role_clusters" {
  type        = string
  description = "The names of the clusters of this account and Region that the streams role may log in to, as a pattern in which * stands for any characters and ? for one."
  default     = "*"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9*?-]{1,64}$", var.streams_role_clusters))
    error_message = "streams_role_clusters must be the name of a cluster or a pattern, of letters, digits, \"-\", \"*\" and \"?\", at most 64, for example \"orders-*\"."
  }
}

variable "streams_role_topics" {
  type        = string
  description = "The names of the topics of these clusters that the streams role may read, as a pattern in which * stands for any characters and ? for one."
  default     = "*"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._*?-]{1,249}$", var.streams_role_topics))
    error_message = "streams_role_topics must be the name of a topic or a pattern, of letters, digits, \".\", \"_\", \"-\", \"*\" and \"?\", at most 249, for example \"orders.*\"."
  }
}

variable "streams_role_can_write" {
  type        = bool
  description = "Whether the streams role may also write to these topics."
  default     = false
  nullable    = false
}

variable "streams_role_requires_tag" {
  type        = bool
  description = "Whether the streams role may log in only to clusters that are tagged atlas-streaming=connect. If the tag is removed or has any other value, such as hold, no new login succeeds, and stream processors fail at their next login."
  default     = false
  nullable    = false
}

variable "streams_role_arn" {
  type        = string
  description = "A role of your own that Atlas may assume to log in by AWS_MSK_IAM, in place of one that the deployment creates. Its trust policy and its permissions are yours."
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:aws[a-z-]{0,16}:iam::\\d{12}:role/[\\w+=,.@/-]{1,512})?$", var.streams_role_arn))
    error_message = "streams_role_arn must be empty, or the ARN of an IAM role, for example \"arn:aws:iam::111122223333:role/atlas-streams\"."
  }
}

variable "restart_processors" {
  type        = bool
  description = "Whether a run may stop the running stream processors that use a connection, to update it, and start them again from their checkpoints. Atlas changes no connection that a running processor uses."
  default     = false
  nullable    = false
}

variable "probe" {
  type        = bool
  description = "Whether a run proves that data can flow, for clusters whose tag or input names topics. A temporary stream processor reads the first of these topics. It is stopped after about 13 minutes at the latest, and then deleted."
  default     = false
  nullable    = false
}

variable "reboot_window" {
  type        = string
  description = "When a run may turn on multi-VPC connectivity, after which MSK reboots the brokers one by one. Outside of this window, the run waits. The reboots may take longer than the window. Empty means at any time."
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^((daily|(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(-(Mon|Tue|Wed|Thu|Fri|Sat|Sun))?(,(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(-(Mon|Tue|Wed|Thu|Fri|Sat|Sun))?)*) ([01]\\d|2[0-3]):[0-5]\\d-([01]\\d|2[0-3]):[0-5]\\d UTC)?$", var.reboot_window))
    error_message = "reboot_window must be empty, or days, a start and an end in UTC, for example \"Sat 02:00-06:00 UTC\". The days are \"daily\" or a list such as \"Mon-Fri,Sun\"; the times are from 00:00 to 23:59."
  }
}

variable "paused" {
  type        = bool
  description = "Whether tags and the sweep start nothing, for example during a change freeze. Manual starts work."
  default     = false
  nullable    = false
}

variable "disconnect_on_untag" {
  type        = bool
  description = "Whether removing the tag atlas-streaming from a cluster disconnects it, as atlas-streaming=disconnect does."
  default     = false
  nullable    = false
}

variable "disconnect_deleted_clusters" {
  type        = bool
  description = "Whether the sweep removes connection and private link, which Atlas bills by the hour, after a connected cluster was deleted."
  default     = true
  nullable    = false
}

variable "sweep_schedule" {
  type        = string
  description = "How often the sweep checks all tagged clusters, as an EventBridge Scheduler expression."
  default     = "rate(15 minutes)"
  nullable    = false
}

variable "verify_every_hours" {
  type        = number
  description = "The hours after which the sweep verifies a connected cluster again, so that it finds what another party has changed."
  default     = 6
  nullable    = false

  validation {
    condition     = var.verify_every_hours >= 1 && var.verify_every_hours <= 168 && floor(var.verify_every_hours) == var.verify_every_hours
    error_message = "verify_every_hours must be a whole number from 1 to 168, for example 6."
  }
}

variable "sweep_alarm_hours" {
  type        = number
  description = "The hours without a sweep before an alarm fires. Must be greater than the interval in sweepSchedule."
  default     = 1
  nullable    = false

  validation {
    condition     = var.sweep_alarm_hours >= 1 && var.sweep_alarm_hours <= 48 && floor(var.sweep_alarm_hours) == var.sweep_alarm_hours
    error_message = "sweep_alarm_hours must be a whole number from 1 to 48, for example 1."
  }
}

variable "notification_email" {
  type        = string
  description = "The e-mail address for notifications and alarms. AWS sends it a confirmation e-mail first. Empty means no e-mail."
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([^\\s@]+@[^\\s@]+\\.[^\\s@]+)?$", var.notification_email))
    error_message = "notification_email must be empty or an e-mail address, for example \"team@example.com\"."
  }
}

variable "notify_on_success" {
  type        = bool
  description = "Whether a run that succeeds and changes something also sends a notification."
  default     = false
  nullable    = false
}

variable "permissions_boundary" {
  type        = string
  description = "The IAM policy that is the permissions boundary of every role that the deployment creates, the streams role included. Empty means no boundary."
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:aws[a-z-]{0,16}:iam::(\\d{12}|aws):policy/[\\w+=,.@/-]{1,512})?$", var.permissions_boundary))
    error_message = "permissions_boundary must be empty, or the ARN of an IAM policy, for example \"arn:aws:iam::111122223333:policy/boundary\"."
  }
}

variable "role_path" {
  type        = string
  description = "The path of every role that the deployment creates, except the streams role, whose ARN Atlas knows. A change replaces these roles."
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([\\w+=,.@-]{1,64}/){0,7}$", var.role_path))
    error_message = "role_path must be \"/\", or up to seven names of letters, digits and \"_+=,.@-\" with \"/\" before, between and after them, for example \"/atlas/\"."
  }
}

variable "kms_key_arn" {
  type        = string
  description = "Your symmetric KMS key, in the Region of the deployment, that encrypts the registry, the topic, the queue, the log groups, the state machines and the secret of the access token. Its key policy must allow the services to use it. Empty means keys of AWS, and a topic without encryption at rest."
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:aws[a-z-]{0,16}:kms:[a-z0-9-]{1,32}:\\d{12}:key/([a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}|mrk-[a-f0-9]{32}))?$", var.kms_key_arn))
    error_message = "kms_key_arn must be empty, or the ARN of a KMS key, not of an alias, for example \"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\"."
  }
}

variable "log_retention_days" {
  type        = number
  description = "The days after which CloudWatch Logs deletes the log events of functions and state machines."
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "subnet_ids" {
  type        = string
  description = "The private subnets in which the functions run, separated by commas. They need a route to the Atlas Admin API and to the endpoints of AWS, for example through a NAT gateway. Empty means that the functions run outside of your VPCs."
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(subnet-[a-f0-9]{8,17}(,subnet-[a-f0-9]{8,17}){0,15})?$", var.subnet_ids))
    error_message = "subnet_ids must be empty, or up to 16 ids of subnets, separated by commas without spaces, for example \"subnet-0a1b2c3d4e5f60718,subnet-1a2b3c4d5e6f70819\"."
  }
}

variable "security_group_ids" {
  type        = string
  description = "The security groups of the functions in these subnets, separated by commas. They must allow outgoing HTTPS."
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(sg-[a-f0-9]{8,17}(,sg-[a-f0-9]{8,17}){0,4})?$", var.security_group_ids))
    error_message = "security_group_ids must be empty, or up to 5 ids of security groups, separated by commas without spaces, for example \"sg-0a1b2c3d4e5f60718\"."
  }
}

variable "wait_speed" {
  type        = number
  description = "For tests only. How many times faster the waits poll and time out."
  default     = 1
  nullable    = false

  validation {
    condition     = var.wait_speed >= 1 && var.wait_speed <= 1000 && floor(var.wait_speed) == var.wait_speed
    error_message = "wait_speed must be a whole number from 1 to 1000, for example 1."
  }
}
