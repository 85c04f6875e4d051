"""What one run does, drawn from its seed alone: replaying a number replays the run."""

import random
from dataclasses import dataclass, field
from typing import Any

PHASES = ("up", "destroy")
STATUSES = (403, 409, 429, 500, 503)
# What happens to a person's cloud, and how often beside each other.
EVENTS = {
    "status": 4,
    "status for a while": 2,
    "reply lost": 3,
    "operation fails": 3,
    "engine killed": 4,
    "CCM killed": 3,
    "CSI killed": 1,
    "API server killed": 1,
    "API server away": 2,
}
# How many calls our up and destroy make of the cloud, about: an event beyond the last one never happens.
CALLS = {"up": 70, "destroy": 70}
NEIGHBOURS = ("shared load balancer", "attached service", "static volume", "another organisation's key")
USERS = ("load balancer", "second load balancer", "changed ports", "lost annotation", "stateful set", "recreating")


@dataclass(frozen=True)
class Event:
    """Something that goes wrong, at the n-th call that anybody makes of the cloud in a phase."""

    phase: str
    call: int
    what: str
    status: int = 503

    def __str__(self) -> str:
        what = f"{self.what} {self.status}" if self.what.startswith("status") else self.what
        return f"{self.phase}@{self.call}: {what}"


@dataclass(frozen=True)
class Plan:
    """One run.

    Args:
        pools: sizes of the nodepools.
        controller: ingress controller, or `none`.
        managed: whether the NLB is a resource of the stack, where the way knows that.
        users: what is done in the cluster behind the stack's back.
        events: what goes wrong.
        again: whether an `up` that failed is tried again before the destroy.
        locked: whether the cloud refuses to delete a nodepool that an NLB targets, which nobody has recorded for
            nodepools (docs/exoscale.md).
        neighbours: what others have in the account, beside the second stack.
    """

    number: int
    pools: tuple[int, ...]
    controller: str
    managed: bool
    users: tuple[str, ...]
    events: tuple[Event, ...]
    again: bool
    locked: bool
    neighbours: tuple[str, ...] = ()

    @property
    def nodepools(self) -> dict[str, Any]:
        """As the setting of that name."""
        return {f"pool{index}": {"size": size} for index, size in enumerate(self.pools)}

    def of(self, phase: str) -> list[Event]:
        """The events of one phase."""
        return [event for event in self.events if event.phase == phase]


@dataclass(frozen=True)
class Plans:
    """The runs of one seed."""

    seed: int
    _weights: tuple[tuple[str, int], ...] = field(default=tuple(EVENTS.items()), repr=False)

    def plan(self, number: int) -> Plan:
        """The run of that number."""
        draw = random.Random(f"{self.seed}/{number}")
        controller = draw.choice(("nginx", "nginx", "ingress-nginx", "traefik", "none"))
        return Plan(
            number=number,
            pools=tuple(draw.randint(1, 2) for _ in range(draw.choice((1, 1, 1, 2)))),
            controller=controller,
            managed=draw.random() < 0.7,
            users=tuple(draw.sample(USERS, draw.choice((0, 1, 1, 2, 3)))),
            events=tuple(self._event(draw) for _ in range(draw.choice((0, 1, 1, 2, 2, 3)))),
            again=draw.random() < 0.5,
            locked=draw.random() < 0.5,
            neighbours=tuple(draw.sample(NEIGHBOURS, draw.choice((0, 1, 1, 2)))),
        )

    def _event(self, draw: random.Random) -> Event:
        names, weights = zip(*self._weights, strict=True)
        phase = draw.choices(PHASES, (1, 2))[0]
        [what] = draw.choices(names, weights)
        return Event(phase, draw.randint(1, CALLS[phase]), what, draw.choice(STATUSES))
