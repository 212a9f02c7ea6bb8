locals {
  storage_tags = merge(local.tags, { Component = "storage" })
  buckets = {
    log      = { expiration = 365, noncurrent = 90, abort = 7, rule = "expire-logs" }
    data     = { expiration = null, noncurrent = 90, abort = 7, rule = "expire-old-versions" }
    artifact = { expiration = null, noncurrent = 90, abort = 7, rule = "expire-old-versions" }
    transfer = { expiration = 1, noncurrent = null, abort = 1, rule = "expire-transfers" }
  }
  bucket_names = { for purpose in keys(local.buckets) : purpose => "${local.prefix}-${purpose}-${var.account_id}" }
  log_arn      = "arn:aws:s3:::${local.bucket_names.log}"
  log_objects  = ["${local.log_arn}/AWSLogs/${var.account_id}/*", "${local.log_arn}/*/AWSLogs/${var.account_id}/*"]
}

resource "aws_s3_account_public_access_block" "this" {
  count                   = local.account_wide ? 1 : 0
  account_id              = var.account_id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket" "this" {
  for_each = local.buckets
  bucket   = local.bucket_names[each.key]
  tags     = merge(local.storage_tags, { Purpose = each.key }, each.key == "data" ? { Backup = local.prefix } : {})
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = local.buckets
  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.this[each.key].id

  rule {
    bucket_key_enabled = each.key != "log"
    apply_server_side_encryption_by_default {
      sse_algorithm     = each.key == "log" ? "AES256" : "aws:kms"
      kms_master_key_id = each.key == "log" ? null : aws_kms_key.this["storage"].arn
    }
  }
}

# The transfer bucket has none: secrets pass through it, and no version of them stays.
resource "aws_s3_bucket_versioning" "this" {
  for_each = toset([for purpose in keys(local.buckets) : purpose if purpose != "transfer"])
  bucket   = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

# The provider looks ten times, 5 s apart, before it believes what it put: two thirds of a first apply.
resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each   = local.buckets
  bucket     = aws_s3_bucket.this[each.key].id
  depends_on = [aws_s3_bucket_versioning.this]

  rule {
    id     = each.value.rule
    status = "Enabled"
    filter {
      prefix = ""
    }
    dynamic "expiration" {
      for_each = [each.value.expiration]
      content {
        days                         = expiration.value
        expired_object_delete_marker = expiration.value == null ? true : null
      }
    }
    dynamic "noncurrent_version_expiration" {
      for_each = each.value.noncurrent[*]
      content {
        noncurrent_days = noncurrent_version_expiration.value
      }
    }
  }

  rule {
    id     = "abort-incomplete-multipart-uploads"
    status = "Enabled"
    filter {
      prefix = ""
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = each.value.abort
    }
  }
}

resource "aws_s3_bucket_logging" "this" {
  for_each      = toset([for purpose in keys(local.buckets) : purpose if purpose != "log"])
  bucket        = aws_s3_bucket.this[each.key].id
  target_bucket = aws_s3_bucket.this["log"].id
  target_prefix = "s3/${local.bucket_names[each.key]}/"
  depends_on    = [aws_s3_bucket_policy.this]
}

resource "aws_s3_bucket_policy" "this" {
  for_each   = local.buckets
  bucket     = aws_s3_bucket.this[each.key].id
  depends_on = [aws_s3_bucket_public_access_block.this]
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "RefuseRequestsWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = ["arn:aws:s3:::${local.bucket_names[each.key]}", "arn:aws:s3:::${local.bucket_names[each.key]}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      [for statement in local.log_delivery : statement if each.key == "log"],
    )
  })
}
