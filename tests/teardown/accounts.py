"""Generated accounts in which stacks of like names and ids live side by side, linked with each other at random."""

import random as random_
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from components.teardown.cloud.account import Document
from components.teardown.cloud.ownership import Evidence
from components.teardown.cloud.stack_ref import StackRef
from tests.teardown.paper import COPY, NAMESAKE, NEIGHBOUR, OURS, OWNER, PaperAccount

_CLUSTER = "exoscale.com/cluster-id"
_ODD = ({"team": "blue"}, {"stack-id": NEIGHBOUR.id}, {"project": OURS.project, "stack": OURS.stack})


@dataclass(repr=False)
class Shared:
    """An account of several stacks, and what each of them knows beside it.

    What a cluster or a state says is true: two clusters never say that they made one volume, and no two states record
    a thing that carries nobody's labels. All else may be, and labels may be anywhere.
    """

    account: PaperAccount
    stacks: list[StackRef]
    evidence: dict[StackRef, dict[str, Any]] = field(default_factory=dict)

    def __repr__(self) -> str:
        things = [one for documents in self.account.held.values() for one in documents]
        return "\n".join(map(str, [*things, *self.evidence.items()]))

    def known(self, stack: StackRef, more: bool = True) -> Evidence:
        """What a stack knows; without `more`, only who it is."""
        found = {key: said if key == "provisioned" else frozenset(said) for key, said in self.evidence[stack].items()}
        return Evidence(stack, **found, asked=True) if more else Evidence(stack)

    def foreign(self, stack: StackRef) -> dict[str, str]:
        """Ids of what is certainly not a stack's alone, with the reason: read off the documents, one link at a time,
        and not by the rule."""
        held = self.account.held
        found: dict[str, str] = {}
        machines: dict[str, str] = {}  # also by their pools

        def labelled(document: Document) -> str:
            labels = document.get("labels") or {}
            said = (labels.get("project", ""), labels.get("stack", ""), labels.get("stack-id", ""))
            mine = said == (stack.project, stack.stack, stack.id)
            return "" if mine or not labels.get("stack-id") else f"carries stack-id {said[2]} of {said[0]}/{said[1]}"

        clusters = {one["id"]: labelled(one) for one in held["sks-clusters"]}
        for cluster in held["sks-clusters"]:
            for pool in cluster["nodepools"]:
                own = bool((pool.get("labels") or {}).get("stack-id"))
                why = labelled(pool) if own else clusters[cluster["id"]]
                machines[pool["instance-pool"]["id"]] = machines[pool["id"]] = why
        machines |= {one["id"]: labelled(one) for one in held["instance-pools"]}
        for one in held["instances"]:
            labels, pool = one.get("labels") or {}, (one.get("manager") or {}).get("id")
            why = machines[pool] if pool else labelled(one) or clusters.get(labels.get(_CLUSTER, ""), "")
            machines[one["id"]] = why or ("a person's" if not pool and not labels else "")
        found |= clusters | machines
        for one in held["load-balancers"]:
            pools = [service["instance-pool"]["id"] for service in one["services"]]
            found[one["id"]] = labelled(one) or next((why for pool in pools if (why := machines.get(pool, ""))), "")
        for one in held["block-storage-volumes"]:
            found[one["id"]] = labelled(one) or machines.get((one.get("instance") or {}).get("id", ""), "")
        for one in held["block-storage-snapshots"]:
            of = one["block-storage-volume"]["id"]
            if of in found:  # it could only go with its snapshots
                found[of] = found[of] or labelled(one)
        for one in held["block-storage-snapshots"]:
            found[one["id"]] = labelled(one) or found.get(one["block-storage-volume"]["id"], "")
        for kind in ("security-groups", "anti-affinity-groups"):
            for one in held[kind]:
                worn = [machines[who["id"]] for who in self._wearers(kind, one["id"])]
                ids = [other.id for other in self.stacks if other.id != stack.id]
                said = any(f"({id_})" in one.get("description", "") for id_ in ids)
                found[one["id"]] = next(filter(None, worn), "described as of another id" if said else "")
        return {id_: why for id_, why in found.items() if why}

    def _wearers(self, kind: str, group: str) -> Iterator[Document]:
        nodepools = [pool for cluster in self.account.held["sks-clusters"] for pool in cluster["nodepools"]]
        for document in (*nodepools, *self.account.held["instances"]):
            if any(one["id"] == group for one in document.get(kind, [])):
                yield document


@st.composite
def shared_accounts(draw: st.DrawFn) -> Shared:
    """Accounts with two or three stacks, one of them ours. How much there is shrinks; how it is linked is one number,
    for that is a hundred choices."""
    size, random = draw(st.integers(0, 3)), draw(st.randoms(use_true_random=True))
    stacks = [OURS, *random.sample((NAMESAKE, COPY, NEIGHBOUR), random.randint(1, 2))]
    return _Maker(random, stacks, size).make()


class _Maker:
    def __init__(self, random: random_.Random, stacks: list[StackRef], size: int) -> None:
        self._random, self._stacks, self._size = random, stacks, size
        self._shared = Shared(PaperAccount(), stacks)
        names = ("recorded", "pools", "services", "external", "static")
        for stack in stacks:
            self._shared.evidence[stack] = {**{name: set() for name in names}, "provisioned": {}}

    def make(self) -> Shared:
        """One account."""
        account, random, evidence = self._shared.account, self._random, self._shared.evidence
        groups = [self._group(account.security_group, "security-groups") for _ in self._some()]
        groups += [self._group(account.anti_affinity_group, "anti-affinity-groups") for _ in self._some()]
        clusters, pools, machines = [account.cluster(self._stack()) for _ in self._some()], ["gone"], [""]
        for cluster in clusters:
            for _ in self._some():
                nodepool, pool = account.nodepool(cluster, None, **self._labels(), **self._worn(groups))
                pools.append(pool)
                machines += [account.instance(pool) for _ in self._some()]
                self._record(nodepool)
        pools += [account.bare_pool(self._anybody()) for _ in self._some()]
        for _ in self._some():
            labels = self._labels().get("labels", {}) | ({_CLUSTER: random.choice(clusters)} if clusters else {})
            machines.append(
                account.instance(**({"labels": labels} if random.random() < 0.7 else {}), **self._worn(groups))
            )
        for _ in self._some():
            self._balancer(pools)
        volumes = [self._volume(random.choice(machines)) for _ in self._some()]
        for _ in self._some():
            account.snapshot(random.choice((*volumes, "gone")), self._anybody())
        for id_ in sorted(account.ids()):
            self._record(id_)
        if random.random() < 0.3:
            evidence[random.choice(self._stacks)]["pools"].add("gone")
        return self._shared

    def _balancer(self, pools: list[str]) -> None:
        random, maker = self._random, self._anybody()
        to = [random.choice(pools) for _ in self._some()]
        named: dict[str, Any] = {}
        if maker and "gone" not in to and random.random() < 0.5:  # what its controller made is no other's
            named = {"name": maker.name("ingress"), "description": maker.describe("Load balancer", OWNER)}
        elif maker and "gone" not in to and random.random() < 0.5:
            uid = f"11111111-2222-4333-8444-{len(self._shared.account.ids()):012}"
            named = {"name": f"k8s-{uid}"}
            self._shared.evidence[maker]["services"].add(uid)
        made = self._shared.account.balancer(*dict.fromkeys(to), **(named | self._labels()))
        for stack in self._stacks:
            if random.random() < 0.2:
                self._shared.evidence[stack]["external"].add(made)

    def _volume(self, machine: str) -> str:
        random, maker = self._random, self._anybody()
        name = random.choice((f"pvc-11111111-2222-4333-8444-{len(self._shared.account.ids()):012}", "my-data"))
        made = self._shared.account.volume(machine, name=name, **self._labels())
        for stack in self._stacks:
            evidence = self._shared.evidence[stack]
            if stack == maker:
                evidence["provisioned"][made] = name
            elif random.random() < 0.2:
                evidence["static"].add(made)
            elif random.random() < 0.2:
                evidence["provisioned"][made] = "another-name"
        return made

    def _group(self, make: Any, kind: str) -> tuple[str, str]:
        return kind, make(self._anybody())

    def _record(self, id_: str) -> None:
        """A thing with labels may stand in any state, for states are copied; one without in none: Pulumi labels all."""
        documents = [one for kind in self._shared.account.held.values() for one in kind]
        documents += [pool for one in self._shared.account.held["sks-clusters"] for pool in one["nodepools"]]
        document = next(one for one in documents if one["id"] == id_)
        if not (document.get("labels") or {}).get("stack-id") and not document.get("description"):
            return
        for stack in self._stacks:
            if self._random.random() < 0.2:
                self._shared.evidence[stack]["recorded"].add(id_)

    def _some(self) -> range:
        return range(self._random.randint(0, self._size))

    def _stack(self) -> StackRef:
        return self._random.choice(self._stacks)

    def _anybody(self) -> StackRef | None:
        return self._random.choice((None, *self._stacks))

    def _labels(self) -> dict[str, Any]:
        owner = self._anybody()
        labels = owner.labels(OWNER) if owner else self._random.choice((None, None, *_ODD))
        return {"labels": dict(labels)} if labels else {}

    def _worn(self, groups: list[tuple[str, str]]) -> dict[str, Any]:
        if not groups or self._random.random() < 0.5:
            return {}
        kind, id_ = self._random.choice(groups)
        return {kind: [{"id": id_}]}
