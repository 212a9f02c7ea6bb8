"""Who calls with the credentials of an instance's role, and what that role may do. All other callers may do everything.

"Using an IAM role to grant permissions to applications running on Amazon EC2 instances" (IAM User Guide).
"""

from __future__ import annotations

from dataclasses import dataclass

from moto.iam.models import iam_backends

from emulator.authorization import Need, Policies
from emulator.policy_evaluation import Source
from emulator.services.iam_simulation import policies_of


@dataclass(frozen=True, slots=True)
class Caller:
    """A role, as it was taken on by an instance."""

    account_id: str
    role_arn: str
    instance_id: str

    def refused(self, needs: list[Need]) -> Need | None:
        """The first of *needs* that the role's policies, or its boundary, do not allow. Nothing is allowed to a role that is gone."""
        backend = iam_backends[self.account_id]["aws"]
        if all(role.arn != self.role_arn for role in backend.roles.values()):
            return needs[0] if needs else None
        policies, boundary = policies_of(backend, self.role_arn)
        refused = _policies(policies).refused(needs)
        return refused or (_policies([boundary]).refused(needs) if boundary else None)


def _policies(sources: list[Source]) -> Policies:
    return Policies({"Statement": source.statements} for source in sources)


#: By the id of the access key.
CALLERS: dict[str, Caller] = {}
