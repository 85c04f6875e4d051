"""The resource types: what each one keeps in the state, and which step of the teardown its verbs are.

What stands in a state is an interface: `version` names its layout, and a state that any release wrote is destroyed by
every later one.
"""

import importlib
import secrets
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from provider.progress import Say
from provider.values import Values
from teardown import parking
from teardown.changes import Chosen
from teardown.errors import TeardownError

if TYPE_CHECKING:
    from teardown import steps
else:

    class _Late:
        """The module, imported when it is first used: the Exoscale client in it takes longer than all the rest."""

        def __getattr__(self, name: str) -> Any:
            return getattr(importlib.import_module("teardown.steps"), name)

    steps = _Late()

VERSION = 1
_IDENTITY = ("project", "stack", "owner", "stackId")


class Resource(ABC):
    """One resource type. Its state is its inputs, what `create` adds to them, and `version`.

    Args:
        role: what its delete step is armed as in the cluster: it works only as long as no other resource of that role
            was armed after it, so a renamed one does not empty a living cluster. Empty: it is not armed.
    """

    replacing: ClassVar[tuple[str, ...]] = ()
    """Inputs whose change makes another resource of it; the old one is deleted first."""
    outputs: ClassVar[tuple[str, ...]] = ()
    """What `create` adds to the inputs; no update changes it."""
    lasting: ClassVar[tuple[str, ...]] = ()
    """Inputs that stay what they were for as long as no input in `replacing` changes, even where a preview does not
    know them."""

    def __init__(self, role: str = "") -> None:
        self._role = role

    def create(self, inputs: Values, say: Say) -> tuple[str, dict[str, str]]:
        """The id of a new one, by which it is armed, and its outputs."""
        token = secrets.token_hex(8)
        if self._role:
            steps.arm(subject(inputs), self._role, inputs["clusterId"], token, say)
        return token, {}

    def verify(self, state: Values, inputs: Values | None = None) -> list[str]:
        """Raises where what is recorded does not fit this release, the API key, or the inputs.

        Returns:
            What the user has to know before these inputs take the place of what is recorded, line by line.
        """
        refuse_later_release(state)
        return []

    def impossible(self, inputs: Values, state: Values | None = None) -> str:
        """Why these inputs cannot come true, in one line; empty where they can. A preview asks too.

        Args:
            state: what there is; None for a new one.
        """
        return ""

    def update(self, token: str, state: Values, inputs: Values, say: Say) -> None:
        """Brings it to the new inputs."""
        if self._role and any(state.get(key) != inputs.get(key) for key in _IDENTITY):
            steps.arm(subject(inputs), self._role, inputs["clusterId"], token, say)

    def due(self, state: Values) -> Sequence[str]:
        """What an update has to do although no input changed, in words that a preview shows. Changes nothing."""
        return ()

    @abstractmethod
    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        """Runs the step; the lines that have to stay on the screen."""

    def gives_way_to(self, inputs: Values, state: Values) -> bool:
        """Whether one with these inputs, under another name in the program, has taken the place of this one."""
        return False


class StackId(Resource):
    """Which stack this is and which organisation it lives in; its delete sweeps what is left of the stack."""

    outputs = ("stackId", "organizationId", "organizationName")

    def create(self, inputs: Values, say: Say) -> tuple[str, dict[str, str]]:
        made = steps.create_stack_id(subject(inputs), inputs.get("organization") or "", say)
        outputs = dict(zip(self.outputs, (made.stack_id, made.organization_id, made.organization_name), strict=True))
        return made.stack_id, outputs

    def verify(self, state: Values, inputs: Values | None = None) -> list[str]:
        refuse_later_release(state)
        account = steps.check_organization(subject(state))
        pinned, id_, name = (inputs or {}).get("organization"), state["organizationId"], state["organizationName"]
        if pinned and pinned not in (id_, name):
            raise TeardownError(
                f"the setting organization is {pinned}, and the stack lives in {name} ({id_}). Next: "
                f"`pulumi config set organization {id_}`; to move the stack, destroy it and bring it up there"
            )
        chosen = Chosen.of(inputs["zone"], inputs.get("settings")) if inputs else None
        if chosen is None:
            return []
        return steps.foresee(subject(state), account, chosen, Chosen.of(state["zone"], state.get("settings")))

    def impossible(self, inputs: Values, state: Values | None = None) -> str:
        chosen = Chosen.of(inputs["zone"], inputs.get("settings"))
        if chosen is None:
            return ""
        # A release that recorded none parked none.
        recorded = (Chosen.of(state["zone"], state.get("settings")) or chosen) if state else None
        return parking.unmade(chosen, recorded)

    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        return steps.sweep_stack(subject(state), say)

    def gives_way_to(self, inputs: Values, state: Values) -> bool:
        return True


class Drain(Resource):
    """Takes load balancers and volumes out of a cluster when it is deleted."""

    replacing = ("clusterId",)

    def update(self, token: str, state: Values, inputs: Values, say: Say) -> None:
        super().update(token, state, inputs, say)
        # The last resource of an `up`, so the ingress has its new load balancer by now.
        if self._role == steps.DRAIN and _left_to_the_cluster(state) and not _left_to_the_cluster(inputs):
            steps.remove_leftover_balancer(subject(inputs), inputs["clusterId"], say)

    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        return steps.drain(subject(state), self._role, token, _target(state), say)


class UnfinishedDrain(Resource):
    """Drains, when it is deleted, a cluster whose `up` ended before its SecondDrain was made. It is never armed: that
    the SecondDrain is says that there is nothing to do."""

    replacing = ("clusterId",)

    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        return steps.drain_unfinished(subject(state), _target(state), say)

    def gives_way_to(self, inputs: Values, state: Values) -> bool:
        return bool(inputs["clusterId"] == state["clusterId"])


class SecondDrain(Drain):
    """Created before anything in the cluster needs a load balancer, so it also opens a cluster again that a destroy
    closed and then left."""

    def due(self, state: Values) -> Sequence[str]:
        return ("closedByADestroy",) if steps.is_closed(subject(state), state["clusterId"]) else ()

    def update(self, token: str, state: Values, inputs: Values, say: Say) -> None:
        super().update(token, state, inputs, say)
        if self.due(state):
            steps.open_again(subject(inputs), inputs["clusterId"], say)


class NodepoolSweep(Resource):
    """Removes nodepools that no state knows when it is deleted."""

    replacing = ("clusterId",)

    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        return steps.sweep_nodepools(subject(state), token, state["clusterId"], say)


class ProgramKubeconfig(Resource):
    """The kubeconfig for programs. Its text is made of others' outputs that a preview often does not know."""

    replacing = ("clusterId",)
    lasting = ("kubeconfig",)

    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        return []


class IngressPods(Resource):
    """Holds an `up` back from a good end while no pod of the ingress controller is ready behind the load balancer."""

    replacing = ("clusterId",)

    def create(self, inputs: Values, say: Say) -> tuple[str, dict[str, str]]:
        self._await(inputs, say)
        return super().create(inputs, say)

    def update(self, token: str, state: Values, inputs: Values, say: Say) -> None:
        if any(state.get(key) != inputs[key] for key in ("namespace", "chart", "instancePoolId", "size")):
            self._await(inputs, say)

    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        return []

    def _await(self, inputs: Values, say: Say) -> None:
        where = inputs["clusterId"], inputs["namespace"], inputs["nodepool"], inputs["instancePoolId"]
        steps.await_ingress_pod(subject(inputs), *where, inputs["waitSeconds"], say)


class RuleSweep(Resource):
    """Removes rules of a security group that no state knows when it is deleted."""

    replacing = ("securityGroupId",)

    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        return steps.sweep_rules(subject(state), state["securityGroupId"], say)

    def gives_way_to(self, inputs: Values, state: Values) -> bool:
        return bool(inputs["securityGroupId"] == state["securityGroupId"])


RESOURCES: dict[str, Resource] = {
    "exoscale-teardown:index:StackId": StackId(),
    "exoscale-teardown:index:Drain": Drain("drain"),
    "exoscale-teardown:index:SecondDrain": SecondDrain("second-drain"),
    "exoscale-teardown:index:UnfinishedDrain": UnfinishedDrain(),
    "exoscale-teardown:index:NodepoolSweep": NodepoolSweep("nodepool-sweep"),
    "exoscale-teardown:index:ProgramKubeconfig": ProgramKubeconfig(),
    "exoscale-teardown:index:IngressPods": IngressPods(),
    "exoscale-teardown:index:RuleSweep": RuleSweep(),
}


def _left_to_the_cluster(drain: Values) -> bool:
    """Whether the ingress has a load balancer that is no resource of the stack."""
    return bool(drain["releases"]) and not drain["loadBalancers"]


def of_urn(urn: str) -> Resource:
    """The type of a resource. A URN names the types of its parents too, `a$b`."""
    type_ = urn.split("::")[2].rpartition("$")[2]
    if type_ not in RESOURCES:
        raise TeardownError(f"the provider exoscale-teardown knows no resource type {type_}")
    return RESOURCES[type_]


def subject(state: Values) -> "steps.Subject":
    """Whose resource it is, from its inputs or its state."""
    return steps.Subject(
        project=state["project"],
        stack=state["stack"],
        owner=state["owner"],
        zone=state["zone"],
        stack_id=state.get("stackId") or "",
        organization=state.get("organizationId") or "",
        organization_name=state.get("organizationName") or "",
    )


def _target(state: Values) -> "steps.DrainTarget":
    return steps.DrainTarget(
        cluster_id=state["clusterId"],
        pool_ids=tuple(state["instancePoolIds"]),
        load_balancers=tuple(state["loadBalancers"]),
        on_destroy=state["onDestroy"],
        releases=state["releases"],
        wait_seconds=state["waitSeconds"],
    )


def refuse_later_release(state: Values) -> None:
    """Raises where the state has a layout that this release does not know."""
    if state.get("version", VERSION) > VERSION:
        raise TeardownError(
            f"the state was written by a later release (layout {state['version']:.0f}, this one knows {VERSION}). "
            "Next: run the same command in a checkout of that release"
        )


def refuse_copy(state: Values, urn: str) -> None:
    """Raises where the state was made for another stack than the one whose URN this is."""
    stack, project = urn.split("::")[:2]
    steps.refuse_copy(subject(state), project, stack.rpartition(":")[2])


def remaining(state: Values) -> str:
    """What of the stack still runs and what it costs, in one line."""
    return steps.remaining(subject(state))
