"""What the service costs: order-sign with a record of 300 entries, as a hospital would send it all day.

The service runs in processes of its own, this one is the client. Reported: median and 99th percentile at the asked
rate, errors, memory of the service at the beginning and the end, processor time a request, then how many requests a
second it answers when asked as fast as it can.

    python benchmarks/service.py [--seconds 60] [--rate 50] [--entries 300]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
TERMS = "http://terminology.hl7.org/CodeSystem"
JSON = {"content-type": "application/json"}
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
PARTS = 3
SERVICE = "jdm-calcinosis-order-sign"


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": f"{code} in words"}], "text": f"{code} in words"}


def observation(index: int, code: str, value: float, unit: str) -> dict[str, Any]:
    """Return a laboratory value of so many days ago."""
    when = f"{date.today() - timedelta(days=index)}T08:00:00Z"  # noqa: DTZ011 - a day
    return {
        "resourceType": "Observation",
        "id": f"o{index}",
        "status": "final",
        "category": [coded(f"{TERMS}/observation-category", "laboratory")],
        "code": coded(LOINC, code),
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": when,
        "issued": when,
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }


def condition() -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": "c1",
        "clinicalStatus": coded(f"{TERMS}/condition-clinical", "active"),
        "verificationStatus": coded(f"{TERMS}/condition-ver-status", "confirmed"),
        "code": coded("http://hl7.org/fhir/sid/icd-10-cm", "M33.00"),
        "subject": {"reference": "Patient/p"},
        "onsetDateTime": "2026-01-05",
    }


def order() -> dict[str, Any]:
    dose = {"doseQuantity": {"value": 15, "unit": "mg", "code": "mg", "system": UCUM}}
    daily = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
    return {
        "resourceType": "MedicationRequest",
        "id": "d1",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"text": "methotrexate"},
        "subject": {"reference": "Patient/p"},
        "dosageInstruction": [{"timing": daily, "doseAndRate": [dose]}],
    }


def searchset(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]}


KINDS = (
    ("8302-2", 128.0, "cm"), ("29463-7", 26.0, "kg"), ("2160-0", 0.4, "mg/dL"), ("718-7", 12.1, "g/dL"),
    ("6690-2", 6.2, "10*3/uL"), ("777-3", 250.0, "10*3/uL"), ("1742-6", 20.0, "U/L"), ("1920-8", 22.0, "U/L"),
    ("99999-9", 1.0, "mg"),
)  # fmt: skip


def request(entries: int) -> bytes:
    """Return a call of order-sign: a child with a history of so many entries, and methotrexate ordered daily."""
    observations = [observation(index, *KINDS[index % len(KINDS)]) for index in range(entries - 2)]
    prefetch = {
        "patient": {"resourceType": "Patient", "id": "p", "birthDate": "2018-03-01"},
        "observation": searchset(*observations),
        "condition": searchset(condition()),
        "allergyIntolerance": None,
        "medicationRequest": None,
        "medicationStatement": None,
    }
    context = {"userId": "Practitioner/a", "patientId": "p", "draftOrders": searchset(order())}
    call = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
    return json.dumps({"hook": "order-sign", "hookInstance": call, "context": context, "prefetch": prefetch}).encode()


def family(process: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [process]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == process:
            found += family(int(folder.name))
    return found


def megabytes(process: int) -> float:
    return sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in family(process)) * PAGE / 1e6


def processor(process: int) -> float:
    """Return the seconds of processor time that a process and its children have used."""
    lines = (Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split() for one in family(process))
    return sum(int(fields[11]) + int(fields[12]) for fields in lines) / TICKS


async def one(client: httpx.AsyncClient, body: bytes, times: list[float], errors: list[str]) -> None:
    started = time.perf_counter()
    try:
        response = await client.post(f"/cds-services/{SERVICE}", content=body, headers=JSON)
        if response.status_code != 200:
            errors.append(str(response.status_code))
    except httpx.HTTPError as error:
        errors.append(type(error).__name__)
    times.append(time.perf_counter() - started)


async def at_rate(client: httpx.AsyncClient, body: bytes, rate: float, seconds: float) -> tuple[list[float], list[str]]:
    times: list[float] = []
    errors: list[str] = []
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for index in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, started + index / rate - time.perf_counter()))
            group.create_task(one(client, body, times, errors))
    return times, errors


async def as_fast(
    client: httpx.AsyncClient, body: bytes, seconds: float, together: int
) -> tuple[int, list[str], float]:
    times: list[float] = []
    errors: list[str] = []
    started = time.perf_counter()

    async def caller() -> None:
        while time.perf_counter() - started < seconds:
            await one(client, body, times, errors)

    async with asyncio.TaskGroup() as group:
        for _ in range(together):
            group.create_task(caller())
    return len(times), errors, time.perf_counter() - started


async def measured(wanted: argparse.Namespace, port: int, process: int) -> None:
    body = request(wanted.entries)
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=30) as client:
        warm = await client.post(f"/cds-services/{SERVICE}", content=body, headers=JSON)
        said = [card["indicator"] for card in warm.json()["cards"]]
        await as_fast(client, body, 3, 4)
        print(f"body of {len(body) / 1000:.0f} kB, {wanted.entries} entries; cards: {', '.join(said)}")
        memory, used = [megabytes(process)], processor(process)
        times, errors = [], []
        for _ in range(PARTS):
            more, wrong = await at_rate(client, body, wanted.rate, wanted.seconds / PARTS)
            times, errors = [*times, *more], [*errors, *wrong]
            memory.append(megabytes(process))
        used = processor(process) - used
        cuts = statistics.quantiles(times, n=100)
        median, tail, longest = (seconds * 1000 for seconds in (statistics.median(times), cuts[98], max(times)))
        print(f"{wanted.rate:g} a second for {wanted.seconds:g} s, {len(errors)} errors of {len(times)}:")
        print(f"  median {median:.0f} ms, 99th percentile {tail:.0f} ms, longest {longest:.0f} ms")
        print(f"  processor time a request {used / len(times) * 1000:.1f} ms")
        print(f"  memory at the beginning and after each third: {', '.join(f'{one:.0f}' for one in memory)} MB")
        used = processor(process)
        count, errors, taken = await as_fast(client, body, wanted.seconds / 4, 8)
        used = processor(process) - used
        print(
            f"as fast as it can, 8 at a time: {count / taken:.0f} a second, {len(errors)} errors, "
            f"processor time a request {used / count * 1000:.1f} ms; memory {megabytes(process):.0f} MB"
        )


def main() -> None:
    reader = argparse.ArgumentParser()
    reader.add_argument("--seconds", type=float, default=60)
    reader.add_argument("--rate", type=float, default=50)
    reader.add_argument("--entries", type=int, default=300)
    reader.add_argument("--workers", type=int, default=2)
    wanted = reader.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-c", "from cds_engine.cli import main; main()", "serve", "jdm_calcinosis", "--development",
        "--port", str(port), "--workers", str(wanted.workers),
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as service:  # noqa: S603 - the command stands above
        try:
            for _ in range(300):
                try:
                    httpx.get(f"http://127.0.0.1:{port}/health")
                    break
                except httpx.HTTPError:
                    time.sleep(0.1)
            asyncio.run(measured(wanted, port, service.pid))
        finally:
            service.send_signal(signal.SIGTERM)


if __name__ == "__main__":
    main()
