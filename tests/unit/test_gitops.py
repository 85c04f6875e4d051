"""What a GitOps tool is installed with, what it is told to follow, and what a destroy waits for."""

from typing import Any

import pytest

from components.checks import Invalid
from components.gitops import TOOLS, GitOpsArgs
from tests.unit.conftest import Run, World, problems

REPOSITORY = "https://git.example/team/apps.git"
EVERY = tuple(TOOLS)


def followed(world: World) -> dict[str, Any]:
    """The objects that make a tool follow the repository, by kind."""
    kinds = ("Application", "GitRepository", "Kustomization")
    found = [item.inputs for kind in kinds for item in world.of(kind)]
    return {item["kind"]: item for item in found}


@pytest.fixture
def world(run: Run, tool: str) -> World:
    return run({"gitops": {"tool": tool, "repository": REPOSITORY, "path": "clusters/dev", "branch": "stable"}})


def test_none_is_installed_unless_asked_for(run: Run) -> None:
    assert not run().of("GitOps")


@pytest.mark.parametrize(
    ("tool", "chart", "repository", "version", "namespace"),
    [
        ("argocd", "argo-cd", "https://argoproj.github.io/argo-helm", "10.9.2", "argocd"),
        ("flux", "flux2", "https://fluxcd-community.github.io/helm-charts", "2.17.0", "flux-system"),
    ],
)
def test_the_official_chart_is_installed_where_the_tools_command_line_looks_for_it(
    world: World, chart: str, repository: str, version: str, namespace: str
) -> None:
    (inputs,) = [item.inputs for item in world.of("Release") if item.inputs["name"] != "ingress"]

    assert (inputs["chart"], inputs["repositoryOpts"], inputs["version"]) == (chart, {"repo": repository}, version)
    assert (inputs["namespace"], inputs["timeout"]) == (namespace, 300)


@pytest.mark.parametrize("tool", ["argocd"])
def test_argo_cd_follows_the_folder_in_its_own_cluster(world: World) -> None:
    spec = followed(world)["Application"]["spec"]

    assert spec["source"] == {"repoURL": REPOSITORY, "targetRevision": "stable", "path": "clusters/dev"}
    assert spec["destination"]["server"] == "https://kubernetes.default.svc"
    assert spec["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True}


@pytest.mark.parametrize("tool", ["flux"])
def test_flux_follows_the_folder(world: World) -> None:
    found = followed(world)
    applied = found["Kustomization"]["spec"]

    assert found["GitRepository"]["spec"]["url"] == REPOSITORY
    assert found["GitRepository"]["spec"]["ref"] == {"branch": "stable"}
    assert (applied["path"], applied["prune"]) == ("./clusters/dev", True)
    assert applied["sourceRef"]["name"] == found["GitRepository"]["metadata"]["name"]


@pytest.mark.parametrize(("path", "written"), [(".", "./"), ("apps", "./apps"), ("./apps", "./apps")])
def test_flux_is_given_every_folder_in_its_own_spelling(path: str, written: str) -> None:
    applied = TOOLS["flux"].follow("x", REPOSITORY, "main", path)[-1][2]

    assert applied["path"] == written


@pytest.mark.parametrize("tool", EVERY)
def test_deleting_what_the_tool_follows_deletes_nothing_that_it_applied_and_waits_for_nobody(world: World) -> None:
    """A tool may have applied some of it to another cluster, which is not ours; and it may be dead."""
    for item in followed(world).values():
        assert "finalizers" not in item["metadata"]
        assert item["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"
        assert item["spec"].get("deletionPolicy", "Orphan") == "Orphan"


@pytest.mark.parametrize("tool", EVERY)
def test_a_destroy_drains_first_then_stops_following_and_uninstalls_the_tool_last(world: World) -> None:
    (release,) = [item for item in world.of("Release") if item.inputs["name"] != "ingress"]
    objects = [item for kind in followed(world) for item in world.of(kind)]
    drain = world.leans_on(world.step("Drain").urn)

    assert objects
    assert all(release.urn in world.leans_on(item.urn) for item in objects)
    assert {release.urn, *(item.urn for item in objects)} <= drain
    assert world.step("SecondDrain").urn in world.leans_on(release.urn)


def test_it_works_on_this_machine_too(run: Run) -> None:
    world = run({"platform": "k3d", "gitops": {"tool": "argocd", "repository": REPOSITORY}})

    assert "Application" in followed(world)


@pytest.mark.parametrize(
    ("gitops", "problem"),
    [
        ({"tool": "argo"}, 'gitops.tool is "argo"; allowed: argocd, flux, none'),
        ({"tool": "flux"}, "gitops.repository is not set; allowed: the https:// or ssh:// URL of a Git repository"),
        ({"repository": "team/apps"}, 'gitops.repository is "team/apps"; allowed: the https:// or ssh:// URL'),
        ({"repository": "git@git.example:team/apps"}, "gitops.repository is"),
        ({"repository": REPOSITORY, "path": "/etc"}, 'gitops.path is "/etc"; allowed: a folder within the repository'),
        ({"repository": REPOSITORY, "path": "a/../../b"}, "gitops.path is"),
        ({"repository": REPOSITORY, "branch": ""}, 'gitops.branch is ""; allowed: a branch'),
        ({"repository": REPOSITORY, "timeout-seconds": 0}, "gitops.timeout-seconds is 0"),
        ({"repository": REPOSITORY, "pth": "apps"}, "gitops.pth is not a setting; did you mean "),
    ],
)
def test_bad_settings_are_refused_in_one_line(gitops: dict[str, Any], problem: str) -> None:
    (line,) = problems({"gitops": {"tool": "argocd", **gitops}})
    assert problem in line


@pytest.mark.parametrize("url", ["https://token@git.example/a", "https://u:pw@git.example/a", "http://u:pw@x/y"])
def test_a_repository_with_a_password_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(Invalid, match="has a password or token in it") as refused:
        GitOpsArgs(url)
    assert url not in str(refused.value)


def test_the_user_of_an_ssh_repository_is_no_password() -> None:
    assert GitOpsArgs("ssh://git@git.example/team/apps.git")
