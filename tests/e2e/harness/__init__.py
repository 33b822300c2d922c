"""What the tests stand on: servers, guests, HTTP, raw NFS calls."""
