#!/bin/sh
# Runs a guest's kernel and runs it anew when the guest reboots. A UML kernel that starts itself again keeps its taps
# open and then finds them busy; so it is told to exit (noreboot), and this starts the next one.
# Usage: supervise.sh CONSOLE COMMAND...   Standard output is the console's log.
console=$1
shift
while :; do
    "$@"
    tail -n 20 "$console" | grep -q 'reboot: Restarting system' || exit 0
    echo 'lab: power on'
done
