"""A session that is encrypted with a KMS key: AES-GCM with a data key for each direction, on top of the connection's TLS.

"src/encryption" of AWS's public session-manager-plugin; "Turn on KMS key encryption of session data" (AWS Systems Manager User Guide).
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from emulator.sessions.messages import InvalidMessage

#: Bytes of a data key: the half that the client decrypts with, and the half that it encrypts with.
KEY_SIZE = 64
NONCE_SIZE = 12


def context_of(session_id: str, target: str) -> dict[str, str]:
    """The encryption context of a session's data key."""
    return {"aws:ssm:SessionId": session_id, "aws:ssm:TargetId": target}


@dataclass(frozen=True, slots=True)
class Cipher:
    """One end of an encrypted session."""

    encrypting: bytes
    decrypting: bytes

    @classmethod
    def of_client(cls, data_key: bytes) -> Cipher:
        half = len(data_key) // 2
        return cls(encrypting=data_key[half:], decrypting=data_key[:half])

    @classmethod
    def of_agent(cls, data_key: bytes) -> Cipher:
        half = len(data_key) // 2
        return cls(encrypting=data_key[:half], decrypting=data_key[half:])

    def encrypt(self, text: bytes) -> bytes:
        nonce = os.urandom(NONCE_SIZE)
        return nonce + AESGCM(self.encrypting).encrypt(nonce, text, None)

    def decrypt(self, data: bytes) -> bytes:
        """Raises InvalidMessage where *data* was not encrypted by the other end."""
        try:
            return AESGCM(self.decrypting).decrypt(data[:NONCE_SIZE], data[NONCE_SIZE:], None)
        except (InvalidTag, ValueError) as error:
            raise InvalidMessage("a payload was not encrypted with the session's key") from error
