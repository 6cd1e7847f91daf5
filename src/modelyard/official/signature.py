"""Signatures of official models: an OpenSSF model-signing bundle beside the checkpoint."""

import base64
import json
import re
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from modelyard.config.signing_section import Signing
from modelyard.errors import UserError
from modelyard.store_errors import kind_of_error
from modelyard.stores import read_from, reason

SIGNATURE = "model.sig"
LIBRARY = "model_signing"
MOST_BYTES = 16 * 2**20  # of what a bucket says beside a checkpoint; more does not fit a signature
INSTALL = (
    "install modelyard[signing]; in a project: add `signing` to the extras of modelyard in "
    "requirements.txt, then `sh setup.sh`"
)
# Where a bucket may not be listed, what is missing is refused.
ABSENT = ("missing", "refused", "no credentials")
# The library shows a list of its sentences, whose quotes are escaped or not.
NAMED = re.compile(r"(?:Hash mismatch for|Cannot use) \\?'([^'\\]+)")


def check_library(why: str) -> None:
    """Refuse to go on without the library that signs and verifies.

    Raises:
        UserError: it is not installed; `why` says what needs it.
    """
    if find_spec(LIBRARY) is None:
        raise UserError(f"{why} needs the package model-signing; {INSTALL}.")


def signed_files(bundle: bytes, checkpoint: str) -> list[str]:
    """Return the names that a bundle lists; they are not verified yet.

    Raises:
        ValueError: it is not a bundle, or names files of anything but this checkpoint.
    """
    try:
        payload = json.loads(bundle)["dsseEnvelope"]["payload"]
        listed = json.loads(base64.b64decode(payload))["predicate"]["resources"]
        names = [str(one["name"]) for one in listed]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("it is not a model-signing bundle") from None
    stem = Path(checkpoint).stem
    beside = re.compile(rf"{re.escape(stem)}/\w[\w.-]*", re.ASCII)
    if checkpoint not in names or not all(
        name == checkpoint or beside.fullmatch(name) for name in names
    ):
        raise ValueError(f"it is not the signature of {checkpoint} and {stem}/")
    return names


def problem(folder: Path, bundle: Path, signing: Signing) -> str | None:
    """Say why the files of a folder are not those that the bundle signs, or None.

    What is in the folder beside them does not matter.
    """
    from model_signing import verifying

    with tempfile.TemporaryDirectory() as temporary:
        config = verifying.Config()  # type: ignore[no-untyped-call]
        config.set_ignore_unsigned_files(ignore_unsigned_files=True)
        try:
            if signing.public_key is not None:
                key = Path(temporary, "signing.pub")
                key.write_text(signing.public_key, encoding="utf-8")
                config.use_elliptic_key_verifier(public_key=key)
            else:
                config.use_sigstore_verifier(
                    identity=str(signing.identity), oidc_issuer=signing.issuer
                )
            config.verify(folder, bundle)
        except Exception as error:  # of the library, or of those under it
            return _in_words(error, folder, signing)
    return None


def _in_words(error: Exception, folder: Path, signing: Signing) -> str:
    """Return what a library means: the names of the files, but neither hashes nor paths here."""
    said = str(error)
    if names := [Path(name) for name in NAMED.findall(said)]:
        shown = [p.relative_to(folder) if p.is_relative_to(folder) else p for p in names]
        return f"{', '.join(p.as_posix() for p in shown)} is not what was signed"
    signer = "publish.signing.public_key" if signing.public_key else str(signing.identity)
    if said.startswith("Key mismatch") or type(error).__name__ == "InvalidSignature":
        return f"it is not signed by {signer}"
    if type(error).__name__ == "TUFError":
        return f"sigstore's keys, by which its signature is verified, cannot be fetched ({said})"
    return f"it cannot be verified as signed by {signer} ({reason(error)})"


def unsigned(bucket: str, file: Path, signing: Signing) -> str | None:
    """Say why a checkpoint as it was fetched is not what its bucket's signature says, or None.

    Without a signature it depends on `required`. What describes the checkpoint in the bucket is
    signed with it, so it is fetched and verified as well.
    """
    beside = f"{bucket.rstrip('/')}/{file.stem}"
    bundle = _read(f"{beside}/{SIGNATURE}")
    if bundle is None:
        missing = f"it has no signature {file.stem}/{SIGNATURE}, which publish.signing requires"
        return missing if signing.required else None
    if find_spec(LIBRARY) is None and not signing.required:
        print(
            f"warning: {file.name} is signed, which is not verified here: {INSTALL}.",
            file=sys.stderr,
        )
        return None
    check_library("publish.signing.required")
    with tempfile.TemporaryDirectory(dir=file.parent) as temporary:
        folder = Path(temporary)
        (folder / file.stem).mkdir()
        (folder / file.name).hardlink_to(file)
        (folder / SIGNATURE).write_bytes(bundle)
        try:
            names = signed_files(bundle, file.name)
        except ValueError as error:
            return f"its signature {file.stem}/{SIGNATURE} is damaged: {error}"
        for name in names:
            if name != file.name:
                (folder / name).write_bytes(_read(f"{bucket.rstrip('/')}/{name}") or b"")
        return problem(folder, folder / SIGNATURE, signing)


def _read(url: str) -> bytes | None:
    """Return a small file of a bucket, None if it is not there."""
    try:
        return read_from(url, lambda fs, path: bytes(fs.cat_file(path, end=MOST_BYTES)))
    except Exception as error:
        if kind_of_error(error) in ABSENT:
            return None
        raise
