"""Where the service listens, and where its database is. Nothing secret is kept: the password is read when a connection is made."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3


class SettingsError(Exception):
    """A setting that is missing or wrong, in one sentence that names it."""


@dataclass(frozen=True)
class Settings:
    """port: TCP. database_parameter: name of the SSM parameter in which the stack published its database (endpoint_address,
    endpoint_port, database_name, master_user_secret_arn). certificate_authorities: path of a PEM bundle that vouches for the
    database, empty where the connection is not encrypted (a database on the same machine). release: what this release is called."""

    port: int
    database_parameter: str
    certificate_authorities: str
    release: str = ""


@dataclass(frozen=True)
class Database:
    """Where the database is. secret_arn: secret with username and password, in Secrets Manager."""

    host: str
    port: int
    name: str
    secret_arn: str


@dataclass(frozen=True)
class Credentials:
    """Who connects."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials(user={self.user!r})"


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from PORT, DATABASE_PARAMETER, DATABASE_CERTIFICATE_AUTHORITIES and RELEASE. Raises SettingsError."""
    port = environment.get("PORT", "")
    if not port.isdigit() or not 1 <= int(port) <= 65535:
        raise SettingsError(f"PORT is {port!r}: give a TCP port, 1 to 65535")
    parameter = environment.get("DATABASE_PARAMETER", "")
    if not parameter.startswith("/"):
        raise SettingsError(f"DATABASE_PARAMETER is {parameter!r}: give the name of an SSM parameter, for example /shop/staging/database")
    return Settings(int(port), parameter, environment.get("DATABASE_CERTIFICATE_AUTHORITIES", ""), environment.get("RELEASE", ""))


def database(parameter: str, client: Callable[[str], Any] = boto3.client) -> Database:
    """The database that *parameter* tells of. Raises SettingsError where it does not, botocore's errors where it can't be read."""
    outputs = json.loads(client("ssm").get_parameter(Name=parameter)["Parameter"]["Value"])
    try:
        return Database(
            host=outputs["endpoint_address"],
            port=int(outputs["endpoint_port"]),
            name=outputs["database_name"],
            secret_arn=outputs["master_user_secret_arn"],
        )
    except (KeyError, TypeError) as error:
        raise SettingsError(f"DATABASE_PARAMETER: {parameter} lacks {error}") from error


def credentials(secret_arn: str, client: Callable[[str], Any] = boto3.client) -> Credentials:
    """User and password as they are now: RDS rotates the password, so it is read for each new connection and kept nowhere."""
    secret = json.loads(client("secretsmanager").get_secret_value(SecretId=secret_arn)["SecretString"])
    return Credentials(secret["username"], secret["password"])
