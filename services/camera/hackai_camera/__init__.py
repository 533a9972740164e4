"""The camera service: sources become JPEG frames on the bus; snapshots, live view and clips over HTTP."""
