"""EC2's instances as machines: a root file system, processes and an address of their own, on Linux and as root.

Each is a set of namespaces over this machine's own files, of which it changes a copy in memory. All of them stand in one network
namespace, which the rest of this machine can't see; the emulator reaches into it by its sockets.
"""
