"""Imports a self-signed certificate of the stack into ACM, and prints its ARN: an imported one is issued at once."""

from __future__ import annotations

import datetime
import os

import boto3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

project, _, environment = os.environ["STACK_PREFIX"].rpartition("-")
key = rsa.generate_private_key(65537, 2048)
name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "www.example.com")])
now = datetime.datetime.now(datetime.UTC)
builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=2))
certificate = builder.sign(key, hashes.SHA256())
form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
answer = boto3.client("acm").import_certificate(
    Certificate=certificate.public_bytes(serialization.Encoding.PEM),
    PrivateKey=key.private_bytes(*form),
    Tags=[{"Key": "Project", "Value": project}, {"Key": "Environment", "Value": environment}],
)
print(answer["CertificateArn"], end="")
