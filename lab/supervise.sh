#!/bin/sh
# Runs a guest's kernel and runs it anew when the guest reboots. A UML kernel that starts itself again keeps its taps
# open and then finds them busy; so it is told to exit (noreboot), and this starts the next one.
# Usage: supervise.sh CONSOLE COMMAND...   Standard output is the console's log.
console=$1
shift
while :; do
    # Only what this kernel says counts: one that dies at once must not be taken for the one before it that rebooted.
    before=$(wc -c < "$console")
    "$@"
    status=$?
    if ! tail -c "+$((before + 1))" "$console" | grep -q 'reboot: Restarting system'; then
        echo "lab: power off (the kernel ended with status $status)"
        exit 0
    fi
    echo 'lab: power on'
done
