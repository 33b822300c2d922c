"""NLM calls from the host, packed by hand (RFC 1813 appendix II)."""
import struct

from harness.rawnfs import Connection, opaque

NLM, NLM_VERSION, FREE_ALL = 100021, 4, 23


def free_all(port, address, name):
    """Says, from a client's own address, that the client of this name has begun anew."""
    connection = Connection(port, NLM, NLM_VERSION, source=address)
    try:
        connection.call(FREE_ALL, opaque(name.encode()) + struct.pack(">I", 0))
    finally:
        connection.close()
