"""What a Service asks for, read from its annotations, name and ports."""

import pytest

from sandbox.ccm.annotations import Unfit, is_external, load_balancer, load_balancer_name, seconds
from tests.sandbox.ccm.world import port, service


def test_names_come_from_the_uid_of_the_service() -> None:
    web = service(ports=[port(80), port(443, 30443), port(53, 30053, "UDP")])
    uid = web["metadata"]["uid"]

    assert load_balancer_name(web) == f"k8s-{uid}"
    names = [item["name"] for item in load_balancer(web)["services"]]
    assert names == [f"{uid}-80", f"{uid}-443", f"{uid}-53-udp"]


def test_a_plain_service_gets_the_defaults() -> None:
    (item,) = load_balancer(service({"service-instancepool-id": "pool"}))["services"]

    assert item["port"] == 80
    assert item["target-port"] == 30080
    assert item["protocol"] == "tcp"
    assert item["strategy"] == "round-robin"
    assert item["instance-pool"] == {"id": "pool"}
    assert item["healthcheck"] == {"mode": "tcp", "port": 30080, "uri": "", "interval": 10, "timeout": 5, "retries": 1}


def test_annotations_change_the_health_check() -> None:
    asked = {"mode": "http", "port": "31000", "uri": "/healthz", "interval": "1m30s", "timeout": "3s", "retries": "2"}
    web = service({f"service-healthcheck-{name}": value for name, value in asked.items()})

    (item,) = load_balancer(web)["services"]
    assert item["healthcheck"] == {
        "mode": "http",
        "port": 31000,
        "uri": "/healthz",
        "interval": 90,
        "timeout": 3,
        "retries": 2,
    }


def test_traffic_policy_local_is_checked_at_its_own_node_port() -> None:
    web = service(externalTrafficPolicy="Local", healthCheckNodePort=32000)
    assert load_balancer(web)["services"][0]["healthcheck"]["port"] == 32000

    web = service(externalTrafficPolicy="Cluster", healthCheckNodePort=32000)
    assert load_balancer(web)["services"][0]["healthcheck"]["port"] == 30080


def test_service_name_and_description_apply_to_a_single_port_only() -> None:
    asked = {"service-name": "http", "service-description": "the web"}
    (item,) = load_balancer(service(asked))["services"]
    assert (item["name"], item["description"]) == ("http", "the web")

    several = load_balancer(service(asked, ports=[port(80), port(443, 30443)]))["services"]
    assert "http" not in [item["name"] for item in several]
    assert [item["description"] for item in several] == ["", ""]


def test_external_is_true_in_any_case() -> None:
    assert is_external(service({"external": "True"}))
    assert not is_external(service({"external": "yes"}))
    assert not is_external(service())


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        ("service-healthcheck-interval", "10", 'time: missing unit in duration "10"'),
        ("service-healthcheck-interval", "10x", 'time: unknown unit "x" in duration "10x"'),
        ("service-healthcheck-interval", "", 'time: invalid duration ""'),
        ("service-healthcheck-timeout", "soon", 'time: invalid duration "soon"'),
        ("service-healthcheck-retries", "x", 'strconv.Atoi: parsing "x": invalid syntax'),
        (
            "service-healthcheck-port",
            "http",
            'invalid healthcheck port annotation: strconv.Atoi: parsing "http": invalid syntax',
        ),
    ],
)
def test_an_annotation_that_cannot_be_read_is_named_as_go_names_it(annotation: str, value: str, message: str) -> None:
    with pytest.raises(Unfit) as error:
        load_balancer(service({annotation: value}))
    assert str(error.value) == message


def test_sctp_is_refused() -> None:
    with pytest.raises(Unfit, match="only TCP and UDP are supported as service port protocols"):
        load_balancer(service(ports=[port(80, protocol="SCTP")]))


@pytest.mark.parametrize(
    ("text", "whole"), [("10s", 10), ("1m30s", 90), ("1.5s", 1), ("1500ms", 1), ("1h", 3600), ("0", 0), ("-3s", -3)]
)
def test_durations_are_gos(text: str, whole: int) -> None:
    assert seconds(text) == whole
