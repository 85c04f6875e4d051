"""The tutorial's "work locally"."""

from tests.unit.conftest import Run

FLAGS = "--k3s-arg --disable=traefik@server:0 --api-port 127.0.0.1:6550 --port 127.0.0.1:8081:80@loadbalancer"


def test_the_cluster_is_made_with_the_tutorials_flags_and_removed_by_name(run: Run) -> None:
    cluster, kubeconfig = sorted(run({"platform": "k3d"}).of("Command"), key=lambda item: item.urn)

    assert cluster.inputs["create"] == f"k3d cluster create exoscale-sks-dev-k3d {FLAGS}"
    assert cluster.inputs["delete"] == "k3d cluster delete exoscale-sks-dev-k3d"
    assert kubeconfig.inputs["create"] == "k3d kubeconfig get exoscale-sks-dev-k3d"


def test_other_ports_make_another_cluster_after_the_first_is_gone(run: Run) -> None:
    def command(port: int) -> dict[str, object]:
        world = run({"platform": "k3d", "k3d": {"http-port": port}})
        return next(item.inputs for item in world.of("Command") if item.urn.endswith("local-cluster"))

    request = next(
        item.request for item in run({"platform": "k3d"}).of("Command") if item.urn.endswith("local-cluster")
    )
    assert command(8081)["triggers"] != command(8082)["triggers"]
    assert command(8081)["update"] == "true"
    assert request.deleteBeforeReplace


def test_the_kubeconfig_is_not_logged(run: Run) -> None:
    inputs = next(
        item.inputs for item in run({"platform": "k3d"}).of("Command") if item.urn.endswith("local-kubeconfig")
    )

    assert inputs["logging"] == "none"


def test_it_costs_nothing_and_needs_no_exoscale(run: Run) -> None:
    world = run({"platform": "k3d"})

    assert world.exports["monthly_cost"] == "nothing: it runs on this machine"
    assert not any("exoscale:index" in item.type for item in world.registrations.values())
