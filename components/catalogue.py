"""Exoscale's offer, as far as it can be checked before anything is created (docs/exoscale.md, Limits)."""

ZONES = ("at-vie-1", "at-vie-2", "bg-sof-1", "ch-dk-2", "ch-gva-2", "de-fra-1", "de-muc-1", "hr-zag-1")
LEVELS = ("starter", "pro")
CNIS = ("calico", "cilium")

INSTANCE_FAMILIES = (
    "colossus",
    "cpu",
    "gpu",
    "gpu2",
    "gpu3",
    "gpu3080ti",
    "gpua30",
    "gpua5000",
    "gpub300",
    "gpurtx6000pro",
    "memory",
    "standard",
    "storage",
)
INSTANCE_SIZES = (
    "micro",
    "tiny",
    "small",
    "medium",
    "large",
    "extra-large",
    "huge",
    "mega",
    "titan",
    "titan48c",
    "jumbo",
    "colossus",
)
# Not every family has every size, and only the API knows which ones an account may use.
INSTANCE_TYPES = frozenset(f"{family}.{size}" for family in INSTANCE_FAMILIES for size in INSTANCE_SIZES)
NODE_SIZES = INSTANCE_SIZES[INSTANCE_SIZES.index("small") :]  # docs/exoscale.md, Nodepools and instances
SIZES_UNDER_4_GIB = ("micro", "tiny", "small")  # in every family (tests/unit/test_longhorn.py)
NODE_TYPES = frozenset(f"{family}.{size}" for family in INSTANCE_FAMILIES for size in NODE_SIZES)

TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")

DISK_SIZE_GB = range(20, 51200 + 1)  # per node
NODEPOOLS_PER_CLUSTER = 16
INSTANCES_PER_ANTI_AFFINITY_GROUP = 8
INSTANCE_PREFIX_LENGTH = 30
DESCRIPTION_LENGTH = 255
NODE_PORTS = (30000, 32767)  # first and last
