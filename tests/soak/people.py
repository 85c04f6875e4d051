"""What people do in a cluster behind the stack's back, while it lives and while it is destroyed."""

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Self

from tests.engine.faults.users import PREFIX, Users, load_balancer, stateful_set

_PAUSE_SECONDS = 0.3
_SOON = "--timeout=5s"  # a dead controller would let us wait for ever


class People:
    """Does what a plan says in every cluster it is shown; controllers go on until the `with` block ends.

    Args:
        doing: names of `tests.soak.plan.USERS`.
    """

    def __init__(self, doing: Sequence[str]) -> None:
        self._doing = doing
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def work(self, users: Users, pools: Sequence[str]) -> None:
        """Does it, as far as the cluster lets them.

        Args:
            pools: instance pools of the cluster; a Service has to say which one where there are several.
        """
        pool = pools[0] if pools else ""
        for what in self._doing:
            with contextlib.suppress(AssertionError):
                _ACTS[what](self, users, what.replace(" ", "-"), pool)

    def _expose(self, users: Users, name: str, pool: str, ports: tuple[int, ...] = (80,)) -> None:
        users.apply(load_balancer(name, "default", ports, pool))
        path = "{.status.loadBalancer.ingress[0].ip}"
        users.kubectl("wait", f"service/{name}", f"--for=jsonpath={path}", _SOON)

    def _expose_two(self, users: Users, name: str, pool: str) -> None:
        self._expose(users, name, pool, (80, 443))

    def _change_ports(self, users: Users, name: str, pool: str) -> None:
        self._expose(users, name, pool)
        users.patch("service", name, {"op": "replace", "path": "/spec/ports/0/port", "value": 8080})

    def _lose_annotation(self, users: Users, name: str, pool: str) -> None:
        self._expose(users, name, pool)
        path = f"/metadata/annotations/{PREFIX}id".replace(PREFIX, PREFIX.replace("/", "~1"))
        users.patch("service", name, {"op": "remove", "path": path})

    def _store(self, users: Users, name: str, _: str) -> None:
        users.apply(stateful_set(name, "default"))
        users.kubectl("rollout", "status", f"statefulset/{name}", _SOON)

    def _recreate(self, users: Users, name: str, pool: str) -> None:
        def go_on() -> None:
            while not self._stop.wait(_PAUSE_SECONDS):
                with contextlib.suppress(AssertionError):
                    users.apply(load_balancer(name, "default", pool_id=pool))

        self._expose(users, name, pool)
        self._threads.append(threading.Thread(target=go_on))
        self._threads[-1].start()


_ACTS: dict[str, Callable[[People, Users, str, str], None]] = {
    "load balancer": People._expose,
    "second load balancer": People._expose_two,
    "changed ports": People._change_ports,
    "lost annotation": People._lose_annotation,
    "stateful set": People._store,
    "recreating": People._recreate,
}
