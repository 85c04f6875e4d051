"""Run by the Python of a project outside this checkout: brings its stack up or down with the real engine.

`run.py up|destroy`, in the project's folder. The variable CHART names the chart that takes the official one's place,
which cannot be reached from everywhere.
"""

import os
import runpy
import sys

from pulumi import automation


def program() -> None:
    from exoscale_sks.ingress import Chart
    from exoscale_sks.ingress.nginx import Nginx

    Nginx.chart = Chart(os.environ["CHART"])
    runpy.run_path("__main__.py", run_name="__main__")


stack = automation.Stack.create_or_select("dev", automation.LocalWorkspace(work_dir=".", program=program))
stack.set_config("chart", automation.ConfigValue(os.environ["CHART"]))
getattr(stack, sys.argv[1])(on_output=print, suppress_outputs=True)
