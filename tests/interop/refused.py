"""Runs a command in a process that may not make memory executable (Linux 6.3: PR_SET_MDWE), and
passes on what it prints; prints `unsupported` where the kernel cannot forbid it.

    refused.py COMMAND ...
"""

import ctypes
import os
import sys

PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1

if ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
    print("unsupported")
else:
    os.execv(sys.argv[1], sys.argv[1:])
