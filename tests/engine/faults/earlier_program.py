"""The program as it was before it had a provider of its own: its steps are shell commands in the state.

Run as its `with` block says, the program of today records what that one did, so that states of before can be made.
"""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import pulumi
import pulumi_command as command

from components.identity import Identity
from tests.engine.faults.earlier_places import earlier_places

Input = pulumi.Input[Any]


@contextmanager
def shell_steps() -> Iterator[None]:
    """Within it the program registers the commands of before."""
    with (
        earlier_places(),
        patch("components.stack_id.StackIdStep", _Mark),
        patch("components.drain.DrainStep", _drain),
        patch("components.nodepool_sweep.NodepoolSweepStep", _nodepool_sweep),
        patch("components.firewall.RuleSweepStep", _rule_sweep),
        patch("components.ingress.controller.IngressPodsStep", lambda *_, **__: None),
        patch("components.machines.MachinesStep", _Machines),
        patch("components.program_kubeconfig.ProgramKubeconfigStep", _Kubeconfig),
    ):
        yield


class _Mark:
    def __init__(
        self,
        name: str,
        identity: Identity,
        zone: str,
        organization: str,
        settings: dict[str, Any] | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        who = {"project": identity.project, "stack": identity.stack, "owner": identity.owner}
        made = command.local.Command(
            name,
            create=_line("mark", zone=zone, stack=identity.stack),
            update='printf %s "$PULUMI_COMMAND_STDOUT"',
            delete=f'{_line("sweep", zone=zone, **who)} --stack-id "$PULUMI_COMMAND_STDOUT"',
            opts=opts,
        )
        self.stack_id = made.stdout
        self.organization_id = self.organization_name = pulumi.Output.from_input("")


class _Kubeconfig:
    """No resource: the Kubernetes provider took the text from where it was made."""

    def __init__(
        self,
        name: str,
        identity: Identity,
        zone: str,
        cluster_id: Input,
        kubeconfig: pulumi.Output[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        self.kubeconfig = kubeconfig


class _Machines:
    """No resource: the program took it that the machines are what the settings say."""

    def __init__(self, *_: Any) -> None:
        self.machines: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input({})


@dataclass
class _NodepoolSweep:
    cluster_id: pulumi.Output[str]


class _NoStep:
    """There was none, and nothing waited for it."""

    def __init__(self) -> None:
        self.urn = pulumi.Output.from_input("")


def _drain(
    kind: str,
    name: str,
    identity: Identity,
    zone: str,
    cluster_id: Input,
    instance_pool_ids: Sequence[Input],
    load_balancers: Sequence[str],
    on_destroy: str,
    releases: pulumi.Input[bool],
    wait_seconds: int,
    opts: pulumi.ResourceOptions,
) -> "command.local.Command | _NoStep":
    if kind == "UnfinishedDrain":
        return _NoStep()

    def line(values: dict[str, Any]) -> str:
        return _line(
            "drain",
            zone=zone,
            project=identity.project,
            stack=identity.stack,
            owner=identity.owner,
            on_destroy=on_destroy,
            wait_seconds=wait_seconds,
            keep_nlb=list(load_balancers),
            **values,
        )

    def admit(cluster: str) -> str:
        return _line("admit", zone=zone, cluster=cluster, stack=identity.stack)

    values = pulumi.Output.all(
        stack_id=identity.stack_id, cluster=cluster_id, pool=[*instance_pool_ids], releases=releases
    )
    return command.local.Command(
        name,
        create=pulumi.Output.from_input(cluster_id).apply(admit) if kind == "SecondDrain" else None,
        delete=values.apply(line),
        triggers=[cluster_id],
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
    )


def _nodepool_sweep(
    name: str,
    identity: Identity,
    zone: str,
    cluster_id: Input,
    opts: pulumi.ResourceOptions,
) -> "_NodepoolSweep":
    who = {"project": identity.project, "stack": identity.stack, "owner": identity.owner}
    values = pulumi.Output.all(stack_id=identity.stack_id, cluster=cluster_id)
    made = command.local.Command(
        name,
        delete=values.apply(lambda ids: _line("sweep", zone=zone, **who, **ids)),
        triggers=[cluster_id],
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
    )
    return _NodepoolSweep(pulumi.Output.all(cluster_id, made.id).apply(lambda ids: str(ids[0])))


def _rule_sweep(
    name: str,
    identity: Identity,
    zone: str,
    security_group_id: Input,
    opts: pulumi.ResourceOptions,
) -> command.local.Command:
    def line(group: str) -> str:
        return _line("sweep-rules", security_group=group, stack=identity.stack)

    return command.local.Command(name, delete=pulumi.Output.from_input(security_group_id).apply(line), opts=opts)


def _line(verb: str, **options: Any) -> str:
    words = ["sh", "teardown/run.sh", verb]
    for key, value in options.items():
        flag = f"--{key.replace('_', '-')}"
        if isinstance(value, bool):
            words += [flag] if value else []
        else:
            words += [word for one in (value if isinstance(value, list) else [value]) for word in (flag, str(one))]
    return shlex.join(words)
