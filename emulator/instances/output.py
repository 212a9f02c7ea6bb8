"""What documents print, put into a bucket by the agent with its instance's credentials.

"Output to Amazon S3" of associations and commands (AWS Systems Manager User Guide): a file for each step and stream.
"""

from __future__ import annotations

import logging

from emulator.instances.documents import Outcome
from emulator.instances.machine import Instance

log = logging.getLogger("emulator.instances")


def keep(machine: Instance, bucket: str, prefix: str, place: str, outcome: Outcome) -> None:
    """Put all that was *said* below *prefix*/*place*. Where the instance may not, nothing is kept, and the run is none the worse."""
    for step, streams in outcome.said.items():
        for name, text in zip(("stdout", "stderr"), streams, strict=True):
            if not text:
                continue
            key = "/".join(part for part in (prefix, place, "awsrunShellScript", step, name) if part)
            try:
                machine.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())
            except Exception as error:  # of the SDK
                log.warning("%s could not write s3://%s/%s: %s", machine.id, bucket, key, error)
                return
