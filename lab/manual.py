"""What `python -m lab --help` and the --help of each command say beside the options."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

WIDTH = 100

PURPOSE = """\
Boot any Ansible inventory as virtual machines, and run Ansible on them.

Each host of the inventory becomes a guest with that host's name, interfaces and addresses, and a Linux kernel of its
own. All networks of a lab are in a network namespace of its own: what runs inside, Ansible too, reaches the guests and
nothing else. So an inventory of production machines can be rehearsed without touching them.
"""

REST = """\
words:
  guest      a virtual machine that stands for a host of the inventory
  twin       the same inventory, which differs only in how to connect: by SSH to the guests
  lab        the guests of one inventory and their networks; --name tells several labs apart
  cable      what joins an interface of a guest to its network; it can be pulled out
  image      a guest's disk when it is new: bare has nothing of LVS, full has the packages that the roles install
  machine    the kind of a guest: uml is User Mode Linux, a kernel that is an ordinary process; qemu is a virtual
             machine with Debian's own kernel, which also has nf_tables. Without KVM it is several times slower.

a rehearsal:
  python -m lab up -i inventories/nat_ha
  python -m lab run -- ansible-playbook lvs.cluster.site
  python -m lab run -- ansible-playbook lvs.cluster.verify
  python -m lab exec lb1 -- ipvsadm -Ln
  python -m lab power lb1 off
  python -m lab down

variables of the inventory (docs/lab.md tells their values):
  lvs_interfaces         the interfaces of a host and their addresses; every host needs it
  lab_networks           which interface is on which network, where the addresses don't tell
  lab_release            the Debian release of a guest
  lab_machine            its kind of machine
  lab_routes             static routes
  lab_web_ports          the ports of its web server
  lab_sysctls            sysctls that are set at each boot
  lab_kernel_arguments   words for the end of the kernel's command line

environment:
  LVS_LAB           the name of the lab where --name is not given
  LVS_LAB_IMAGE     the image of a new lab where --image is not given
  LVS_LAB_MACHINE   the kind of machine of a new lab where --machine is not given
  LVS_LAB_STATE     the folder of running labs, instead of /var/lib/lvs-lab
  LVS_LAB_CACHE     the folder of kernels and images, instead of /var/cache/lvs-lab

files:
  /var/cache/lvs-lab/                        kernels and images, made once; what no lab uses may be removed
  /var/lib/lvs-lab/NAME/                     one lab: its memory, the twin, keys; gone after down
  /var/lib/lvs-lab/NAME/twin.json            the twin inventory, of mode 0600 because it may hold what a vault held
  /var/lib/lvs-lab/NAME/guests/HOST/         a guest's disk, and its console in console.log
  /run/netns/lvslab-NAME                     the network namespace; with LVS_LAB_STATE more letters follow
  /run/lvs-lab/                              whether KVM works on this machine, tried once a boot

exit status:
  0     done, or there was nothing to do
  1     the lab can't; one line says what is wrong and what to do
  2     wrong arguments
  130   interrupted
  run and exec have the exit status of their command; 255 of exec may also be SSH's own.
"""


@dataclass(frozen=True)
class Page:
    """A command's manual: one line for the list of commands, all that it does, and examples."""

    line: str
    text: str
    examples: str

    @property
    def description(self) -> str:
        return f"{textwrap.fill(self.line, WIDTH)}\n\n{textwrap.fill(self.text, WIDTH)}"

    @property
    def epilog(self) -> str:
        return f"examples:\n{self.examples}\nFor words, files and exit status: python -m lab --help"


PAGES = {
    "up": Page(
        "Boot every host of an inventory that isn't running, and wait until all answer.",
        "Guests that run stay as they are, also those whose cable is out; so a second time it changes nothing. "
        "Guests of hosts that the inventory no longer has are ended. A guest whose variables changed gets a new "
        "disk if it is off; if it runs, nothing is done, and the status is 1. What isn't in the cache is made "
        "first: that takes a minute or two and needs a Debian mirror. At the end there is a table as status prints "
        "it.",
        "  python -m lab up -i inventories/nat_ha\n"
        "  python -m lab up -i inventories/nat_ha --image full --name second\n"
        "  python -m lab up -i inventories/fwmark_dr --machine qemu\n",
    ),
    "down": Page(
        "End every process of the lab and remove its networks and disks.",
        "Whatever runs in the lab's network namespace ends too. Kernels and images stay in the cache. It works as "
        "well on a lab that an interrupted command left half made.",
        "  python -m lab down\n  python -m lab down --name second\n",
    ),
    "status": Page(
        "Show the lab's hosts, networks and addresses.",
        "For each host whether it is on, its release (with the kind of machine where it isn't uml), its interfaces "
        "with their networks, and whether their cables are in. lab0 is the interface by which Ansible reaches a "
        "guest.",
        "  python -m lab status\n",
    ),
    "run": Page(
        "Run a command in the lab's network namespace, ANSIBLE_INVENTORY being the twin.",
        "LVS_LAB is set to the lab's name, so that lab commands inside need no --name. Files, users and processes "
        "are the machine's own; only the network is the lab's. With -i the twin of another inventory of the same "
        "hosts is used, to rehearse a change.",
        "  python -m lab run -- ansible-playbook lvs.cluster.site --check --diff\n"
        "  python -m lab run -- ansible all -m ansible.builtin.ping\n"
        "  python -m lab run -i inventories/nat_ha -- ansible-playbook lvs.cluster.verify\n",
    ),
    "exec": Page(
        "Run a command on a host; standard streams and exit status pass through.",
        "It runs as root, by SSH over a connection that is kept for a minute. Arguments reach it as they are; for a "
        "pipe on the guest give it a shell.",
        "  python -m lab exec lb1 -- ipvsadm -Ln\n  python -m lab exec rs1 -- sh -c 'journalctl -b | tail'\n",
    ),
    "power": Page(
        "off: a power cut; on; reset: off and on; renew: off and on with a new disk.",
        "off ends the guest at once, without a word to it; what it has not yet written to its disk is lost. on "
        "boots it with the disk as it is, and waits until it answers.",
        "  python -m lab power lb1 off\n  python -m lab power lb1 on\n  python -m lab power rs1 renew\n",
    ),
    "link": Page(
        "Pull out (down) or plug in (up) the cable of an interface.",
        "A guest's network card doesn't notice that its cable is out. So its interface is also set down in the "
        "guest, if that runs, and up again afterwards.",
        "  python -m lab link lb1 eth0 down\n  python -m lab link lb1 eth0 up\n",
    ),
    "logs": Page(
        "Print a host's console log; --journal adds its journal.",
        "The console has all boots of the guest since its disk was new, and is there also while it is off. The "
        "journal is that of the present boot, and needs a guest that runs.",
        "  python -m lab logs lb1\n  python -m lab logs lb1 --journal\n",
    ),
    "twin": Page(
        "Print the path of the twin inventory.",
        "It is written anew from the inventory as that is now. The twin works from outside the network namespace, "
        "too: its ssh enters it.",
        "  python -m lab twin\n  python -m lab twin -i inventories/nat_ha\n",
    ),
}
