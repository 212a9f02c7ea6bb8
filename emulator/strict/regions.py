"""The region of a signature must be one that the service has (AWS General Reference, "Service endpoints and quotas")."""

from __future__ import annotations

from functools import cache

import botocore.session

from emulator.errors import AwsError

# How a service says that a signature's region is wrong.
_XML_CODE = "SignatureDoesNotMatch"
_JSON_CODE = "InvalidSignatureException"
_PRIVATE = frozenset({"aws-global", "aws-cn-global", "aws-us-gov-global", "aws-iso-global", "aws-iso-b-global"})


def refuse_unknown(service: str, region: str, protocol: str) -> None:
    """Raises AwsError if *service* (botocore's name) isn't in *region*, or there is no such region."""
    if region in regions(service):
        return
    if service == "s3":
        raise AwsError("AuthorizationHeaderMalformed", f"The authorization header is malformed; the region '{region}' is wrong")
    code = _JSON_CODE if protocol in ("json", "rest-json") else _XML_CODE
    raise AwsError(code, f"Credential should be scoped to a valid region, not '{region}'.", 403)


@cache
def _session() -> botocore.session.Session:
    """Kept, since each session reads the list of endpoints anew (0.1 s)."""
    return botocore.session.get_session()


@cache
def regions(service: str) -> frozenset[str]:
    """Regions in which *service* can be asked; all of them for global services, which sign with whatever the client was given."""
    session = _session()
    everywhere = frozenset(
        region for partition in session.get_available_partitions() for region in session.get_available_regions("ec2", partition)
    )
    own = frozenset(
        region for partition in session.get_available_partitions() for region in session.get_available_regions(service, partition)
    )
    return own or (everywhere - _PRIVATE)
