"""A Python package index: written as PyPI is, read through its simple index."""

import re
import tempfile
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import requests
from pypi_simple import DistributionPackage, NoSuchProjectError, PyPISimple

from modelyard.errors import UserError
from modelyard.files import sha256, whole_file
from modelyard.publishing.environment_file import SETTINGS
from modelyard.publishing.environments import Environment

from .answers import reasons, refusal
from .names import in_files, normalized, wheel_name
from .web import session
from .wheel import Wheel

# Where PyPI takes uploads, which is not where it is read.
UPLOADS = {
    "https://pypi.org": "https://upload.pypi.org/legacy/",
    "https://test.pypi.org": "https://test.pypi.org/legacy/",
}
DIGEST = re.compile(r"[0-9a-f]{64}")
DEVPI = "X-DEVPI-API-VERSION"
WAITS = (0, 1, 2, 4, 8, 16)  # seconds: an index may show late what it has taken


class Index:
    """An environment that is a package index; package.json travels inside the wheel."""

    def __init__(self, environment: Environment) -> None:
        """Read the token; ask nothing yet."""
        self._environment = environment
        self._name, self._url = environment.name, environment.url
        self._upload = UPLOADS.get(self._url, f"{self._url}/")
        self._session = session(environment, self._upload)

    def find(self, package: str, version: str) -> str | None:
        """Return the SHA-256 of the wheel as the index says, or else of its bytes."""
        file = self._wheel(package, version)
        if file is None:
            return None
        said = file.digests.get("sha256") or ""
        if DIGEST.fullmatch(said):
            return said
        with tempfile.TemporaryDirectory() as folder, reasons(self._environment):
            path = Path(folder, file.filename)
            self._client.download_package(file, path, verify=False)
            return sha256(path)

    def publish(self, wheel: Wheel) -> None:
        """Upload the wheel and wait until the index shows it."""
        answer = self._send(wheel.wheel)
        taken = answer.ok and not answer.is_redirect
        # Where it is refused, another may have been faster.
        found = self._wait_for(wheel, WAITS if taken else WAITS[:1])
        if found is None and taken:
            raise UserError(
                f"{self._name}: {self._upload} has taken {wheel.wheel.name}, but {self._simple} "
                "does not show it yet; publish again in a while to see that it is there."
            )
        if found is None:
            raise refusal(self._environment, answer)
        if found != wheel.sha256:
            raise UserError(
                f"{self._name}: {wheel.title} was published by somebody else meanwhile; "
                f"{wheel.remedy}"
            )

    def remove(self, package: str, version: str) -> bool:
        """Delete a version where the server has a way: pypiserver's and devpi's are known."""
        if self._wheel(package, version) is None:
            return False
        if self._url not in UPLOADS:
            with reasons(self._environment):
                self._delete(package, version)
            if self._wheel(package, version) is None:
                return True
        raise UserError(
            f"{self._name}: {self._url} has no way to delete version {version} of {package} that "
            "is known here; yank or delete it on its website."
        )

    def fetch(self, package: str, version: str, folder: Path) -> Path:
        """Download the wheel, which must have the digest that the index says."""
        file = self._wheel(package, version)
        if file is None:
            raise UserError(
                f"{self._name}: version {version} of {package} is not there; publish it with "
                f"`python -m ci.publish --env {self._name}`."
            )
        target = folder / file.filename
        with whole_file(target) as temporary, reasons(self._environment):
            try:
                self._client.download_package(file, temporary)
            except ValueError:  # without a digest, or with another one
                raise UserError(
                    f"{self._name}: {target.name} is not the file whose SHA-256 the index tells, "
                    "or it tells none; publish another version, and remove this one there."
                ) from None
        return target

    @cached_property
    def _is_devpi(self) -> bool:
        with reasons(self._environment):
            known = self._url in UPLOADS
            return not known and DEVPI in self._session.head(f"{self._url}/").headers

    @property
    def _simple(self) -> str:
        return f"{self._url}/{'+simple' if self._is_devpi else 'simple'}/"

    @cached_property
    def _client(self) -> PyPISimple:
        return PyPISimple(self._simple, session=self._session)

    def _wheel(self, package: str, version: str) -> DistributionPackage | None:
        """Return the wheel of a version, however its name is spelled; None if it is not there."""
        with reasons(self._environment):
            try:
                page = self._client.get_project_page(
                    normalized(package), headers={"Cache-Control": "no-cache"}
                )
            except NoSuchProjectError:
                return None
            except ValueError:  # another kind of content, another version of the protocol
                raise UserError(
                    f"{self._name}: {self._simple} does not answer as a package index does; "
                    f"correct {self._name}.host in {SETTINGS}."
                ) from None
        name = wheel_name(package, version)
        return next((file for file in page.packages if file.filename == name), None)

    def _send(self, wheel: Path) -> requests.Response:
        from twine.package import PackageFile
        from twine.repository import Repository

        repository = Repository(self._upload, None, None, disable_progress_bar=True)
        repository.close()
        repository.session = self._session  # whose token is in no argument and no setting
        with reasons(self._environment):
            return repository.upload(PackageFile.from_filename(str(wheel), None))

    def _wait_for(self, wheel: Wheel, waits: Sequence[int]) -> str | None:
        for wait in waits:
            time.sleep(wait)
            if found := self.find(wheel.name, wheel.version):
                return found
        return None

    def _delete(self, package: str, version: str) -> None:
        if self._is_devpi:
            answer = self._session.delete(f"{self._url}/{normalized(package)}/{version}")
        else:
            form = {":action": "remove_pkg", "name": in_files(package), "version": version}
            answer = self._session.post(self._upload, data=form)
        if answer.status_code in (401, 403):
            raise refusal(self._environment, answer)
