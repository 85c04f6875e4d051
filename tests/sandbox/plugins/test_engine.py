"""The real engine with the stand-ins: up, up again, preview, replacement, failure and destroy."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pulumi_command as command
import pulumiverse_exoscale as exoscale
import pytest
from pulumi import automation

from runner.stack import pulumi_command
from runner.workspace import Workspace
from sandbox.cloud import Cloud
from sandbox.faults import Fault
from sandbox.plugins.command import CommandProvider
from sandbox.plugins.exoscale import ExoscaleProvider
from sandbox.plugins.host import PluginHost
from tests.sandbox.plugins.cloud_bench import CertifiedControlPlanes
from tests.sandbox.plugins.conftest import KEY, QUICK, SECRET

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    # Pulumi's SDK leaves its event loops and their sockets open.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ZONE = "ch-gva-2"
Program = Callable[[], None]


class Stack:
    """A stack of inline programs, attached to the stand-ins."""

    def __init__(self, folder: Path, environment: dict[str, str], debug_providers: str) -> None:
        self._folder = folder
        self._checkpoint = folder / ".pulumi" / "stacks" / "plugins" / "test.json"
        self._command = pulumi_command()  # puts the engine on PATH
        self._environment = environment | {
            "PATH": os.environ["PATH"],
            "PULUMI_BACKEND_URL": f"file://{folder}",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "none",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DEBUG_PROVIDERS": debug_providers,
        }
        self.printed: list[str] = []

    def run(self, action: str, program: Program | None = None, **options: Any) -> Any:
        """`up`, `preview`, `refresh` or `destroy`."""
        workspace = Workspace(
            self._folder,
            work_dir=str(self._folder),
            program=program or _nothing,
            env_vars=self._environment,
            pulumi_command=self._command,
            project_settings=automation.ProjectSettings(name="plugins", runtime="python"),
        )
        self.printed = []
        run = getattr(workspace.create_or_take("test"), action)
        return run(on_output=self.printed.append, color="never", **options)

    def changes(self, action: str, program: Program | None = None, **options: Any) -> dict[str, int]:
        """How many resources were made, updated and so on."""
        done = self.run(action, program, **options)
        counts = done.change_summary if action == "preview" else done.summary.resource_changes
        return {str(getattr(key, "value", key)): count for key, count in (counts or {}).items()}

    def state(self) -> dict[str, dict[str, Any]]:
        """The resources in the state file, by name."""
        resources = json.loads(self._checkpoint.read_text())["checkpoint"]["latest"]["resources"]
        return {resource["urn"].split("::")[-1]: resource for resource in resources}


def _nothing() -> None:
    """A program without resources."""


def _program(size: int = 1, cni: str = "calico", zone: str = ZONE, delete: str = "true") -> Program:
    def program() -> None:
        group = exoscale.SecurityGroup("fw")
        exoscale.SecurityGroupRule(
            "vxlan",
            type="INGRESS",
            protocol="UDP",
            start_port=4789,
            end_port=4789,
            security_group_id=group.id,
            user_security_group_id=group.id,
        )
        cluster = exoscale.SksCluster("cluster", zone=zone, service_level="starter", cni=cni)
        pool = exoscale.SksNodepool(
            "pool",
            zone=zone,
            cluster_id=cluster.id,
            instance_type="standard.small",
            size=size,
            disk_size=20,
            anti_affinity_group_ids=[exoscale.AntiAffinityGroup("apart").id],
            security_group_ids=[group.id],
        )
        balancer = exoscale.Nlb("nlb", zone=zone)
        exoscale.NlbService(
            "web",
            zone=zone,
            nlb_id=balancer.id,
            instance_pool_id=pool.instance_pool_id,
            port=80,
            target_port=30080,
            healthchecks=[{"port": 30080}],
        )
        person = exoscale.SksKubeconfig("me", zone=zone, cluster_id=cluster.id, user="me", groups=["system:masters"])
        hello = command.local.Command(
            "hello",
            create="echo hello $EXOSCALE_API_KEY",
            delete=delete,
            opts=pulumi.ResourceOptions(depends_on=[balancer]),
        )
        pulumi.export("kubeconfig", person.kubeconfig)
        pulumi.export("ip", balancer.ip_address)
        pulumi.export("hello", hello.stdout)

    return program


@pytest.fixture
def credentials() -> dict[str, str]:
    """The variables that hold them."""
    return {"EXOSCALE_API_KEY": KEY, "EXOSCALE_API_SECRET": SECRET}


@pytest.fixture
def environment(surroundings: dict[str, str], credentials: dict[str, str]) -> dict[str, str]:
    """What engine and stand-ins are given."""
    return surroundings | credentials


@pytest.fixture
def stack(tmp_path: Path, environment: dict[str, str], planes: CertifiedControlPlanes) -> Iterator[Stack]:
    folder = tmp_path / "state"
    folder.mkdir()
    with PluginHost([ExoscaleProvider(QUICK), CommandProvider()], folder, environment) as host:
        yield Stack(folder, environment, host.debug_providers)


def _left(cloud: Cloud) -> list[str]:
    kinds = ("sks-cluster", "sks-nodepool", "instance-pool", "instance", "load-balancer", "anti-affinity-group")
    return [kind for kind in kinds for _ in cloud.store.list(kind)]


def test_a_stack_comes_up_stays_as_it_is_hides_its_secrets_and_goes_away(
    stack: Stack, cloud: Cloud, tmp_path: Path
) -> None:
    planned = stack.changes("preview", _program())
    assert planned == {"create": 10}
    assert _left(cloud) == []
    delete = f"touch {tmp_path}/deleted"

    up = stack.run("up", _program(delete=delete))
    assert up.summary.resource_changes == {"create": 10}
    assert up.summary.config == {}  # read from the engine's record, not asked of it
    assert up.outputs["kubeconfig"].secret
    assert "client-certificate-data" in up.outputs["kubeconfig"].value
    assert up.outputs["hello"].value == f"hello {KEY}"
    assert up.outputs["ip"].value == cloud.store.list("load-balancer")[0]["ip"]
    assert not [line for line in stack.printed if "warning" in line], stack.printed
    held = json.dumps(stack.state())
    assert "vxlan" in held
    assert SECRET not in held
    assert "client-certificate-data" not in held

    assert stack.changes("up", _program(delete=delete)) == {"same": 10}
    assert stack.changes("refresh") == {"same": 10}
    assert stack.changes("up", _program(size=2, delete=delete)) == {"same": 9, "update": 1}
    assert len(cloud.store.list("instance")) == 2

    assert stack.changes("destroy") == {"delete": 10}
    assert _left(cloud) == []
    assert (tmp_path / "deleted").exists()


def test_a_change_that_the_api_cannot_make_shows_at_every_up_and_a_move_replaces_all_that_is_in_the_cluster(
    stack: Stack, cloud: Cloud
) -> None:
    stack.run("up", _program())
    for _ in range(2):
        assert stack.changes("up", _program(cni="cilium")) == {"same": 9, "update": 1}

    before = stack.state()
    assert stack.changes("up", _program(zone="at-vie-1"))["replace"] == 5
    after = stack.state()
    for name in ("cluster", "pool", "nlb", "web", "me"):
        assert after[name]["id"] != before[name]["id"]
    assert [cluster["_zone"] for cluster in cloud.store.list("sks-cluster")] == ["at-vie-1"]


def test_a_partial_creation_is_in_the_state_and_the_next_up_heals_it(stack: Stack, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("get-sks-cluster-authority-cert", "status", status=404))
    with pytest.raises(automation.CommandError, match="GetSKSClusterAuthorityCert: http response: Not Found"):
        stack.run("up", _program())
    saved = stack.state()["cluster"]
    assert saved["initErrors"]
    stack.run("up", _program())
    healed = stack.state()["cluster"]
    assert healed["id"] == saved["id"]
    assert not healed.get("initErrors")
    assert len(cloud.store.list("sks-cluster")) == 1


def test_a_refused_creation_is_told_and_the_rest_is_destroyed(stack: Stack, cloud: Cloud) -> None:
    cloud.faults.arm(Fault("create-load-balancer", "failure"))
    with pytest.raises(automation.CommandError, match="job failed"):
        stack.run("up", _program())
    assert "nlb" not in stack.state()
    stack.run("destroy")
    assert _left(cloud) == ["load-balancer"], "what the state never knew stays"


def test_wrong_input_fails_before_anything_is_made(stack: Stack, cloud: Cloud) -> None:
    def program() -> None:
        exoscale.SecurityGroupRule("in", type="INWARD", security_group="fw", cidr="0.0.0.0/0")

    with pytest.raises(
        automation.CommandError, match=r'has a problem: expected type to be one of \["INGRESS" "EGRESS"\]'
    ):
        stack.run("preview", program)
    assert _left(cloud) == []


@pytest.mark.parametrize("credentials", [{}, {"EXOSCALE_API_KEY": KEY}])
def test_missing_credentials_fail_the_preview(stack: Stack) -> None:
    def program() -> None:
        exoscale.AntiAffinityGroup("apart")

    with pytest.raises(automation.CommandError, match=r"incomplete API credentials|must be set"):
        stack.run("preview", program)
