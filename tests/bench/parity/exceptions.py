"""Differences that no Terraform configuration can avoid, by name and with their reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Unavoidable:
    """*resource* and *place* are patterns of the whole; the difference is covered where both sides say just this.

    None: the side says nothing there.
    """

    resource: str
    place: str
    ours: Any
    theirs: Any
    reason: str


#: Of the AWS provider 5.100.
EXCEPTIONS = (
    Unavoidable(
        r"backup vault .*",
        r"notifications\.BackupVaultEvents",
        ["CONTINUOUS_BACKUP_INTERRUPTED"],
        [],
        "aws_backup_vault_notifications refuses CONTINUOUS_BACKUP_INTERRUPTED: its list of events is older.",
    ),
    Unavoidable(
        r"restore testing .*",
        r"selections\.\w+\.ProtectedResourceArns",
        ["*"],
        None,
        "aws_backup_restore_testing_selection takes ARNs or conditions; AWS takes the ARN * together with conditions.",
    ),
    Unavoidable(
        r"queue .*",
        r"MaximumMessageSize",
        "1048576",
        "262144",
        "aws_sqs_queue always sends a size, 256 KiB unless told otherwise, and refuses more; at AWS it is 1 MiB since August 2025.",
    ),
)


def covers(resource: str, place: str, ours: Any, theirs: Any) -> bool:
    """Whether the difference is one of the exceptions."""
    return any(
        re.fullmatch(known.resource, resource) and re.fullmatch(known.place, place) and (known.ours, known.theirs) == (ours, theirs)
        for known in EXCEPTIONS
    )
