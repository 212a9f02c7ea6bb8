"""Tells a Slack channel what SNS tells this function."""
