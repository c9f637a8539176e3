"""All answers in one field of a form: sealed against readers of a shared telephone, and sent twice the same submission.

Source: AES-256-GCM, NIST SP 800-38D; bound to the wave.
"""

import base64
import json
import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from surveys.keys import derived_key
from surveys.public.visit import State, Visit

__all__ = ["seal", "unseal"]

NONCE, ID = 12, 16
DAY = 86_400


def seal(visit: Visit, state: State) -> str:
    """Id, answers to the questions that were asked, language and seconds, as a text for a form."""
    asked = set(visit.questionnaire.applicable(state.answers))
    content = {
        "answers": {code: answer for code, answer in state.answers.items() if code in asked},
        "language": visit.frame.words.tag,
        "duration_seconds": min(state.seconds, DAY),
    }
    plain = state.submission_id.bytes + json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    nonce = secrets.token_bytes(NONCE)
    sealed = nonce + AESGCM(derived_key("public form")).encrypt(nonce, plain, visit.wave.id.bytes)
    return base64.urlsafe_b64encode(sealed).decode()


def unseal(visit: Visit, payload: str) -> tuple[UUID, bytes] | None:
    """Id and JSON body of a response; None when this service did not seal it for this wave."""
    try:
        sealed = base64.urlsafe_b64decode(payload.encode())
        plain = AESGCM(derived_key("public form")).decrypt(sealed[:NONCE], sealed[NONCE:], visit.wave.id.bytes)
    except (ValueError, InvalidTag):
        return None
    return UUID(bytes=plain[:ID]), plain[ID:]
