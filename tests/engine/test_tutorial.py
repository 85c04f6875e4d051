"""The tutorial's page about the cluster, command by command and in its order, with `pulumi` in `terraform`'s place.

Each test is a step on one sandbox. What the page shows is what the commands print here, names and ages aside.
"""

import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from runner.stack import SandboxStack
from sandbox.client import connect
from sandbox.sandbox import Sandbox
from tests.sandbox.waiting import eventually
from tools import path_of

pytestmark = [pytest.mark.engine, pytest.mark.slow]

NODE = re.compile(r"pool-[0-9a-z]{5}-[0-9a-z]{5} +Ready +<none> +\S+ +v1\.\d+\.\d+")
TOP = re.compile(r"pool-[0-9a-z]{5}-[0-9a-z]{5} +\d+m +\d+% +\d+Mi +\d+%")
POD = re.compile(r"(?P<name>\S+) +1/1 +Running +0 +\S+")
SYSTEM = {
    "calico-kube-controllers": 1,
    "calico-node": 2,
    "coredns": 2,
    "konnectivity-agent": 2,
    "kube-proxy": 2,
}
# Of ingress-nginx's manifest, what makes a difference to a cluster that has a controller already, in its order.
MANIFEST = """
apiVersion: v1
kind: Namespace
metadata: {name: ingress-nginx}
---
apiVersion: v1
kind: Service
metadata: {name: ingress-nginx-controller, namespace: ingress-nginx}
spec: {type: LoadBalancer, selector: {app: none}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
"""
# As the tutorial's app is exposed later: a path that ingress-nginx rewrites, and no host.
INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: rickroller
  annotations: {nginx.ingress.kubernetes.io/use-regex: "true", nginx.ingress.kubernetes.io/rewrite-target: /$2}
spec:
  ingressClassName: nginx
  rules:
    - http:
        paths:
          - path: /rickroller(/|$)(.*)
            pathType: ImplementationSpecific
            backend: {service: {name: rickroller, port: {number: 80}}}
"""


class Terminal:
    """A person's shell, in which the line `connect` has been pasted.

    Args:
        kubeconfig: the file that it names.
    """

    def __init__(self, sandbox: Sandbox, kubeconfig: str) -> None:
        path = f"{path_of('kubectl').parent}:{os.environ['PATH']}"
        self._environment = {**os.environ, **sandbox.environment(), "PATH": path, "KUBECONFIG": kubeconfig}

    def run(self, command: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["sh", "-c", command],
            input=stdin,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def lines(self, command: str) -> list[str]:
        """What a command prints that works."""
        answer = self.run(command)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout.splitlines()


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., SandboxStack], charts: Callable[[str], Path]) -> SandboxStack:
    ingress, storage = {"chart": str(charts("nginx-ingress"))}, {"csi": False}  # the page's cluster has no driver
    config = {"exoscale-sks:ingress": ingress, "exoscale-sks:storage": storage, "exoscale-sks:demo": True}
    return make_stack("tutorial", config=config)


@pytest.fixture(scope="module")
def outputs(stack: SandboxStack) -> automation.OutputMap:
    return stack.up().outputs


@pytest.fixture(scope="module")
def terminal(sandbox: Sandbox, outputs: automation.OutputMap) -> Terminal:
    return Terminal(sandbox, outputs["kubeconfig_path"].value)


@pytest.fixture(scope="module")
def client(sandbox: Sandbox) -> Any:
    return connect(sandbox.url, sandbox.key, sandbox.secret, "ch-gva-2", poll_seconds=0.05)


def test_terraform_init_and_plan_are_pulumi_preview(stack: SandboxStack, cloud: Callable[[], dict[str, int]]) -> None:
    planned = {getattr(kind, "value", str(kind)) for kind in stack.preview().change_summary}

    assert planned == {"create"}
    assert cloud() == {}


@pytest.mark.usefixtures("outputs")
def test_terraform_apply_is_pulumi_up_and_makes_a_control_plane_and_two_nodes(
    cloud: Callable[[], dict[str, int]],
) -> None:
    assert cloud() == {"sks-cluster": 1, "sks-nodepool": 1, "instance-pool": 1, "instance": 2, "load-balancer": 1}


def test_the_output_connect_is_pasted_and_tells_where_the_cluster_is(
    outputs: automation.OutputMap, terminal: Terminal
) -> None:
    endpoint = outputs["endpoint"].value
    said = "\n".join(terminal.lines(outputs["connect"].value))

    assert re.fullmatch(r"https://\S+\.sks-ch-gva-2\.exo\.io:443", endpoint)
    assert f"Kubernetes control plane is running at {endpoint}" in said
    assert f"CoreDNS is running at {endpoint}/api/v1/namespaces/kube-system/services/kube-dns:dns/proxy" in said


def test_the_ingress_controller_is_there_without_kubectl_apply(terminal: Terminal) -> None:
    [line] = terminal.lines("kubectl get ingressclass --no-headers")

    assert line.split()[:2] == ["nginx", "nginx.org/ingress-controller"]


def test_kubectl_cluster_info(outputs: automation.OutputMap, terminal: Terminal) -> None:
    assert any(outputs["endpoint"].value in line for line in terminal.lines("kubectl cluster-info"))


def test_kubectl_get_nodes_shows_the_workers_only(terminal: Terminal) -> None:
    head, *nodes = terminal.lines("kubectl get nodes")

    assert head.split() == ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]
    assert len(nodes) == 2
    assert all(NODE.fullmatch(node) for node in nodes), nodes


def test_kubectl_get_pod_shows_what_sks_installs_once_or_on_every_node(terminal: Terminal) -> None:
    head, *pods = terminal.lines("kubectl get pod -n kube-system")
    found = Counter(workload(pod) for pod in pods)

    assert head.split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert {name: found[name] for name in SYSTEM} == SYSTEM


def test_kubectl_top_node_has_figures_of_both(terminal: Terminal) -> None:
    eventually(lambda: terminal.run("kubectl top node").returncode == 0, seconds=90)
    head, *nodes = terminal.lines("kubectl top node")

    assert head.split()[0] == "NAME"
    assert len(nodes) == 2
    assert all(TOP.fullmatch(node.strip()) for node in nodes), nodes


def test_the_app_that_the_tutorial_ends_with_answers(
    outputs: automation.OutputMap, terminal: Terminal, sandbox: Sandbox
) -> None:
    address = outputs["ingress_ip"].value.replace(".", "-")
    [deployment] = terminal.lines("kubectl get deployment --no-headers")
    [ingress] = terminal.lines("kubectl get ingress --no-headers")

    assert outputs["demo_url"].value == f"http://{address}.nip.io/rickroller"
    assert deployment.split()[:2] == ["demo", "1/1"]
    assert ingress.split()[:2] == ["demo", "nginx"]
    page = terminal.lines(f"curl -sf --proxy {sandbox.proxy_url} {outputs['demo_url'].value}")
    assert any("default/demo" in line for line in page)


def test_the_pages_kubectl_apply_is_refused_for_its_class_and_leaves_a_second_load_balancer(
    terminal: Terminal, client: Any
) -> None:
    answer = terminal.run("kubectl apply -f -", stdin=MANIFEST)

    assert answer.returncode == 1
    assert 'IngressClass "nginx" is invalid: spec.controller' in answer.stderr
    assert "field is immutable" in answer.stderr
    eventually(lambda: len(client.list_load_balancers()["load-balancers"]) == 2)


def test_an_ingress_written_for_ingress_nginx_is_named_at_the_next_up(stack: SandboxStack, terminal: Terminal) -> None:
    assert terminal.run("kubectl apply -f -", stdin=INGRESS).returncode == 0
    said = stack.up().stdout

    uses = "nginx.ingress.kubernetes.io/rewrite-target, nginx.ingress.kubernetes.io/use-regex"
    assert f"Ingress default/rickroller uses {uses}, which F5's controller ignores. Next: " in said
    assert "Ingress default/rickroller has no host, and F5's controller serves one such Ingress" in said


def test_the_pages_kubectl_destroy_is_no_command_and_nothing_has_to_be_uninstalled(terminal: Terminal) -> None:
    assert 'unknown command "destroy" for "kubectl"' in terminal.run("kubectl destroy -f deploy.yaml").stderr


def test_terraform_destroy_is_pulumi_destroy_and_no_load_balancer_is_left(
    stack: SandboxStack, client: Any, cloud: Callable[[], dict[str, int]]
) -> None:
    stack.destroy()

    assert client.list_load_balancers()["load-balancers"] == []
    assert cloud() == {}


def workload(line: str) -> str:
    """The name of the Deployment or DaemonSet that a running pod's line names."""
    shown = POD.fullmatch(line.strip())
    assert shown, line
    return re.sub(r"(-[0-9a-z]{8,10})?-[0-9a-z]{5}$", "", shown["name"])
