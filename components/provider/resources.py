"""The resource types: what each one records in the state, and which step of the teardown its verbs run."""

from collections.abc import Sequence
from typing import Any

from ..teardown import machine_counts, parking
from ..teardown.changes import Chosen
from ..teardown.errors import TeardownError
from .progress import Say
from .resource import Resource, refuse_later_release, steps, subject
from .values import Values, is_unknown


class StackId(Resource):
    """Records the stack and its organisation. On delete, sweeps what is left of the stack."""

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
        if state is None and chosen.version and (why := steps.unknown_version(subject(inputs), chosen.version)):
            return why
        before = Chosen.of(state["zone"], state.get("settings")) if state else None
        if chosen.domain and chosen.domain != (before.domain if before else ""):
            ref = subject(inputs).ref
            if why := steps.refused_records(subject(inputs), steps.Wanted(chosen.domain, ref.host_names)):
                return why
        # A release that recorded no sizes could not park a pool.
        recorded = (Chosen.of(state["zone"], state.get("settings")) or chosen) if state else None
        return parking.unmade(chosen, recorded)

    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        domain, ref = (state.get("settings") or {}).get("domain"), subject(state).ref
        named = steps.left_records(subject(state), steps.Wanted(domain, ref.host_names)) if domain else []
        return [*named, *steps.sweep_stack(subject(state), say)]

    def gives_way_to(self, inputs: Values, state: Values) -> bool:
        return True


class Drain(Resource):
    """On delete, removes load balancers and volumes from a cluster."""

    replacing = ("clusterId",)

    def update(self, token: str, state: Values, inputs: Values, say: Say) -> None:
        super().update(token, state, inputs, say)
        # This is the last resource of an `up`, so the ingress has its new load balancer by now.
        if self._role == steps.DRAIN and _left_to_the_cluster(state) and not _left_to_the_cluster(inputs):
            steps.remove_leftover_balancer(subject(inputs), inputs["clusterId"], say)

    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        return steps.drain(subject(state), self._role, token, _target(state), say)


class UnfinishedDrain(Resource):
    """On delete, drains a cluster whose `up` ended before its SecondDrain was created. It is never armed itself: it has
    nothing to do if the SecondDrain is armed."""

    replacing = ("clusterId",)

    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        return steps.drain_unfinished(subject(state), _target(state), say)

    def gives_way_to(self, inputs: Values, state: Values) -> bool:
        return bool(inputs["clusterId"] == state["clusterId"])


class SecondDrain(Drain):
    """A second drain. It is created before anything in the cluster needs a load balancer, so it also clears away what
    would keep an `up` from installing there: an abandoned destroy's refusals, and Helm's record of a killed run."""

    def due(self, state: Values) -> Sequence[str]:
        return steps.left_behind(subject(state), state["clusterId"])

    def update(self, token: str, state: Values, inputs: Values, say: Say) -> None:
        super().update(token, state, inputs, say)
        if self.due(state):
            steps.clear_away(subject(inputs), inputs["clusterId"], say)


class NodepoolSweep(Resource):
    """On delete, removes nodepools that are missing from the state."""

    replacing = ("clusterId",)

    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        return steps.sweep_nodepools(subject(state), token, state["clusterId"], say)


class ProgramKubeconfig(Resource):
    """The kubeconfig for programs. It is built from other resources' outputs, which a preview often does not know."""

    replacing = ("clusterId",)
    lasting = ("kubeconfig",)

    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        return []


class Machines(Resource):
    """Records the machines of nodepools, and warns of those that differ from what their pools make now."""

    replacing = ("clusterId",)
    outputs = ("machines",)

    def create(self, inputs: Values, say: Say) -> tuple[str, dict[str, Any]]:
        return super().create(inputs, say)[0], self._now(inputs)

    def verify(self, state: Values, inputs: Values | None = None) -> list[str]:
        lines = super().verify(state)
        if inputs and inputs["clusterId"] == state["clusterId"]:
            lines += steps.old_machines(subject(state), state["clusterId"], inputs["pools"])
        return lines

    def refreshed(self, state: Values) -> dict[str, Any]:
        return self._now(state)

    def due(self, state: Values) -> Sequence[str]:
        try:
            now = steps.running_machines(subject(state), state["pools"])
        except TeardownError:  # a preview needs no valid key
            return ()
        return ("machines",) if machine_counts.differs(state["pools"], state["machines"], now) else ()

    def foretold(self, inputs: Values, state: Values | None = None) -> dict[str, Any]:
        try:
            before = steps.running_machines(subject(state), inputs["pools"]) if state else {}
        except TeardownError:
            before = state["machines"] if state else {}
        return {"machines": machine_counts.foreseen(inputs["pools"], before)}

    def update(self, token: str, state: Values, inputs: Values, say: Say) -> dict[str, Any]:
        return self._now(inputs)

    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        return []

    def _now(self, inputs: Values) -> dict[str, Any]:
        return {"machines": steps.running_machines(subject(inputs), inputs["pools"])}


class IngressPods(Resource):
    """Keeps an `up` from succeeding until a pod of the ingress controller is ready behind the load balancer."""

    replacing = ("clusterId",)

    def impossible(self, inputs: Values, state: Values | None = None) -> str:
        name, cluster = inputs.get("ingressClass"), inputs["clusterId"]
        if is_unknown(cluster) or not name or (state and state.get("ingressClass") == name):
            return ""
        return steps.taken_class(subject(inputs), cluster, name, inputs["namespace"])

    def verify(self, state: Values, inputs: Values | None = None) -> list[str]:
        lines = super().verify(state)
        if inputs and inputs["clusterId"] == state["clusterId"] and state.get("ingressClass"):
            lines += steps.unserved_ingresses(subject(state), state["clusterId"], state["ingressClass"])
        return lines

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


class ReleasePlace(Resource):
    """The place of a Helm release that a destroy does not uninstall, because the whole cluster goes. If that destroy
    was given up, the release is still there and missing from the state, and so is this."""

    replacing = ("clusterId", "namespace", "release")

    def create(self, inputs: Values, say: Say) -> tuple[str, dict[str, Any]]:
        steps.forget_release(subject(inputs), inputs["clusterId"], inputs["namespace"], inputs["release"], say)
        return super().create(inputs, say)

    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        return []


class DnsRecords(Resource):
    """Address records in a DNS domain of Exoscale's. Only the ids in its state say which are the stack's."""

    replacing = ("domain", "names")
    outputs = ("records",)

    def impossible(self, inputs: Values, state: Values | None = None) -> str:
        return "" if state else steps.refused_records(subject(inputs), _records(inputs))

    def create(self, inputs: Values, say: Say) -> tuple[str, dict[str, Any]]:
        made = steps.make_records(subject(inputs), _records(inputs), {}, say)
        return super().create(inputs, say)[0], {"records": made}

    def due(self, state: Values) -> Sequence[str]:
        return ("records",) if steps.changed_records(subject(state), _records(state), state["records"]) else ()

    def update(self, token: str, state: Values, inputs: Values, say: Say) -> dict[str, Any]:
        return {"records": steps.make_records(subject(inputs), _records(inputs), state["records"], say)}

    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        steps.remove_records(subject(state), state["domain"], state["records"], say)
        return []


class RuleSweep(Resource):
    """On delete, removes rules of a security group that are missing from the state."""

    replacing = ("securityGroupId",)

    def delete(self, token: str, state: Values, say: Say) -> list[str]:
        return steps.sweep_rules(subject(state), state["securityGroupId"], say)

    def gives_way_to(self, inputs: Values, state: Values) -> bool:
        return bool(inputs["securityGroupId"] == state["securityGroupId"])


def _left_to_the_cluster(drain: Values) -> bool:
    """Whether the ingress has a load balancer that is not a resource of the stack."""
    return bool(drain["releases"]) and not drain["loadBalancers"]


def _records(state: Values) -> "steps.Wanted":
    address = "" if is_unknown(state["address"]) else state["address"]
    return steps.Wanted(state["domain"], tuple(state["names"]), address, int(state["ttlSeconds"]))


def _target(state: Values) -> "steps.DrainTarget":
    return steps.DrainTarget(
        cluster_id=state["clusterId"],
        pool_ids=tuple(state["instancePoolIds"]),
        load_balancers=tuple(state["loadBalancers"]),
        on_destroy=state["onDestroy"],
        releases=state["releases"],
        wait_seconds=state["waitSeconds"],
    )


RESOURCES: dict[str, Resource] = {
    "exoscale-teardown:index:StackId": StackId(),
    "exoscale-teardown:index:Drain": Drain("drain"),
    "exoscale-teardown:index:SecondDrain": SecondDrain("second-drain"),
    "exoscale-teardown:index:UnfinishedDrain": UnfinishedDrain(),
    "exoscale-teardown:index:NodepoolSweep": NodepoolSweep("nodepool-sweep"),
    "exoscale-teardown:index:ProgramKubeconfig": ProgramKubeconfig(),
    "exoscale-teardown:index:Machines": Machines(),
    "exoscale-teardown:index:IngressPods": IngressPods(),
    "exoscale-teardown:index:ReleasePlace": ReleasePlace(),
    "exoscale-teardown:index:DnsRecords": DnsRecords(),
    "exoscale-teardown:index:RuleSweep": RuleSweep(),
}


def of_urn(urn: str) -> Resource:
    """Returns a resource's own type. A URN lists the types of its parents too: `a$b`."""
    type_ = urn.split("::")[2].rpartition("$")[2]
    if type_ not in RESOURCES:
        raise TeardownError(f"the provider exoscale-teardown knows no resource type {type_}")
    return RESOURCES[type_]
