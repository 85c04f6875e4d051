"""The settings of the ingress controller: where it runs, and where its chart is from."""

from typing import Any

import pytest

from components.ingress import Chart
from configuration.settings import load
from tests.unit.conftest import configure


def test_the_ingress_runs_on_the_first_pool_that_lets_it() -> None:
    configure({"nodepools": {"a": {"taints": {"gpu": "yes:NoSchedule"}}, "c": {}, "b": {}}})
    settings = load()

    assert settings.cluster.traffic_pool == "b"


@pytest.mark.parametrize(
    ("ingress", "chart"),
    [
        ({"version": "2.8.0"}, Chart("nginx-ingress", "https://helm.nginx.com/stable", "2.8.0")),
        ({"repository": "https://mirror.test"}, Chart("nginx-ingress", "https://mirror.test", "2.7.0")),
        ({"chart": "./charts/nginx"}, Chart("./charts/nginx")),
        ({"chart": "oci://mirror.test/nginx", "version": "2.7.0"}, Chart("oci://mirror.test/nginx", None, "2.7.0")),
        ({"chart": "nginx-ingress"}, None),
    ],
)
def test_chart_repository_and_version_are_overridable(ingress: dict[str, Any], chart: Chart | None) -> None:
    configure({"ingress": ingress})
    settings = load()

    assert settings.ingress is not None
    assert settings.ingress.chart == chart
