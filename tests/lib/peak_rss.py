#!/usr/bin/env python3
"""Runs a command, and prints how much memory it had at the most.

    peak_rss.py FILE COMMAND [ARG]...

Writes the largest resident set, in KiB, into FILE. Exit status: the command's.
"""
import os
import sys

child = os.spawnvp(os.P_NOWAIT, sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w", encoding="ascii") as file:
    print(usage.ru_maxrss, file=file)
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
