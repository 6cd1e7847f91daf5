"""Signed official models: a bundle that fits the files in the bucket, which readers verify."""

import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from model_signing import signing as library
from model_signing import verifying

from modelyard.config.loading import load_project
from modelyard.errors import UserError
from modelyard.official.cache import cache_folder
from modelyard.official.fetching import fetch_official
from modelyard.official.signature import SIGNATURE, signed_files
from modelyard.publishing.official.signing import KEY, WORKFLOW

from .official import checkpoints, commit, configure, publish, ready, record, write_run
from .tiny import snapshot

IDENTITY = "https://github.com/team/digits/.github/workflows/publish.yaml@refs/heads/main"
PRIVATE = ec.generate_private_key(ec.SECP256R1())


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, password: bytes = b"") -> str:
    """Return a private key as text."""
    how: KeySerializationEncryption = NoEncryption()
    if password:
        how = BestAvailableEncryption(password)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()


def public(key: ec.EllipticCurvePrivateKey) -> str:
    """Return its public key as text."""
    form = Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(*form).decode()


def sign_with(buckets: tuple[Path, ...], **keys: object) -> None:
    """Write `publish` of the root config.yaml."""
    urls = [f"file://{path}" for path in buckets]
    configure("config.yaml", publish={"buckets": urls, "signing": keys})


@pytest.fixture(name="buckets")
def _buckets(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Return two buckets, near and far, to which a key signs."""
    buckets = workspace.parent / "near", workspace.parent / "far"
    ready(*buckets)
    sign_with(buckets, public_key=public(PRIVATE), required=True)
    commit()
    monkeypatch.setenv(KEY, pem(PRIVATE))
    return buckets


def refused() -> str:
    """Return why the model cannot be fetched."""
    with pytest.raises(UserError) as caught:
        fetch_official("tiny")
    return str(caught.value)


def test_what_a_bucket_holds_is_signed_and_one_changed_byte_is_refused(
    buckets: tuple[Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    near, far = buckets
    assert publish() == 0
    assert capsys.readouterr().out.count("uploaded, signed") == 2
    name = checkpoints(near)[0]
    beside = near / Path(name).stem
    names = {name, *(f"{beside.name}/{file.name}" for file in beside.iterdir())}
    assert set(signed_files((beside / SIGNATURE).read_bytes(), name)) == names - {
        f"{beside.name}/{SIGNATURE}"
    }
    key = tmp_path / "signing.pub"
    key.write_text(public(PRIVATE))
    verifier: Any = verifying.Config()  # type: ignore[no-untyped-call]
    verifier.use_elliptic_key_verifier(public_key=key)
    mine = tmp_path / "downloaded"
    shutil.copytree(beside, mine / beside.name)
    shutil.copy(near / name, mine)
    verifier.verify(mine, beside / SIGNATURE)  # as anybody does, without this package
    assert fetch_official("tiny")[0].is_file()

    commit()
    write_run(started="2031-01-01T00:00:00+00:00")  # equal content: the first one's files stay
    record()
    commit()
    before = snapshot(near)
    assert publish() == 0
    assert snapshot(near) == before
    (cache_folder() / name).unlink()

    with zipfile.ZipFile(near / name, "a") as archive:  # which the hash of the content ignores
        archive.comment = b"x"
    card = far / beside.name / "README.md"
    card.write_bytes(card.read_bytes()[:-1] + b"!")
    assert refused().splitlines()[1:] == [
        f"file://{near}/{name}: {name} is not what was signed.",
        f"file://{far}/{name}: {beside.name}/README.md is not what was signed.",
    ]
    (near / beside.name / SIGNATURE).write_text("{}")
    (far / beside.name / SIGNATURE).unlink()
    assert refused().splitlines()[1:] == [
        f"file://{near}/{name}: its signature {beside.name}/model.sig is damaged: it is not a "
        "model-signing bundle.",
        f"file://{far}/{name}: it has no signature {beside.name}/model.sig, which publish.signing "
        "requires.",
    ]
    assert publish() == 0  # signs again what is there
    sign_with(buckets, public_key=public(ec.generate_private_key(ec.SECP384R1())))
    assert "it is not signed by publish.signing.public_key." in refused()
    (far / beside.name / SIGNATURE).unlink()
    assert fetch_official("tiny")[0].is_file()  # unsigned, and not required


def test_a_signature_of_another_model_is_refused(buckets: tuple[Path, Path]) -> None:
    assert publish() == 0
    bundle = (buckets[0] / Path(checkpoints(buckets[0])[0]).stem / SIGNATURE).read_bytes()
    with pytest.raises(ValueError, match="the signature of other_0123456789"):
        signed_files(bundle, "other_0123456789.keras")


def test_nothing_is_sent_where_it_could_not_be_signed(
    buckets: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cases = {
        "": f"publish.signing needs the private key in {KEY}",
        "nowhere.key": f"The file that {KEY} names cannot be read (No such file or directory)",
        "-----BEGIN nothing\nsecrets\n": f"{KEY} is not a key that can sign",
        pem(PRIVATE, b"secret"): f"{KEY} is not a key that can sign",
        pem(rsa.generate_private_key(65537, 2048)): f"{KEY} is not a key that can sign",
        pem(ec.generate_private_key(ec.SECP256R1())): f"{KEY} is not the private key of publish",
    }
    for given, said in cases.items():
        monkeypatch.setenv(KEY, given)
        assert publish() == 1
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
        assert not any(line in error for line in given.splitlines()[1:])
    assert not any(map(Path.exists, buckets))


def test_a_configuration_that_could_not_be_verified_is_refused_and_shows_no_private_key(
    buckets: tuple[Path, Path],
) -> None:
    for keys, said in (
        ({}, "publish.signing: needs one of public_key and identity, not both"),
        (
            {"public_key": "signing.pub"},
            "publish.signing.public_key is 'signing.pub': must be a pu",
        ),
        ({"public_key": pem(PRIVATE)}, "publish.signing: public_key is a private key; write the"),
        ({"identity": IDENTITY, "issuer": "http://x"}, "publish.signing.issuer is 'http://x'"),
    ):
        sign_with(buckets, **keys)
        with pytest.raises(UserError) as caught:
            load_project()
        assert said in str(caught.value)
        assert pem(PRIVATE).splitlines()[1] not in str(caught.value)


def test_keyless_signs_as_the_workflow_and_readers_ask_for_its_identity(
    buckets: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    sign_with(buckets, identity=IDENTITY, required=True)
    commit()
    assert publish() == 1
    assert "publish in a job with `permissions: {id-token: write}`" in capsys.readouterr().err
    asked: list[object] = []
    private, known = tmp_path / "stub.key", tmp_path / "stub.pub"
    private.write_text(pem(PRIVATE))
    known.write_text(public(PRIVATE))

    def sigstore(config: library.Config, **how: object) -> library.Config:
        asked.append(how)
        return config.use_elliptic_key_signer(private_key=private)

    def trusted(config: verifying.Config, **who: object) -> verifying.Config:
        asked.append(who)
        return config.use_elliptic_key_verifier(public_key=known)

    # Sigstore's services need a network: their place in the library is taken by a key.
    monkeypatch.setattr(library.Config, "use_sigstore_signer", sigstore)
    monkeypatch.setattr(verifying.Config, "use_sigstore_verifier", trusted)
    monkeypatch.setenv(WORKFLOW, "https://example.org")
    assert publish() == 0
    assert asked == [{"use_ambient_credentials": True}] * 2
    assert fetch_official("tiny")[0].is_file()
    assert asked[2] == {
        "identity": IDENTITY,
        "oidc_issuer": "https://token.actions.githubusercontent.com",
    }


def test_who_cannot_verify_is_told(
    buckets: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert publish() == 0
    monkeypatch.setattr("modelyard.official.signature.LIBRARY", "not_installed")
    assert "needs the package model-signing; install modelyard[signing]" in refused()
    sign_with(buckets, public_key=public(PRIVATE))
    capsys.readouterr()
    assert fetch_official("tiny")[0].is_file()
    assert "is signed, which is not verified here: install modelyard" in capsys.readouterr().err
