"""`publish.signing` in the root config.yaml: who signs official models, and how readers know."""

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from .section import Section

GITHUB = "https://token.actions.githubusercontent.com"
PEM = re.compile(
    r"\s*-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----\s*", re.ASCII
)


def _public_key(value: str) -> str:
    if not PEM.fullmatch(value):
        raise ValueError(
            "must be a public key as PEM, such as `openssl ec -in signing.key -pubout` prints: "
            "`public_key: |`, then the lines from BEGIN PUBLIC KEY to END PUBLIC KEY, indented"
        )
    return value


class Signing(Section):
    """`publish.signing`: who signs what is published; either with a key, or keyless as a workflow.

    Attributes:
        public_key: PEM of the elliptic curve P-256, P-384 or P-521; publishers have the private one
            in MODELYARD_SIGNING_KEY.
        identity: keyless, by sigstore: the workflow that publishes, such as
            https://github.com/ORG/REPO/.github/workflows/NAME.yaml@refs/heads/main.
        issuer: of the identity; that of GitHub's workflows.
        required: readers refuse what is not signed.
    """

    public_key: Annotated[str, AfterValidator(_public_key)] | None = None
    identity: str | None = Field(default=None, min_length=1)
    issuer: str = Field(default=GITHUB, pattern=r"^https://")
    required: bool = False

    @model_validator(mode="before")
    @classmethod
    def _no_private_key(cls, section: Any) -> Any:
        """Refuse it here, where the message does not show it, as that of a key would."""
        if isinstance(section, dict) and "PRIVATE KEY" in str(section.get("public_key")):
            raise ValueError(
                "public_key is a private key; write the public one, keep the private one out of "
                "Git, and if it was committed, make a new one"
            )
        return section

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.public_key is None) == (self.identity is None):
            raise ValueError("needs one of public_key and identity, not both")
        return self
