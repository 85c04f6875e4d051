"""The kubeconfig for people, from the settings to the file."""

import stat
import subprocess
from pathlib import Path

import pulumi
import pytest
import yaml

from components.kubeconfig_file import save
from components.teardown.cloud.stack_ref import StackRef
from configuration.settings import load
from tests.unit.conftest import CLIENT_KEY, KUBECONFIG, NAME, PROJECT, Run, World, configure, execute, main, plain


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("platform", ["exoscale", "k3d"])
def test_an_up_writes_a_file_that_only_its_owner_can_read(run: Run, tmp_path: Path, platform: str) -> None:
    file = tmp_path / "kube" / "dev.yaml"
    world = run({"kubeconfig": {"file": str(file)}, "platform": platform})

    assert CLIENT_KEY in file.read_text()
    assert file.read_text() == plain(world.exports)["kubeconfig"]
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)


@pytest.mark.parametrize("platform", ["exoscale", "k3d"])
def test_user_cluster_and_context_carry_project_and_stack(run: Run, platform: str) -> None:
    document = yaml.safe_load(plain(run({"platform": platform}, stack="blue").exports)["kubeconfig"])

    names = [entry["name"] for section in ("clusters", "users", "contexts") for entry in document[section]]
    assert names == [f"{NAME}-blue"] * 3
    assert document["current-context"] == f"{NAME}-blue"
    context = document["contexts"][0]["context"]
    assert (context["cluster"], context["user"]) == (f"{NAME}-blue", f"{NAME}-blue")


@pytest.mark.parametrize("platform", ["exoscale", "k3d"])
def test_a_preview_writes_nothing_and_still_names_the_file(run: Run, tmp_path: Path, platform: str) -> None:
    file = tmp_path / "kube" / "dev.yaml"
    world = run({"kubeconfig": {"file": str(file)}, "platform": platform}, preview=True)

    assert list(tmp_path.iterdir()) == []
    assert plain(world.exports)["kubeconfig_path"] == str(file)


def test_the_path_is_no_secret_though_it_comes_from_one(run: Run, tmp_path: Path) -> None:
    file = str(tmp_path / "dev.yaml")

    assert run({"kubeconfig": {"file": file}}).exports["kubeconfig_path"] == file


def test_two_stacks_in_one_file_leave_each_others_entries_alone(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "both.yaml"
    for stack in ("blue", "green", "blue"):
        execute(main, configure({"kubeconfig": {"file": str(file)}}, stack, World()))

    document = yaml.safe_load(file.read_text())
    assert {entry["name"] for entry in document["users"]} == {f"{NAME}-blue", f"{NAME}-green"}
    assert document["current-context"] == f"{NAME}-blue"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hello", "is not a kubeconfig: it is something else"),
        ("- a\n- b\n", "is not a kubeconfig: it is something else"),
        ("kind: Pod\nclusters: []\n", "is not a kubeconfig: it is something else"),
        ("replicas: 2\n", "is not a kubeconfig: it has no kind, clusters, users or contexts"),
        ("a: [", "is not a kubeconfig: it is not YAML"),
        ("clusters: {a: b}\n", "is not a kubeconfig: its clusters are not a list of entries"),
        ("users: [kim]\n", "is not a kubeconfig: its users are not a list of entries"),
        ("\udcff", "cannot be used: its name or its text has characters that cannot be"),
        (
            f"users: [{{name: {NAME}-dev, user: {{token: t}}}}]",
            f"has a user {NAME}-dev of somebody else: rename that, or choose another file",
        ),
    ],
)
def test_a_file_that_we_did_not_write_is_refused_in_one_line_and_stays(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(text, errors="surrogateescape")
    before = file.read_bytes()
    configure({"kubeconfig": {"file": str(file)}})

    with pytest.raises(pulumi.RunError) as refused:
        load()

    assert str(refused.value) == (
        f'{NAME}:kubeconfig.file is "{file}"; allowed: a kubeconfig or a new file, and {file} {why}'
    )
    assert file.read_bytes() == before


def test_another_stacks_entry_of_the_same_name_is_refused_with_that_stacks_name(tmp_path: Path) -> None:
    file = tmp_path / "config"
    save(file, KUBECONFIG, StackRef("exoscale", "sks-dev"))
    configure({"kubeconfig": {"file": str(file)}})

    with pytest.raises(pulumi.RunError, match="has a cluster exoscale-sks-dev of stack exoscale/sks-dev"):
        load()


def test_what_is_no_file_or_lies_in_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    for path, why in [
        (tmp_path, "is not a file"),
        (Path("/dev/null"), "is not a file"),
        (tmp_path / "a file" / "config", "cannot be used: Not a directory"),
        (tmp_path / ("n" * 300), "cannot be used: File name too long"),
    ]:
        configure({"kubeconfig": {"file": str(path)}})
        with pytest.raises(pulumi.RunError, match=f"a kubeconfig or a new file, and {path} {why}$"):
            load()


def test_a_folder_that_nobody_may_write_into_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr("os.access", lambda path, mode: bool(asked.append(path)))
    configure({"kubeconfig": {"file": str(tmp_path / "new" / "config")}})

    with pytest.raises(pulumi.RunError, match=f"cannot be written: {tmp_path} is not writable$"):
        load()
    assert asked == [tmp_path]


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    configure({"kubeconfig": {"file": "~/.kube/config"}})

    assert load().cluster.kubeconfig_file == tmp_path / ".kube" / "config"


@pytest.mark.parametrize("path", ["~nobody-of-this-name/config", "$HOME/.kube/config", "", "a\nb"])
def test_a_path_that_means_something_else_than_it_says_is_refused(path: str) -> None:
    configure({"kubeconfig": {"file": path}})

    with pytest.raises(pulumi.RunError, match=f"^{NAME}:kubeconfig.file is .*; allowed: a path[^\n]*$"):
        load()


def test_a_file_that_stopped_being_writable_after_the_settings_were_read_ends_the_up_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    file = tmp_path / "dev.yaml"
    monkeypatch.setattr("os.replace", full)
    world = configure({"kubeconfig": {"file": str(file)}}, world=World())

    with pytest.raises(pulumi.RunError) as refused:
        execute(main, world)

    assert str(refused.value) == (
        f"the kubeconfig's file {file} cannot be used: No space left on device. Next: run the same command again"
    )


def test_the_default_folder_is_ignored_by_git() -> None:
    answer = subprocess.run(["git", "check-ignore", "-q", ".kube/dev.yaml"], cwd=PROJECT, check=False)

    assert answer.returncode == 0


def test_user_groups_and_times_reach_the_cloud(run: Run, tmp_path: Path) -> None:
    chosen = {"user": "jane", "groups": ["devs", "ops"], "ttl-seconds": 3600, "early-renewal-seconds": 300}
    inputs = run({"kubeconfig": {**chosen, "file": str(tmp_path / "dev.yaml")}}).one("SksKubeconfig").inputs

    assert {key: inputs[key] for key in ("user", "groups", "ttlSeconds", "earlyRenewalSeconds")} == {
        "user": "jane",
        "groups": ["devs", "ops"],
        "ttlSeconds": 3600,
        "earlyRenewalSeconds": 300,
    }
