"""A GitOps tool in the cluster, alive or dead: a destroy waits for none, and nothing that one makes is left."""

from collections.abc import Callable
from pathlib import Path

import pytest

from components.gitops import TOOLS
from tests.engine.faults.subject import Subject
from tests.engine.faults.users import custom_object

pytestmark = pytest.mark.engine

AssertGone = Callable[..., None]
REPOSITORY = "https://git.example/team/apps"
CASCADE = "resources-finalizer.argocd.argoproj.io"


@pytest.fixture
def installed(subject: Subject, charts: Callable[[str], Path]) -> Callable[[str], Subject]:
    """Has the stack's cluster follow a repository with a tool."""

    def install(tool: str) -> Subject:
        subject.set(gitops={"tool": tool, "repository": REPOSITORY, "chart": str(charts(TOOLS[tool].chart.name))})
        subject.up()
        return subject

    return install


def finalized(subject: Subject, kind: str, name: str, namespace: str, finalizer: str) -> None:
    patch = {"op": "add", "path": "/metadata/finalizers", "value": [finalizer]}
    subject.users().patch(kind, name, patch, namespace)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_that_is_installed_changes_nothing_at_the_next_up_and_goes_with_the_stack(
    installed: Callable[[str], Subject], assert_gone: AssertGone, tool: str
) -> None:
    subject = installed(tool)

    assert subject.up().summary.resource_changes.keys() == {"same"}
    subject.destroy()
    assert_gone(subject)


@pytest.mark.parametrize(
    ("tool", "kind", "finalizer"),
    [("argocd", "application", CASCADE), ("flux", "kustomization", "finalizers.fluxcd.io")],
)
def test_a_finalizer_of_a_dead_tool_holds_up_no_destroy(
    installed: Callable[[str], Subject], assert_gone: AssertGone, tool: str, kind: str, finalizer: str
) -> None:
    """No controller runs in the sandbox, so nobody removes it."""
    subject, namespace = installed(tool), TOOLS[tool].namespace
    finalized(subject, kind, namespace, namespace, finalizer)
    subject.users().kubectl("delete", "deployments,statefulsets", "--all", "-n", namespace)
    subject.destroy()
    assert_gone(subject)


def test_an_application_set_cannot_make_its_service_again(
    installed: Callable[[str], Subject], assert_gone: AssertGone
) -> None:
    subject = installed("argocd")
    users = subject.users()
    users.namespace("shop")
    users.apply(custom_object("argoproj.io/v1alpha1", "ApplicationSet", "fleet", "argocd", {"generators": []}))
    spec = {"destination": {"server": "https://another.example", "namespace": "prod"}, "project": "default"}
    users.apply(custom_object("argoproj.io/v1alpha1", "Application", "elsewhere", "argocd", spec, [CASCADE]))
    users.expose("front", "shop")
    with subject.recreating("front", "shop") as generator:
        subject.destroy()
        assert generator.refused.is_set()
    assert_gone(subject)


def test_a_tool_that_is_switched_off_leaves_what_it_applied(
    installed: Callable[[str], Subject], assert_gone: AssertGone
) -> None:
    subject = installed("argocd")
    users = subject.users()
    users.namespace("shop")
    users.expose("front", "shop")
    subject.set(gitops={"tool": "none"})
    subject.up()

    assert users.address("front", "shop")
    assert users.kubectl.json("get", "crd", "applications.argoproj.io")
    assert not users.kubectl.json("get", "applications", "-n", "argocd")["items"]
    subject.destroy()
    assert_gone(subject)
