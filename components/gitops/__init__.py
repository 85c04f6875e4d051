"""GitOps: one component, and one small class per tool that follows a Git repository."""

from .gitops import GitOps, GitOpsArgs
from .tools import TOOLS, Tool

__all__ = ["TOOLS", "GitOps", "GitOpsArgs", "Tool"]
