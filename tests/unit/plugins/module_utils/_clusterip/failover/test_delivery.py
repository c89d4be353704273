# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.delivery import Delivery


class Kernel:
    def __init__(self) -> None:
        self.told: list[tuple[int, ...]] = []
        self.refuses = False

    def serve(self, buckets: tuple[int, ...]) -> None:
        self.told.append(buckets)
        if self.refuses and buckets:
            raise BootError("no such chain")


def test_the_kernel_is_told_what_changes_and_nothing_twice() -> None:
    kernel = Kernel()
    delivery = Delivery(kernel.serve)
    for now, wanted in enumerate([(), (), (1, 2), (1, 2), (2,), ()]):
        delivery.wanted = wanted
        delivery.step(float(now))
        assert delivery.good(now)
        assert delivery.due(now) == float("inf")
    assert kernel.told == [(), (1, 2), (2,), ()]
    delivery.again()
    delivery.step(9.0)
    assert kernel.told[-2:] == [(), ()]


def test_a_refusal_is_tried_again_each_second_and_forgotten_after_a_success() -> None:
    kernel = Kernel()
    delivery = Delivery(kernel.serve)
    kernel.refuses, delivery.wanted = True, (1,)
    for now in (10.0, 10.5, 10.9):
        delivery.step(now)
        assert not delivery.good(now)
        assert delivery.due(now) == 11.0
    assert kernel.told == [(1,)]
    assert delivery.trouble == "no such chain"
    kernel.refuses = False
    delivery.step(11.0)
    assert kernel.told == [(1,), (1,)]
    assert delivery.good(11.0)
    assert delivery.trouble == ""


def test_other_buckets_do_not_wait_for_the_next_try() -> None:
    kernel = Kernel()
    delivery = Delivery(kernel.serve)
    kernel.refuses, delivery.wanted = True, (1,)
    delivery.step(10.0)
    delivery.wanted = ()
    delivery.step(10.1)
    assert kernel.told == [(1,), ()]


def test_buckets_that_cannot_be_served_come_back_less_and_less_often() -> None:
    """VRRP takes all of them away when the node is bad and gives them back when it is good."""
    kernel = Kernel()
    kernel.refuses = True
    delivery, now, waits = Delivery(kernel.serve), 100.0, []
    for _number in range(8):
        delivery.wanted = (1,)
        delivery.step(now)
        delivery.wanted = ()
        delivery.step(now)
        assert not delivery.good(now)
        waits.append(delivery.due(now) - now)
        now = delivery.due(now)
        assert delivery.good(now)
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]
    kernel.refuses, delivery.wanted = False, (1,)
    delivery.step(now)
    kernel.refuses, delivery.wanted = True, (2,)
    delivery.step(now)
    delivery.wanted = ()
    delivery.step(now)
    assert delivery.due(now) - now == 2.0
