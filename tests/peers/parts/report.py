"""What was measured, as data and as a table: medians with their spread, and how flowmesh compares with each peer."""

from statistics import median

STEPS = 10


def side(side, figures):
    """The figures of one side. The time of a step alone is a tenth of the median run's."""
    rates = {level: [one["runs"] * STEPS / one["seconds"] for one in found] for level, found in figures.items()}
    alone = [one["p50"] / STEPS * 1000 for one in figures[1]]
    memory = side.memory()
    return {
        "side": side.name,
        "versions": side.versions,
        "started_over": side.over,
        "steps_per_second_256": spread(rates[256]),
        "ms_per_step_alone": spread(alone),
        "memory_mib": mib(sum(memory.values())),
        "memory_mib_of": {name: mib(held) for name, held in memory.items()},
        "memory_mib_apart": {name: mib(held) for name, held in side.apart().items()},
        "runs": sum(one["runs"] for found in figures.values() for one in found),
    }


def spread(values):
    return {"median": round(median(values), 3), "lowest": round(min(values), 3), "highest": round(max(values), 3)}


def mib(held):
    return round(held / 2**20, 1)


def ratios(sides):
    """Ours against each peer's: how many times the steps, and what part of the time and of the memory."""
    ours = sides[0]
    return {
        one["side"]: {
            "steps_per_second_256": round(ours["steps_per_second_256"]["median"] / one["steps_per_second_256"]["median"], 3),
            "ms_per_step_alone": round(ours["ms_per_step_alone"]["median"] / one["ms_per_step_alone"]["median"], 3),
            "memory": round(ours["memory_mib"] / one["memory_mib"], 3),
        }
        for one in sides[1:]
    }


def table(sides, seconds, rounds):
    lines = [
        f"ten durable steps a run, {rounds} rounds of {seconds:g} s a side and level, alternating; medians (lowest to highest)",
        f"{'':<10}{'steps/s, 256 at once':>30}{'ms per step alone':>28}{'memory at the most':>22}",
    ]
    for one in sides:
        rate, alone = one["steps_per_second_256"], one["ms_per_step_alone"]
        lines.append(
            f"{one['side']:<10}"
            + f"{rate['median']:,.0f} ({rate['lowest']:,.0f} to {rate['highest']:,.0f})".rjust(30)
            + f"{alone['median']:.2f} ({alone['lowest']:.2f} to {alone['highest']:.2f})".rjust(28)
            + f"{one['memory_mib']:,.0f} MiB".rjust(22)
        )
    lines.append("flowmesh against each:")
    for name, ratio in ratios(sides).items():
        times, time, memory = ratio["steps_per_second_256"], ratio["ms_per_step_alone"], ratio["memory"]
        lines.append(f"{name:<10}" + f"{times:.2f} times".rjust(30) + f"{time:.2f} of it".rjust(28) + f"{memory:.2f} of it".rjust(22))
    lines.append("measured:")
    for one in sides:
        lines.append(f"  {one['versions']}; started over {one['started_over']}; memory of {parts(one['memory_mib_of'])}")
        if one["memory_mib_apart"]:
            lines[-1] += f"; apart from it {parts(one['memory_mib_apart'])}"
    return "\n".join(lines)


def parts(memory):
    return ", ".join(f"{name} ({held:,.0f} MiB)" for name, held in memory.items())
