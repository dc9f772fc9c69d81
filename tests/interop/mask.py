"""The land mask of global-land-mask.

    mask.py make FOLDER            stores it with python-blosc2, and the latitudes with NumPy
    mask.py run FOLDER FUSEBLOCK   has fuseblock compute the share of the ocean; prints the JSON
                                   reply and the peak memory of that process in KiB

Two processes, since a child's peak memory counts from what its parent has when it forks.
"""

import os
import resource
import subprocess
import sys

EXPR = "mean(mask * cos(lat)) / mean(cos(lat))"


def make(folder):
    import blosc2
    import numpy as np
    from global_land_mask import globe

    mask = np.asarray(globe._mask, dtype=bool)
    assert mask.shape == (21600, 43200), mask.shape
    blosc2.asarray(mask, urlpath=os.path.join(folder, "mask.b2nd"), mode="w")
    latitude = np.radians(np.asarray(globe._lat, dtype=np.float64)).reshape(-1, 1)
    np.save(os.path.join(folder, "lat.npy"), latitude)


def run(folder, fuseblock):
    command = [fuseblock, "eval", EXPR, "mask.b2nd", "lat.npy", "--json"]
    reply = subprocess.run(command, cwd=folder, capture_output=True, check=True, text=True)
    print(reply.stdout.strip())
    # Of the largest child; fuseblock is the only one.
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


{"make": make, "run": run}[sys.argv[1]](*sys.argv[2:])
