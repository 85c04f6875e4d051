"""What `refresh: always` costs a preview: the same preview with and without it, alternating, in one run.

.venv/bin/python bench/preview_refresh.py [ROUNDS]
"""

import os
import runpy
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import yaml

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

from sandbox.charts import stand_in  # noqa: E402
from sandbox.plugins.timing import Timing  # noqa: E402
from sandbox.sandbox import Sandbox  # noqa: E402
from sandbox.stack import SandboxStack  # noqa: E402


def without_refresh(folder: Path) -> Path:
    """The project's settings without `refresh: always`."""
    settings = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())
    settings["options"].pop("refresh")
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(settings))
    shutil.copy(PROJECT / "Pulumi.sandbox.yaml", folder)
    return folder


def seconds(stack: SandboxStack) -> float:
    started = time.perf_counter()
    stack.preview()
    return time.perf_counter() - started


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as scratch, Sandbox(Path(scratch) / "home") as sandbox:
        os.environ.update(sandbox.environment())
        config = {
            "exoscale-sks:ingress": {"chart": str(stand_in("nginx-ingress", Path(scratch))), "timeout-seconds": 60},
            "exoscale-sks:kubeconfig": {"file": f"{scratch}/kubeconfig"},
        }

        def stack(project: Path) -> SandboxStack:
            def program() -> None:
                runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__")

            return SandboxStack(sandbox.home, project, "sandbox", sandbox.environment(), config, program, Timing.of(0))

        refreshing, plain = stack(PROJECT), stack(without_refresh(Path(scratch)))
        refreshing.up()
        times = [(seconds(refreshing), seconds(plain)) for _ in range(rounds)]
        with_it, without_it = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"preview with refresh {with_it:.2f} s, without {without_it:.2f} s: ratio {with_it / without_it:.2f}")
        refreshing.destroy()


main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
