"""What the suite assumes about the server: every name, path, number and format.

A change of the server's surface is a change of this file and of nothing else in
tests/e2e.
"""
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

# The process.
BINARY = os.environ.get("HOLDFAST_BIN", os.path.join(ROOT, "target/release/holdfast"))
READY = re.compile(r"^ready http=127\.0\.0\.1:(?P<http>\d+) nfs=127\.0\.0\.1:(?P<nfs>\d+)\s*$")
READY_TIMEOUT_S = 30
DRAIN_TIMEOUT_S = 60


def serve_command(data_dir, nfs_port=0, http_port=0, portmap_port=None, store=None):
    """`portmap_port`: None for no portmapper, 0 for a free port.  `store`: a URL; without one the store lies in the
    data directory."""
    portmap = "off" if portmap_port is None else f"127.0.0.1:{portmap_port}"
    return [BINARY, "serve", "--data-dir", str(data_dir), "--portmap-addr", portmap,
            "--nfs-addr", f"127.0.0.1:{nfs_port}", "--http-addr", f"127.0.0.1:{http_port}",
            *(["--store", store] if store else [])]


# Inside the data directory.
API_KEY_FILE = "api-key"
KEY_FILES = ("api-key", "admin-key")
CATALOGUE_FILE = "catalogue.db"
JOURNAL_DIR = "journal"
ADDRESSES_FILE = "server.json"      # {"portmap": "127.0.0.1:PORT", ...}
STORE_DIR = "store"

# HTTP.
KEY_HEADER = "X-API-Key"
FILESYSTEMS = "/filesystems"
METRICS, HEALTH, READINESS = "/metrics", "/healthz", "/readyz"
SIZE_GB = 5
SIZE_BYTES = SIZE_GB * 10**9
PUT_STATUSES = (200, 201, 204)
NOT_FOUND = 404
LIST_CURSOR = "cursor"          # of a listing's page, where another one follows

# NFS: the recommended mount, with the client's caches on.
MOUNT_OPTIONS = "hard,nolock,rsize=1048576,wsize=1048576"
LOCK_MOUNT_OPTIONS = "hard,rsize=1048576,wsize=1048576"

# Metrics.  The sum over all label sets of STORE_OPERATIONS with this label is the
# number of object PUTs of the process.
STORE_OPERATIONS = "holdfast_store_operations_total"
STORE_PUT_LABEL = ('operation', 'put')

# Budgets.
MAX_PUTS_PER_10000_FILES = 50
CHECKPOINT_WAIT_S = 30          # everything idle is in the store by then
RSS_GROWTH_LIMIT_MIB = 256      # under hostile load
PANIC_MARKS = ("panicked at", "thread '", "RUST_BACKTRACE", "fatal runtime error", "AddressSanitizer")
