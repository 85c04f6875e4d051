"""What belongs to others in the account of a run: it has to be the same afterwards."""

import contextlib
from collections.abc import Callable, Sequence

import yaml

from sandbox.sandbox import Sandbox
from tests.engine.faults.account import Account, Document, Held, lasting, new_key
from tests.engine.faults.subject import Subject
from tests.engine.faults.users import PREFIX, Users, load_balancer, static_volume
from tests.soak.plan import NEIGHBOURS

SHARED, ATTACHED, STATIC, KEY = NEIGHBOURS
STACK = "neighbour"
_LABELS = {"project": "exoscale-sks", "stack": "earlier", "owner": "sandbox", "stack-id": "0123456789ab"}


class Neighbours:
    """A second stack that lives all the time, and what a run has beside it.

    Args:
        up: brings up the second stack.
    """

    def __init__(self, sandbox: Sandbox, account: Account, up: Callable[[], Subject]) -> None:
        self._account = account
        self._rival = new_key(sandbox, "rival", "rival")
        neighbour = up()
        neighbour.users().expose("theirs")
        self._pool = neighbour.pool_id
        self._balancer = account.one("load-balancer", lambda item: item["name"] == f"exoscale-sks-{STACK}-ingress")
        self._planted: dict[str, str] = {}

    def plant(self, kinds: Sequence[str]) -> None:
        """Makes what a run has beside the second stack."""
        account, client, self._planted = self._account, self._account.client, {}
        if SHARED in kinds:
            account.balance("shared", self._pool)
            self._planted[SHARED] = account.one("load-balancer", lambda item: item["name"] == "shared")["id"]
        if STATIC in kinds:
            name = "pvc-11111111-2222-4333-8444-555555555555"
            made = client.create_block_storage_volume(name=name, size=10, labels=_LABELS)
            self._planted[STATIC] = client.wait(made["id"])["reference"]["id"]
            client.wait(client.create_block_storage_snapshot(id=self._planted[STATIC], name="nightly")["id"])

    def connect(self, kinds: Sequence[str], users: Users, pools: Sequence[str]) -> None:
        """Has the stack under test use some of it, as far as its cluster lets it."""
        if pools and SHARED in kinds:
            self._account.serve(self._planted[SHARED], pools[0], port=81)
        with contextlib.suppress(AssertionError):
            if STATIC in kinds:
                users.apply(static_volume("theirs", self._planted[STATIC]))
            if pools and ATTACHED in kinds:
                manifest = yaml.safe_load(load_balancer("attached", "default", (8080,), pools[0]))
                annotations = {f"{PREFIX}id": self._balancer["id"], f"{PREFIX}external": "true"}
                manifest["metadata"]["annotations"] |= annotations
                users.apply(yaml.safe_dump(manifest))

    @property
    def other_key(self) -> dict[str, str]:
        """The variables of somebody with a key of another organisation."""
        return dict(zip(("EXOSCALE_API_KEY", "EXOSCALE_API_SECRET"), self._rival, strict=True))


def touched(before: Held, after: Held) -> tuple[str, ...]:
    """What of others is not what it was, each as kind, name and what changed. That an NLB has more services than before
    is no harm: they are gone with whoever put them there."""
    now = lasting(after)
    return tuple(
        f"{kind} {item.get('name', id_)}: {harm}"
        for kind, items in lasting(before).items()
        for id_, item in items.items()
        if (harm := _harm(item, now[kind].get(id_)))
    )


def _harm(before: Document, after: Document | None) -> str:
    if after is None:
        return "gone"
    services = {service["id"]: service for service in after.get("services", [])}
    changed = [key for key in {**before, **after} if key != "services" and before.get(key) != after.get(key)]
    if any(services.get(service["id"]) != service for service in before.get("services", [])):
        changed.append("services")
    return " ".join(changed)
