"""Hosts: does the machine answer, is it overloaded, does it run full?"""

from . import disks, load, machine

CHECKS = (
    machine.availability,
    machine.clock,
    machine.zombies,
    machine.failed_units,
    load.load,
    load.memory,
    load.swap,
    load.pressure_cpu,
    load.pressure_io,
    load.pressure_memory,
    load.open_files,
    disks.disk_space,
    disks.disk_inodes,
)
