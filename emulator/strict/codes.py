"""The error code with which each service refuses parameters that break its model."""

from __future__ import annotations

# What a service answers when a parameter is malformed. From the "Common Errors" and "Errors" sections of each API reference.
_INVALID: dict[str, str] = {
    "apigateway": "BadRequestException",
    "apigatewayv2": "BadRequestException",
    "athena": "InvalidRequestException",
    "autoscaling": "ValidationError",
    "backup": "InvalidParameterValueException",
    "cloudformation": "ValidationError",
    "cloudfront": "InvalidArgument",
    "cloudwatch": "InvalidParameterValue",
    "codebuild": "InvalidInputException",
    "docdb": "InvalidParameterValue",
    "ec2": "InvalidParameterValue",
    "ecr": "InvalidParameterException",
    "ecs": "InvalidParameterException",
    "efs": "BadRequest",
    "eks": "InvalidParameterException",
    "elasticache": "InvalidParameterValue",
    "elb": "ValidationError",
    "elbv2": "ValidationError",
    "glue": "InvalidInputException",
    "guardduty": "BadRequestException",
    "iam": "ValidationError",
    "logs": "InvalidParameterException",
    "neptune": "InvalidParameterValue",
    "opensearch": "ValidationException",
    "organizations": "InvalidInputException",
    "quicksight": "InvalidParameterValueException",
    "rds": "InvalidParameterValue",
    "redshift": "InvalidParameterValue",
    "resourcegroupstaggingapi": "InvalidParameterException",
    "route53": "InvalidInput",
    "s3": "InvalidArgument",
    "s3control": "InvalidRequest",
    "service-quotas": "IllegalArgumentException",
    "ses": "InvalidParameterValue",
    "sesv2": "BadRequestException",
    "shield": "InvalidParameterException",
    "sns": "InvalidParameter",
    "sts": "ValidationError",
    "wafv2": "WAFInvalidParameterException",
    "xray": "InvalidRequestException",
}

_MISSING: dict[str, str] = {"ec2": "MissingParameter", "rds": "MissingParameter", "elasticache": "MissingParameter"}

# Codes for a policy document that isn't one.
_POLICY: dict[str, str] = {
    "backup": "InvalidParameterValueException",
    "ec2": "InvalidPolicyDocument",
    "ecr": "InvalidParameterException",
    "glue": "InvalidInputException",
    "iam": "MalformedPolicyDocument",
    "kms": "MalformedPolicyDocumentException",
    "logs": "InvalidParameterException",
    "s3": "MalformedPolicy",
    "secretsmanager": "MalformedPolicyDocumentException",
    "sns": "InvalidParameter",
    "sqs": "InvalidAttributeValue",
    "sts": "MalformedPolicyDocument",
}


def invalid(service: str) -> str:
    """The code of *service* (botocore's name) for a parameter with a wrong value."""
    return _INVALID.get(service, "ValidationException")


def missing(service: str) -> str:
    """The code of *service* for a required parameter that isn't there."""
    return _MISSING.get(service, invalid(service))


def malformed(service: str, protocol: str) -> str:
    """The code of *service* for a body that can't be read."""
    if protocol == "rest-xml":
        return "MalformedXML" if service in ("s3", "s3control", "cloudfront") else invalid(service)
    return "SerializationException" if protocol in ("json", "rest-json") else invalid(service)


def policy(service: str) -> str:
    """The code of *service* for a malformed policy document."""
    return _POLICY.get(service, invalid(service))


def denied(service: str, protocol: str) -> str:
    """The code of *service* for a caller who may not."""
    if service == "ec2":
        return "UnauthorizedOperation"
    return "AccessDeniedException" if protocol in ("json", "rest-json") else "AccessDenied"
