"""The live loop: frames in, judged, published; leases, load shedding, incidents on their way out."""
