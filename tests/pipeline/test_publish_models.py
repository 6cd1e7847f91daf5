"""Official models in real buckets: gs://, s3:// and az:// servers on loopback, and file://."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
import stores
from stores import Store

from pipeline.stages import MODEL, Project

PUBLISH = ("python", "-m", "ci.publish_models")
OFFICIAL = f"official_models/{MODEL}"
FETCH = (
    f"from modelyard.official.fetching import fetch_official; print(fetch_official('{MODEL}')[0])"
)
MAKE = """
import fsspec, json, sys
for url in sys.argv[1:]:
    scheme, _, name = url.partition("://")
    fs = fsspec.filesystem(scheme)
    fs.mkdir(name)
    if scheme == "s3":  # public: anybody may read what lies there
        what = {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"]}
        policy = {"Statement": [{**what, "Resource": f"arn:aws:s3:::{name}/*"}]}
        text = json.dumps({"Version": "2012-10-17", **policy})
        fs.call_s3("put_bucket_policy", Bucket=name, Policy=text)
"""
PUT = """
import fsspec, sys
from pathlib import Path
fs, path = fsspec.core.url_to_fs(sys.argv[2])
metrics = Path("training_metrics", sys.argv[1], "metrics.json")
for file in (*Path("models", sys.argv[1]).glob("*.*"), metrics):
    fs.put_file(str(file), f"{path}/{file.name}")
"""
OVERWRITE = """
import io, sys, zipfile, fsspec
fs, path = fsspec.core.url_to_fs(sys.argv[1])
old = zipfile.ZipFile(io.BytesIO(fs.cat_file(path)))
with fs.open(path, "wb") as file, zipfile.ZipFile(file, "w") as new:
    for name in old.namelist():
        content = bytearray(old.read(name))
        content[-1] ^= name == "model.weights.h5"
        new.writestr(name, bytes(content))
"""
SEEN = ("AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL")  # where s3:// is, but no account
RACE = """
import json, sys, threading
from pathlib import Path
from fsspec.callbacks import Callback
from modelyard.publishing.official.target import Target

url, name, *files = sys.argv[1:]
start, won = threading.Barrier(len(files)), []

def race(file):
    start.wait()
    if Target(url).put(Path(file), name, Callback()):
        won.append(file)

threads = [threading.Thread(target=race, args=(file,)) for file in files]
for thread in threads: thread.start()
for thread in threads: thread.join()
import fsspec
fs, path = fsspec.core.url_to_fs(f"{url}/{name}")
for file in files[:2]:
    Target(url).replace(Path(file), f"{name}.txt", Callback())
fs.invalidate_cache()
assert fs.cat_file(f"{path}.txt") == Path(files[1]).read_bytes()
print(json.dumps([won, [fs.cat_file(path) == Path(file).read_bytes() for file in files]]))
"""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Store]]:
    """A server of each kind."""
    folder = tmp_path_factory.mktemp("servers")
    with ExitStack() as stack:
        yield [stack.enter_context(serve(folder)) for serve in (stores.gs, stores.s3, stores.az)]


@pytest.fixture
def variables(servers: list[Store], tmp_path: Path) -> dict[str, str]:
    """What leads to all of them, and to an empty cache."""
    found = {key: value for store in servers for key, value in store.variables.items()}
    return found | {"MODELYARD_CACHE": str(tmp_path / "cache")}


@pytest.fixture
def buckets(
    servers: list[Store], finished: Project, variables: dict[str, str], tmp_path: Path
) -> list[str]:
    """Give the project a bucket of its own on every server, and a folder; return their URLs."""
    urls = [
        f"{store.url.partition('//')[0]}//{tmp_path.name.replace('_', '-').lower()}-{os.getpid()}"
        for store in servers
    ]
    finished.run("python", "-c", MAKE, *urls, variables=variables)
    return use(finished, [*(f"{url}/official" for url in urls), f"file://{tmp_path}/bucket"])


def use(project: Project, urls: Sequence[str]) -> list[str]:
    """Configure buckets, and commit that."""
    config = project.path / "config.yaml"
    head = config.read_text().partition("  buckets:")[0]
    config.write_text(head + "".join(["  buckets:\n", *(f"    - {url}\n" for url in urls)]))
    project.run("git", "commit", "--quiet", "--allow-empty", "--all", "--message", "Buckets")
    return list(urls)


def official_files(project: Project) -> dict[str, bytes]:
    folder = project.path / OFFICIAL
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def checkpoint(project: Project) -> str:
    return str(project.yaml(f"{OFFICIAL}/config.yaml")["public_checkpoint"])


def test_a_model_goes_to_every_kind_of_bucket_once_and_comes_back_by_its_name(
    finished: Project, servers: list[Store], buckets: list[str], variables: dict[str, str]
) -> None:
    said = finished.run(*PUBLISH, variables=variables)
    name = checkpoint(finished)
    for url in buckets:
        assert f"Uploading models/{MODEL}/model.keras to {url}/{name}" in said
    before = official_files(finished), [len(store.writes) for store in servers]
    said = finished.run(*PUBLISH, variables=variables)
    for url in buckets:
        assert f"Skipping since {url}/{name} exists." in said
    assert (official_files(finished), [len(store.writes) for store in servers]) == before
    results = f"{buckets[1].removesuffix('/official')}/results/version_1"
    finished.run("python", "-c", PUT, MODEL, results, variables=variables)
    said = finished.run(*PUBLISH, MODEL, "--from", results, variables=variables)
    assert f"Copying the results from {results}." in said
    assert said.count("Skipping since") == len(buckets)
    assert official_files(finished) == before[0]
    expected = (finished.path / f"models/{MODEL}/model.keras").read_bytes()
    nobody = {key: variables[key] for key in variables if not key.startswith("AWS_") or key in SEEN}
    for url in buckets:
        use(finished, [url])
        *lines, where = finished.run("python", "-c", FETCH, variables=nobody).splitlines()
        assert any("is read without credentials" in line for line in lines) == ("s3:" in url)
        assert Path(where).read_bytes() == expected
        Path(where).unlink()
    finished.run("git", "checkout", "--quiet", f"{MODEL}@v1.0.0")
    image = next((finished.path / "data/raw/digits").rglob("*.png"))
    finished.run(
        "modelyard", "predict", MODEL, str(image), "--zoo", buckets[0], variables=variables
    )
    assert (finished.path / "predictions.csv").read_text().startswith("path,class,probability\n")
    use(finished, buckets)
    withdraw = ("python", "-m", "ci.withdraw", f"{MODEL}@v1.0.0", "--why", "A trial.")
    said = finished.run(*withdraw, "--delete-weights", variables=variables)
    for url in buckets:
        assert f"{url}: wrote {Path(name).stem}/withdrawn.json, removed {name}.\n" in said
    predict = ("modelyard", "predict", MODEL, str(image), "--force")
    said = finished.run(*predict, check=False, variables=variables)
    assert f"error: {MODEL}@v1.0.0 was withdrawn on " in said


def test_of_eight_uploads_at_once_exactly_one_wins_in_every_kind_of_bucket(
    finished: Project, buckets: list[str], variables: dict[str, str], tmp_path: Path
) -> None:
    for size in (1000, 20 * 2**20):  # in one request, in several
        files = [tmp_path / f"{size}-{number}" for number in range(8)]
        for number, file in enumerate(files):
            file.write_bytes(bytes([number]) * size)
        for url in buckets:
            command = ("python", "-c", RACE, url, f"raced/{size}.keras", *map(str, files))
            won, equal = json.loads(finished.run(*command, variables=variables))
            assert len(won) == 1, url
            assert [files[number].name for number in range(8) if equal[number]] == [
                Path(won[0]).name
            ], url


def test_two_publishers_at_once_leave_one_intact_model_and_both_are_content(
    finished: Project, buckets: list[str], variables: dict[str, str]
) -> None:
    both = [start(finished, PUBLISH, variables) for _ in range(2)]
    said = [process.communicate()[0] for process in both]
    assert "uploaded" in said[0] + said[1]
    assert len(buckets) == finished.run(*PUBLISH, variables=variables).count("Skipping since")
    # They share a clone here: only one of them commits and tags.
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted(text.count("Committed ") for text in said) == [0, 1]
    assert sorted(text.count("Tagged ") for text in said) == [0, 1]


def test_a_bucket_that_is_down_stops_no_other_and_the_next_run_repairs_it(
    finished: Project, buckets: list[str], variables: dict[str, str]
) -> None:
    down = {**variables, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{stores.free_port()}"}
    said = finished.run(*PUBLISH, check=False, variables=down)
    (failed,) = (url for url in buckets if url.startswith("s3://"))
    assert (
        f"error: {failed}: the server cannot be reached: Could not connect to the endpoint URL"
        in said
    )
    assert "Traceback" not in said
    name, before = checkpoint(finished), official_files(finished)
    said = finished.run(*PUBLISH, variables=variables)
    for url in buckets:
        done = "Uploading models/" if url == failed else "Skipping since"
        assert any(line.startswith(done) and f"{url}/{name}" in line for line in said.splitlines())
    assert official_files(finished) == before
    assert finished.run("git", "tag").split() == [f"{MODEL}@v1.0.0"]


def test_a_tampered_checkpoint_is_neither_loaded_nor_replaced(
    finished: Project, buckets: list[str], variables: dict[str, str]
) -> None:
    finished.run(*PUBLISH, variables=variables)
    name = checkpoint(finished)
    for url in buckets[:3]:
        finished.run("python", "-c", OVERWRITE, f"{url}/{name}", variables=variables)
    *warnings, where = finished.run("python", "-c", FETCH, variables=variables).splitlines()
    expected = (finished.path / f"models/{MODEL}/model.keras").read_bytes()
    assert Path(where).read_bytes() == expected  # from the fourth
    assert ["used instead" in line for line in warnings] == [True] * 3
    Path(where).unlink()
    use(finished, buckets[:3])
    image = next((finished.path / "data/raw/digits").rglob("*.png"))
    predict = ("modelyard", "predict", MODEL, str(image))
    said = finished.run(*predict, check=False, variables=variables)
    assert f"error: No bucket has the official model '{MODEL}' intact." in said
    assert said.count("its content has the SHA-256") == 3
    said = finished.run(*PUBLISH, check=False, variables=variables)
    assert said.count("exists with other content (its content has the SHA-256") == 3


def test_training_the_same_again_gives_the_same_name_and_no_new_version(
    finished: Project, tmp_path: Path
) -> None:
    use(finished, [f"file://{tmp_path}/bucket"])
    finished.run(*PUBLISH)
    old = (finished.path / f"models/{MODEL}/model.keras").read_bytes()
    finished.repro("--force", f"models/{MODEL}/dvc.yaml:train")
    finished.repro()
    assert (finished.path / f"models/{MODEL}/model.keras").read_bytes() != old  # dates inside
    finished.run("git", "commit", "--quiet", "--all", "--message", "Again")
    assert "Skipping since" in finished.run(*PUBLISH)
    assert finished.run("git", "tag").split() == [f"{MODEL}@v1.0.0"]
    assert finished.run("git", "status", "--porcelain") == ""


def test_a_model_that_its_code_or_its_results_no_longer_stand_for_is_refused(
    finished: Project, tmp_path: Path
) -> None:
    use(finished, [f"file://{tmp_path}/bucket"])
    changes = {
        "train": ("src/trainer.py", "shuffle=False", "shuffle=True"),
        "evaluate": (f"training_metrics/{MODEL}/metrics.json", '"accuracy": 0', '"accuracy": 1'),
    }
    for stage, change in changes.items():
        finished.replace(*change)
        finished.run("git", "commit", "--quiet", "--all", "--message", "Changed")
        said = finished.run(*PUBLISH, check=False)
        assert f"{MODEL} is not what this code, data and configuration give: " in said
        assert f"models/{MODEL}/dvc.yaml:{stage}" in said
        finished.run("git", "reset", "--quiet", "--hard", "HEAD~1")
    assert not (tmp_path / "bucket").exists()
    finished.run(*PUBLISH)
    assert (tmp_path / "bucket").is_dir()


def test_dvc_fetches_a_version_of_a_model_by_its_tag(finished: Project, tmp_path: Path) -> None:
    use(finished, [f"file://{tmp_path}/bucket"])
    finished.run(*PUBLISH)
    finished.run("dvc", "push", "--quiet")
    clone = finished.clone()
    for arguments in ((), ("--rev", "v1.0.0")):
        output = tmp_path / f"fetched{len(arguments)}.keras"
        command = ("dvc", "artifacts", "get", str(clone.path), MODEL, "--out", str(output))
        finished.run(*command, *arguments)
        expected = (finished.path / f"models/{MODEL}/model.keras").read_bytes()
        assert output.read_bytes() == expected
    shown = finished.run("gto", "show", MODEL, "--json")
    assert [one["version"] for one in json.loads(shown)] == ["v1.0.0"]


def start(
    project: Project, command: Sequence[str], variables: Mapping[str, str]
) -> "subprocess.Popen[str]":
    """Start a command in a project."""
    return subprocess.Popen(
        command,
        cwd=project.path,
        env={**os.environ, **project.environment.variables, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
