"""The ten-step flow on DBOS, and its load: DBOS has no ingress, so runs are started in its process.

`ten.py STEPS_URL DATABASE_URL` says `ready`, then reads lines `LEVEL SECONDS` and answers each with a line of JSON.
"""

import asyncio
import json
import sys
import time

import aiohttp
from dbos import DBOS

steps_url, database_url = sys.argv[1:]
session = None


@DBOS.step()
async def take(number):
    async with session.put(steps_url, json={"number": number}) as reply:
        reply.raise_for_status()
        return (await reply.json())["number"]


@DBOS.workflow()
async def ten(number):
    for _ in range(10):
        number = await take(number)
    return number


async def run_until(end):
    times = []
    while time.perf_counter() < end:
        began = time.perf_counter()
        result = await ten(1)
        if result != 1:
            raise ValueError(f"expected 1, found {result!r}")
        times.append(time.perf_counter() - began)
    return times


async def load(level, seconds):
    began = time.perf_counter()
    found = await asyncio.gather(*(run_until(began + seconds) for _ in range(level)))
    took = time.perf_counter() - began
    times = sorted(one for times in found for one in times)
    at = lambda share: times[min(len(times) * share // 100, len(times) - 1)]
    return {"runs": len(times), "seconds": took, "p50": at(50), "p99": at(99)}


async def main():
    global session
    DBOS(config={"name": "ten", "system_database_url": database_url, "log_level": "WARNING"})
    DBOS.launch()
    try:
        # As many connections as there are runs at once; aiohttp's own limit is 100.
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            print("ready", flush=True)
            while line := await asyncio.to_thread(sys.stdin.readline):
                level, seconds = line.split()
                print(json.dumps(await load(int(level), float(seconds))), flush=True)
    finally:
        DBOS.destroy()


asyncio.run(main())
