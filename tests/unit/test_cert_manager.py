"""cert-manager: what its chart and its issuer are given, and what an Ingress needs of it."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from components.cert_manager import ACME_SERVERS, ISSUERS, CertManager, CertManagerArgs, ingress_annotations
from components.ingress import OtherCluster
from tests.unit.conftest import STACK_ID, Registration, Run, World, configure, execute, without_secrets

EMAIL = "alice@example.com"
CERT_MANAGER = {"tls": "letsencrypt", "tls-email": EMAIL}


def release(world: World) -> Registration:
    (found,) = [item for item in world.of("Release") if item.request.name == "cert-manager-release"]
    return found


@pytest.mark.parametrize("config", [{}, {"ingress": {"controller": "none"}}])
def test_nothing_is_installed_unless_a_setting_asks_for_it(run: Run, config: dict[str, Any]) -> None:
    assert run(config).of("ClusterIssuer") == []


def test_the_official_chart_is_installed_in_a_namespace_of_its_own_with_definitions_that_outlive_it(run: Run) -> None:
    inputs = release(run(CERT_MANAGER)).inputs

    assert (inputs["chart"], inputs["version"]) == ("cert-manager", "v1.21.2")
    assert inputs["repositoryOpts"] == {"repo": "https://charts.jetstack.io"}
    assert (inputs["name"], inputs["namespace"], inputs["createNamespace"]) == ("cert-manager", "cert-manager", True)
    assert inputs["values"]["crds"] == {"enabled": True, "keep": True}


def test_its_values_name_the_stack_so_that_a_killed_install_is_known_as_ours(run: Run) -> None:
    values = release(run(CERT_MANAGER)).inputs["values"]

    assert values["deploymentAnnotations"] == {
        "exoscale-sks/stack": f"cert-manager of Pulumi stack exoscale-sks/dev ({STACK_ID}), owner nobody"
    }


def test_the_issuer_is_created_after_the_release_and_deleted_before_it(run: Run) -> None:
    world = run(CERT_MANAGER)
    issuer = world.one("ClusterIssuer")

    assert release(world).urn in world.leans_on(issuer.urn)
    assert "skipAwait" not in release(world).inputs  # Helm waits for the check of the webhook


def test_a_destroy_drains_before_it_deletes_the_issuer(run: Run) -> None:
    world = run(CERT_MANAGER)
    drain = world.step("Drain")

    assert {world.one("ClusterIssuer").urn, release(world).urn} <= world.leans_on(drain.urn)
    assert drain.inputs["releases"] is True


def test_issuer_and_release_go_before_their_cluster_is_replaced(run: Run) -> None:
    world = run(CERT_MANAGER)
    issuer, cluster = world.one("ClusterIssuer").request, world.one("SksCluster").urn

    assert list(release(world).request.propertyDependencies["namespace"].urns) == [cluster]
    assert cluster in issuer.propertyDependencies["metadata"].urns
    assert list(issuer.replaceOnChanges) == ["metadata"]


def test_no_webhook_is_asked_when_the_issuer_is_deleted(run: Run) -> None:
    metadata = run(CERT_MANAGER).one("ClusterIssuer").inputs["metadata"]

    assert metadata["annotations"] == {"pulumi.com/deletionPropagationPolicy": "background"}


@pytest.mark.parametrize("kind", ACME_SERVERS)
def test_lets_encrypt_asks_through_the_class_of_our_controller(run: Run, kind: str) -> None:
    world = run({"tls": kind, "tls-email": EMAIL, "ingress": {"class": "public"}})
    issuer = world.one("ClusterIssuer").inputs

    assert issuer["metadata"]["name"] == kind
    assert issuer["spec"]["acme"]["server"] == ACME_SERVERS[kind]
    assert issuer["spec"]["acme"]["email"] == EMAIL
    assert issuer["spec"]["acme"]["solvers"] == [
        {"http01": {"ingress": {"ingressClassName": "public", "serviceType": "ClusterIP"}}}
    ]


def test_the_accounts_key_is_only_named(run: Run) -> None:
    world = run(CERT_MANAGER)

    assert world.one("ClusterIssuer").inputs["spec"]["acme"]["privateKeySecretRef"] == {
        "name": "letsencrypt-account-key"
    }
    assert world.of("Secret") == []
    assert "[secret]" not in str(without_secrets(world.one("ClusterIssuer").inputs))


def test_the_self_signed_issuer_needs_nothing(run: Run) -> None:
    assert run({"tls": "self-signed"}).one("ClusterIssuer").inputs["spec"] == {"selfSigned": {}}


@pytest.mark.parametrize("issuer", ISSUERS)
def test_an_ingress_names_the_issuer(issuer: str) -> None:
    assert ingress_annotations(issuer)["cert-manager.io/cluster-issuer"] == issuer


def test_a_challenge_is_answered_by_the_ingress_itself_as_f5s_controller_takes_a_host_once() -> None:
    annotations = ingress_annotations("letsencrypt")

    assert annotations["acme.cert-manager.io/http01-edit-in-place"] == "true"
    assert annotations["pulumi.com/patchForce"] == "true"  # a later `up` changes the rules after cert-manager did
    assert ingress_annotations("self-signed") == {"cert-manager.io/cluster-issuer": "self-signed"}


def test_it_goes_on_k3d_too(run: Run) -> None:
    world = run({"platform": "k3d", "tls": "self-signed"})

    assert release(world).inputs["values"].get("deploymentAnnotations") == {}  # no drain, and nothing to prove
    assert world.one("ClusterIssuer").inputs["metadata"]["name"] == "self-signed"


@pytest.mark.parametrize("preview", [False, True])
def test_an_ingress_with_its_annotations_is_deleted_before_the_issuer(preview: bool) -> None:
    def program() -> None:
        provider = kubernetes.Provider("cluster", kubeconfig="x")
        manager = CertManager("cert-manager", OtherCluster(provider), CertManagerArgs("letsencrypt", EMAIL))
        opts = pulumi.ResourceOptions(provider=provider)
        kubernetes.networking.v1.Ingress("app", metadata={"annotations": {**manager.annotations}}, opts=opts)

    world = execute(program, configure({}, world=World(preview)))
    ingress = world.one("networking.k8s.io/v1:Ingress")

    assert ingress.inputs["metadata"]["annotations"] == ingress_annotations("letsencrypt")
    assert world.one("ClusterIssuer").urn in world.leans_on(ingress.urn)
