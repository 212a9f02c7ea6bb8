"""The machines of EC2's instances, where there are any. Without them each instance is one whose agent never came up."""

from __future__ import annotations

from emulator.sessions.agent import Machine

#: By the instance's id: those whose SSM agent is connected.
CONNECTED: dict[str, Machine] = {}
