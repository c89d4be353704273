"""The lab: any inventory as real Linux kernels on one ordinary machine.

Each host becomes a virtual machine with that host's names, interfaces and addresses. All of it, networks
included, lives in one network namespace, so that whatever is started inside reaches the twins and nothing else.
"""

from __future__ import annotations
