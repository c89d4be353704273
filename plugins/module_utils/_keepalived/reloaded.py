# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reload of keepalived leaves undone in the kernel's table. No I/O.

Read in its source, and but for 2.2.7's empty service seen in a lab:

- 2.3.3's checker crashes (SIGSEGV) where a group gets an address, or a sorry server with sorry_server_inhibit goes. A
  new one begins, which knows nothing of the old configuration: what was to go stays, and a weight that was to change.
- 2.2.7 leaves an empty virtual service where a group loses an address (ipvs_group_remove_entry).
- No version tells the kernel thresholds that change (clear_diff_rs in keepalived/check/ipwrapper.c).
- None stops the sync daemons when lvs_sync_daemon goes (keepalived/check/check_daemon.c).
"""

from __future__ import annotations

from typing import Iterator, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Destination, ServiceKey, Table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.operations import DELETE, EDIT, Operation
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.wanted import Real, Virtual

__all__ = ["Services", "undone"]

Services = Mapping[ServiceKey, Virtual]


def undone(before: Services, after: Services, live: Table) -> list[Operation]:
    """What is to be sent for the table to follow a change of the configuration.

    Nothing goes but what ``before`` had and ``after`` has not, and no weight changes but one that is still what it was
    to be before. So what somebody added is left alone, and what a health check took out stays out.
    """
    operations = [Operation(DELETE, key) for key in sorted(before.keys() - after.keys()) if key in live]
    for key, virtual in after.items():
        if key in live:
            operations += _of_service(key, before.get(key), virtual, live)
    return operations


def _of_service(key: ServiceKey, old: Virtual | None, new: Virtual, live: Table) -> Iterator[Operation]:
    gone = {*old.reals, *old.sorry} - {*new.reals, *new.sorry} if old else set()
    for name, values in sorted(live[key].destinations.items()):
        place = (name.address, name.port)
        if place in gone:
            yield Operation(DELETE, key, None, name)
        elif place in new.reals:
            wanted = _values(values, old.reals.get(place) if old else None, new.reals[place])
            if wanted != values:
                yield Operation(EDIT, key, None, name, wanted)


def _values(live: Destination, old: Real | None, new: Real) -> Destination:
    weight = new.weight if old is not None and live.weight == old.weight else live.weight
    return live._replace(weight=weight, upper_threshold=new.upper, lower_threshold=new.lower)
