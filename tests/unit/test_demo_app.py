"""The demo app: the same objects for every ingress controller, inside the promise of the destroy."""

from typing import Any

import pytest

from components.checks import Invalid
from components.demo_app import DemoAppArgs
from runner.charts import GATEWAY_API
from tests.unit.conftest import Run, World, plain

KINDS = ("Deployment", "Service", "Ingress")
CONTROLLERS = ("nginx", "ingress-nginx", "traefik")


def demo(run: Run, **settings: Any) -> World:
    return run({"demo": True, **settings})


def test_there_is_none_unless_a_stack_asks_for_it(run: Run) -> None:
    assert not [item for kind in KINDS for item in run().of(kind)]
    assert "demo_url" not in run().exports


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, "http://198-51-100-7.nip.io/rickroller"),
        ({"ingress": {"load-balancer": "ccm"}}, "http://198-51-100-8.nip.io/rickroller"),
        ({"platform": "k3d"}, "http://localhost:8081/rickroller"),
    ],
)
def test_its_url_is_the_name_of_the_ingress_and_the_tutorials_path(
    run: Run, settings: dict[str, Any], url: str
) -> None:
    assert plain(demo(run, **settings).exports)["demo_url"] == url


def test_every_controller_is_given_the_same_objects_with_no_annotation_of_a_controller(run: Run) -> None:
    made = [{kind: demo(run, ingress={"controller": c}).one(kind).inputs for kind in KINDS} for c in CONTROLLERS]
    annotations = {key for inputs in made[0].values() for key in inputs["metadata"].get("annotations", {})}

    assert made[0] == made[1] == made[2]
    assert {key.partition("/")[0] for key in annotations} == {"pulumi.com"}  # for the plugin, not for a controller


def test_the_app_itself_serves_under_the_prefix_that_the_ingress_sends_on(run: Run) -> None:
    world = demo(run, ingress={"class": "public"})
    [container] = world.one("Deployment").inputs["spec"]["template"]["spec"]["containers"]
    ingress = world.one("Ingress").inputs["spec"]

    assert {"name": "SCRIPT_NAME", "value": "/rickroller"} in container["env"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/rickroller"
    assert ingress["ingressClassName"] == "public"
    [rule] = ingress["rules"]
    assert "host" not in rule
    assert [(path["path"], path["pathType"]) for path in rule["http"]["paths"]] == [("/rickroller", "Prefix")]


def test_a_gateway_serves_it_in_place_of_the_ingress(run: Run) -> None:
    gateways = {"controller": "traefik", "gateway-api": True, "gateway-api-crds": str(GATEWAY_API)}
    world = demo(run, ingress=gateways)
    route, release = world.one("HTTPRoute"), world.one("Release")

    assert world.of("Ingress") == []
    assert route.inputs["spec"] == {
        "parentRefs": [{"name": "ingress", "namespace": "ingress"}],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/rickroller"}}],
                "backendRefs": [{"name": "demo", "port": 80}],
            }
        ],
    }
    assert release.inputs["values"]["gateway"]["name"] == release.inputs["namespace"] == "ingress"
    assert {release.urn, world.one("SksCluster").urn} <= world.leans_on(route.urn)
    assert route.urn in world.leans_on(world.step("Drain").urn)


def test_with_a_certificate_the_ingress_serves_it(run: Run) -> None:
    gateways = {"controller": "traefik", "gateway-api": True, "gateway-api-crds": str(GATEWAY_API)}
    world = demo(run, ingress=gateways, tls="self-signed")

    assert world.of("HTTPRoute") == []
    assert world.one("Ingress").inputs["spec"]["tls"][0]["secretName"] == "demo-tls"
    with pytest.raises(Invalid, match='gateway is "x"; allowed: None with tls_secret'):
        DemoAppArgs(host="a.b", tls_secret="x", gateway="x")


def test_the_service_leads_from_port_80_to_the_container(run: Run) -> None:
    world = demo(run)
    deployment, service = world.one("Deployment").inputs["spec"], world.one("Service").inputs["spec"]
    [container] = deployment["template"]["spec"]["containers"]
    [port] = service["ports"]

    assert service["selector"] == deployment["selector"]["matchLabels"] == deployment["template"]["metadata"]["labels"]
    assert (port["port"], port["targetPort"]) == (80, container["ports"][0]["name"])
    assert container["ports"][0]["containerPort"] == 8080


@pytest.mark.parametrize("kind", KINDS)
def test_a_destroy_drains_before_it_deletes_the_app_and_the_app_goes_before_the_cluster_and_its_nodes(
    run: Run, kind: str
) -> None:
    world = demo(run)
    item = world.one(kind)

    assert item.urn in world.leans_on(world.step("Drain").urn)
    assert {world.step("SecondDrain").urn, world.one("SksNodepool").urn} <= world.leans_on(item.urn)
    # Whatever replaces the cluster replaces these first (docs/adr/0004).
    assert world.one("SksCluster").urn in item.request.propertyDependencies["metadata"].urns
    assert (list(item.request.replaceOnChanges), item.request.deleteBeforeReplace) == (["metadata"], True)


def test_only_the_ingress_waits_for_the_controller_which_admits_it(run: Run) -> None:
    world = demo(run)
    release = world.one("Release").urn

    assert [release in world.leans_on(world.one(kind).urn) for kind in KINDS] == [False, False, True]


def test_no_dead_kubelet_garbage_collector_or_controller_holds_up_its_deletion(run: Run) -> None:
    world = demo(run)
    annotations = {kind: world.one(kind).inputs["metadata"]["annotations"] for kind in KINDS}

    assert annotations == {
        "Deployment": {"pulumi.com/deletionPropagationPolicy": "background"},
        "Service": {"pulumi.com/skipAwait": "true"},
        "Ingress": {"pulumi.com/skipAwait": "true"},
    }
    assert not world.of("Namespace")  # which any API service that does not answer would keep


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"ingress_class": ""}, "ingress_class is"),
        ({"path": "rickroller"}, 'path is "rickroller"; allowed: a path such as /rickroller'),
        ({"path": "/"}, 'path is "/"; allowed: a path such as /rickroller'),
        ({"image": ""}, 'image is ""; allowed: a text that is not empty'),
        ({"host": "a b"}, 'host is "a b"; allowed: a DNS name'),
        ({"tls_secret": "x"}, "host is not set; allowed: the name in the certificate, as tls_secret is set"),
        ({"timeout_seconds": 0}, "timeout_seconds is 0"),
    ],
)
def test_a_bad_argument_is_refused_in_one_line(arguments: dict[str, Any], line: str) -> None:
    with pytest.raises(Invalid) as refusal:
        DemoAppArgs(**arguments)
    assert str(refusal.value).startswith(line)
    assert "\n" not in str(refusal.value)
