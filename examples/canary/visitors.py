"""Visits a page again and again, and says each second who answered. Only the standard library is needed.

    python3 visitors.py http://127.0.0.1:7010/pages/home
"""

import collections
import json
import sys
import time
import urllib.error
import urllib.request

url = sys.argv[1]
while True:
    seen, end = collections.Counter(), time.monotonic() + 1
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                seen[f"version {json.load(answer)['version']}"] += 1
        except urllib.error.HTTPError as error:
            seen[f"status {error.code}"] += 1
        except OSError as error:
            seen[str(error)] += 1
        time.sleep(0.02)
    print(", ".join(f"{who}: {count}" for who, count in sorted(seen.items())), flush=True)
