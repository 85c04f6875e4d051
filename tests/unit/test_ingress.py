"""What each controller's chart is given."""

from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.ingress import CONTROLLERS, exoscale_annotations
from components.ingress.controller import ingress_ip, installed, service_id
from tests.unit.conftest import STACK_ID, Run, World

PREFIX = "service.beta.kubernetes.io/exoscale-loadbalancer-"
EVERY = tuple(CONTROLLERS)

COMMON = {
    f"{PREFIX}name": "exoscale-sks-dev-ingress",
    f"{PREFIX}description": f"Load balancer of Pulumi stack exoscale-sks/dev ({STACK_ID}), owner nobody",
    f"{PREFIX}service-instancepool-id": "the-instance-pool",
    f"{PREFIX}service-strategy": "source-hash",
    f"{PREFIX}service-healthcheck-mode": "http",
    f"{PREFIX}service-healthcheck-uri": "/healthz",
    f"{PREFIX}service-healthcheck-interval": "10s",
    f"{PREFIX}service-healthcheck-timeout": "3s",
    f"{PREFIX}service-healthcheck-retries": "1",
}
# Both are there while one takes the other's place, and a name is used once.
OWNED = {**COMMON, f"{PREFIX}name": "exoscale-sks-dev-ccm"}
MANAGED = {**COMMON, f"{PREFIX}id": "ingress-nlb-id", f"{PREFIX}external": "true"}


POOL = "node.exoscale.net/nodepool-id"
IN_POOL = [{"key": POOL, "operator": "In", "values": ["default-nodepool-id"]}]
PLACED = {
    "tolerations": [{"operator": "Exists"}],
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {"matchExpressions": IN_POOL},
                    {"matchExpressions": [{"key": POOL, "operator": "DoesNotExist"}]},
                ]
            }
        }
    },
}


# Traefik understands the annotations of ingress-nginx in a class of that controller's usual name.
COMPATIBLE = {
    "kubernetesIngress": {"enabled": False},
    "kubernetesIngressNGINX": {
        "enabled": True,
        "ingressClass": "nginx",
        "controllerClass": "traefik.io/ingress-controller",
        "watchIngressWithoutClass": True,
    },
}

OWN = {"kubernetesIngress": {"ingressClass": "public"}}


def values(
    controller: str, annotations: dict[str, str], ingress_class: str = "nginx", placed: dict[str, Any] = PLACED
) -> dict[str, Any]:
    """The whole of what the official chart of that name must get, written out."""
    service = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "annotations": annotations}
    return {
        "nginx": {
            "fullnameOverride": "ingress",
            "controller": {
                "kind": "daemonset",
                **placed,
                "service": service,
                "ingressClass": {"create": True, "name": ingress_class, "setAsDefaultIngress": True},
                "allowEmptyIngressHost": True,
                "telemetryReporting": {"enable": False},
            },
        },
        "ingress-nginx": {
            "fullnameOverride": "ingress",
            "controller": {
                "kind": "DaemonSet",
                **placed,
                "service": service,
                "ingressClass": ingress_class,
                "ingressClassResource": {"enabled": True, "name": ingress_class, "default": True},
            },
        },
        "traefik": {
            "fullnameOverride": "ingress",
            "deployment": {"kind": "DaemonSet"},
            **placed,
            "service": {"spec": {"externalTrafficPolicy": "Local"}, "annotations": annotations},
            "ingressClass": {"enabled": True, "name": ingress_class, "isDefaultClass": True},
            "providers": COMPATIBLE if ingress_class == "nginx" else OWN,
        },
    }[controller]


def release(world: World) -> dict[str, Any]:
    return world.one("Release").inputs


@pytest.mark.parametrize("controller", EVERY)
def test_a_managed_load_balancer_is_attached_and_never_owned(run: Run, controller: str) -> None:
    assert release(run({"ingress": {"controller": controller}}))["values"] == values(controller, MANAGED)


@pytest.mark.parametrize("controller", EVERY)
def test_the_ccm_is_told_how_to_make_its_own_load_balancer(run: Run, controller: str) -> None:
    world = run({"ingress": {"controller": controller, "load-balancer": "ccm"}})

    assert release(world)["values"] == values(controller, OWNED)


@pytest.mark.parametrize("controller", EVERY)
def test_a_local_cluster_needs_no_annotations(run: Run, controller: str) -> None:
    world = run({"platform": "k3d", "ingress": {"controller": controller, "class": "public"}})

    assert release(world)["values"] == values(controller, {}, "public", placed={})


@pytest.mark.parametrize(
    ("controller", "chart", "repository", "version"),
    [
        ("nginx", "nginx-ingress", "https://helm.nginx.com/stable", "2.7.0"),
        ("ingress-nginx", "ingress-nginx", "https://kubernetes.github.io/ingress-nginx", "4.15.1"),
        ("traefik", "traefik", "https://traefik.github.io/charts", "41.3.0"),
    ],
)
def test_the_official_chart_is_installed_at_a_pinned_version(
    run: Run, controller: str, chart: str, repository: str, version: str
) -> None:
    inputs = release(run({"ingress": {"controller": controller, "timeout-seconds": 42}}))

    assert (inputs["chart"], inputs["repositoryOpts"], inputs["version"]) == (chart, {"repo": repository}, version)
    assert (inputs["name"], inputs["namespace"], inputs["timeout"]) == ("ingress", "ingress", 42)
    assert inputs.get("atomic") is None  # a failed install must stay in the state, or nothing would remove it


def test_a_chart_of_ones_own_comes_without_the_official_repository(run: Run) -> None:
    inputs = release(run({"ingress": {"chart": "./charts/mine"}}))

    assert inputs["chart"] == "./charts/mine"
    assert not inputs.get("repositoryOpts")
    assert "version" not in inputs


def test_another_controller_takes_over_after_the_first_has_gone(run: Run) -> None:
    request = run().one("Release").request

    assert request.deleteBeforeReplace
    assert list(request.replaceOnChanges) == ["chart"]


@pytest.mark.parametrize("controller", EVERY)
def test_only_the_retired_controller_warns(run: Run, controller: str) -> None:
    warnings = run({"ingress": {"controller": controller}}).warnings

    assert ["retired in March 2026" in warning for warning in warnings] == [True] * (controller == "ingress-nginx")


def test_the_service_targets_the_chosen_pool(run: Run) -> None:
    world = run({"nodepools": {"a": {}, "b": {}}, "ingress": {"nodepool": "b"}})
    request = world.one("Release").request
    affinity = world.one("Release").inputs["values"]["controller"]["affinity"]
    assert "b-nodepool-id" in str(affinity)
    assert "a-nodepool-id" not in str(affinity)
    pool_b = next(item.urn for item in world.of("SksNodepool") if item.urn.endswith("::b-nodepool"))
    pool_a = next(item.urn for item in world.of("SksNodepool") if item.urn.endswith("::a-nodepool"))

    used = set(request.propertyDependencies["values"].urns)
    assert pool_b in used
    assert pool_a not in used


def test_a_pod_behind_the_load_balancer_is_looked_for_once_the_release_is_there_and_again_when_its_place_changes(
    run: Run,
) -> None:
    world = run({"nodepools": {"a": {}, "b": {"size": 3}}, "ingress": {"nodepool": "b", "timeout-seconds": 9}})
    step = world.one("IngressPods")

    keys = ("namespace", "ingressClass", "chart", "nodepool", "size", "waitSeconds")
    assert {key: step.inputs[key] for key in keys} == {
        "namespace": "ingress",
        "ingressClass": "nginx",
        "chart": "nginx-ingress 2.7.0",
        "nodepool": "b",
        "size": 3,
        "waitSeconds": 9,
    }
    assert world.one("Release").urn in step.leans_on


def test_an_interval_is_never_shorter_than_the_time_out() -> None:
    annotations = exoscale_annotations("name", "description", "pool")
    seconds = {key: int(str(annotations[f"{PREFIX}service-healthcheck-{key}"])[:-1]) for key in ("interval", "timeout")}

    assert 2 <= seconds["timeout"] <= seconds["interval"]  # docs/exoscale.md, Load balancers
    assert f"{PREFIX}id" not in annotations


def test_the_main_service_is_the_one_whose_name_the_others_extend() -> None:
    names = {"Service/v1": ["ns/x-controller-admission", "ns/x-controller", "ns/x-controller-metrics"]}

    assert service_id(names, "else") == "ns/x-controller"
    assert service_id({"Service/v1": ["x-controller"]}, "ns") == "ns/x-controller"


def test_a_release_that_failed_is_an_error_in_one_line_that_says_how_to_install_it_anew() -> None:
    with pytest.raises(
        pulumi.RunError, match=r"ingress/web .*: failed.*pulumi up --replace '\*\*::web-release'"
    ) as refused:
        installed({"status": "failed", "namespace": "ingress", "name": "web"}, "web-release")
    assert "\n" not in str(refused.value)
    assert installed({"status": "deployed"}, "web-release") == "deployed"


@pytest.mark.parametrize("names", [None, {}, {"Deployment/apps/v1": ["ns/x"]}])
def test_a_chart_without_a_service_is_refused_in_one_line(names: Any) -> None:
    with pytest.raises(pulumi.RunError, match="installed no Service"):
        service_id(names, "ns")


@pytest.mark.parametrize(
    "status", [SimpleNamespace(load_balancer=None), SimpleNamespace(load_balancer=SimpleNamespace(ingress=None))]
)
def test_a_service_without_an_address_is_an_error_in_one_line(status: Any) -> None:
    with pytest.raises(pulumi.RunError, match="has no address") as refused:
        ingress_ip(status)
    assert "\n" not in str(refused.value)
