"""Sign what a bucket holds of a model, after it has been verified, for readers to check."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modelyard.config.loading import ROOT_CONFIG
from modelyard.config.signing_section import Signing
from modelyard.errors import UserError
from modelyard.files import PARTIAL
from modelyard.official.cache import cache_folder
from modelyard.official.record import OfficialConfig
from modelyard.official.signature import SIGNATURE, check_library, problem
from modelyard.official.tombstones import TOMBSTONE
from modelyard.stores import FETCHED, file_system, reason, scheme

from .target import Target

KEY = "MODELYARD_SIGNING_KEY"
WORKFLOW = "ACTIONS_ID_TOKEN_REQUEST_URL"  # GitHub sets it in jobs that may ask for an identity
SUCH = (
    "set it to the path of an elliptic curve key without a password, as `openssl ecparam -name "
    "prime256v1 -genkey -noout -out signing.key` makes one, or to its text"
)


def check_signing(signing: Signing) -> None:
    """Refuse to begin what could not be signed.

    Raises:
        UserError: the library, the key or the workflow's identity is missing, or the key is not
            the one that readers know.
    """
    check_library(f"{ROOT_CONFIG}: publish.signing")
    if signing.public_key is not None:
        _check_key(signing)
    elif not os.environ.get(WORKFLOW):
        raise UserError(
            f"{ROOT_CONFIG}: publish.signing.identity is a workflow's, so only a workflow can "
            "sign: publish in a job with `permissions: {id-token: write}`, or sign with a key "
            "(publish.signing.public_key)."
        )


def _check_key(signing: Signing) -> None:
    """Refuse a private key that is missing, cannot sign, or is not that of the public one."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key as private
    from cryptography.hazmat.primitives.serialization import load_pem_public_key as public

    if not os.environ.get(KEY):
        raise UserError(f"{ROOT_CONFIG}: publish.signing needs the private key in {KEY}; {SUCH}.")
    try:
        with _key(signing) as file:
            _signer(file)
            found = private(file.read_bytes(), None).public_key() if file else None
    except OSError as error:
        raise UserError(
            f"The file that {KEY} names cannot be read ({error.strerror}); {SUCH}."
        ) from None
    except (
        TypeError,
        ValueError,
        AttributeError,
    ) as error:  # encrypted, no key, or of another kind
        raise UserError(f"{KEY} is not a key that can sign ({reason(error)}); {SUCH}.") from None
    if found != public(str(signing.public_key).encode()):
        raise UserError(
            f"{KEY} is not the private key of publish.signing.public_key in {ROOT_CONFIG}, so "
            "readers would refuse what it signs; set the one that is, or change public_key."
        )


def sign(
    target: Target, official: OfficialConfig, side_files: Sequence[Path], local: Path | None
) -> bool:
    """Sign a checkpoint and its side files in a bucket, unless a fitting signature is there.

    The side files are those that were sent; nothing else in the bucket is signed. `local` has the
    same bytes as the checkpoint; None: another publisher may have sent it, so it is fetched.

    Returns:
        Whether it was signed now.

    Raises:
        UserError: it could not be signed.
    """
    from fsspec.callbacks import NoOpCallback

    checkpoint, signing = official.public_checkpoint, target.signing
    if signing is None:
        return False
    stem = Path(checkpoint).stem
    beside = [f"{stem}/{name}" for name in (SIGNATURE, TOMBSTONE)]
    cache = cache_folder()  # on a disk; /tmp may be in memory
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=PARTIAL) as temporary:
        folder, bundle = Path(temporary, stem), Path(temporary, SIGNATURE)
        (folder / stem).mkdir(parents=True)
        for file in side_files:
            shutil.copy(file, folder / stem)
        if local is not None:
            _link(local, folder / checkpoint)
        else:
            fs, path = file_system(f"{target.url}/{checkpoint}")
            options = FETCHED.get(scheme(target.url), {})
            fs.get_file(path, str(folder / checkpoint), **options)
        there = target.read(f"{stem}/{SIGNATURE}")
        if there is not None:
            bundle.write_bytes(there)
            if problem(folder, bundle, signing) is None:
                return False
        try:
            with _key(signing) as key:
                _signer(key).set_hashing_config(_all_but(folder, beside)).sign(folder, bundle)
        except Exception as error:  # of sigstore, or of those under it
            raise UserError(f"{checkpoint} could not be signed: {reason(error)}") from None
        target.replace(bundle, f"{stem}/{SIGNATURE}", NoOpCallback())
    return True


def _all_but(folder: Path, names: Sequence[str]) -> Any:
    """Return what is signed of a folder; whoever verifies a download leaves out these names."""
    from model_signing import hashing

    config: Any = hashing.Config()  # type: ignore[no-untyped-call]
    config.add_ignored_paths(model_path=folder, paths=names)
    return config


def _link(file: Path, name: Path) -> None:
    """Give a file another name, or a copy where that is on another disk."""
    try:
        name.hardlink_to(file)
    except OSError:
        shutil.copy(file, name)


def _signer(key: Path | None) -> Any:
    """Return what signs: with a key, or as the workflow that this is."""
    from model_signing import signing

    config: Any = signing.Config()  # type: ignore[no-untyped-call]
    if key is None:
        return config.use_sigstore_signer(use_ambient_credentials=True)
    return config.use_elliptic_key_signer(private_key=key)


@contextmanager
def _key(signing: Signing) -> Iterator[Path | None]:
    """Yield the file of the private key, which a secret may hold as text; None if keyless."""
    given = os.environ.get(KEY, "")
    if signing.public_key is None:
        yield None
    elif "-----BEGIN" not in given:
        yield Path(given)
    else:
        with tempfile.TemporaryDirectory() as folder:  # which only its owner may enter
            file = Path(folder, "signing.key")
            file.write_text(given, encoding="utf-8")
            yield file
