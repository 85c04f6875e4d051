"""Pinned command-line tools and how they get onto the machine: see README.md in this folder."""

from tools.install import path_of

__all__ = ["path_of"]
