"""A made-up result with every verdict in it, as a comparison gives it (without provenance)."""

from typing import Any

AXES = ("activity", "clock", "diversity", "valence", "tail", "chains")


def row(id: str, axis: str, unit: str, **found: Any) -> dict[str, Any]:
    empty = dict.fromkeys(
        ["real", "sim", "effect", "interval", "noise", "excess", "z", "p", "p_adjusted", "margin", "reason_missing"]
    )
    users = {"real": 150, "sim": 150}
    return {"id": id, "axis": axis, "scope": {}, "unit": unit, "users": users, **empty, **found}


def axis(verdict: str | None, direction: str | None, sentence: str, primary: str, **more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(["reason_missing", "attributable", "rules_out"])
    empty |= dict.fromkeys(["score", "score_interval", "score_unclipped", "score_missing"]) | {"scores": []}
    return {"verdict": verdict, "direction": direction, "sentence": sentence, "primary": primary, **empty, **more}


def comparison(sim: str = "sim") -> dict[str, Any]:
    ln, bits = "ln ratio", "bits (Jensen-Shannon, excess)"
    metrics = [
        row("H1", "activity", "difference of mean ln(events + 1/2)", real=4.8, sim=5.2, effect=0.405, margin=0.0953)
        | {"interval": [0.38, 0.43], "noise": [-0.14, 0.14], "excess": 0.4, "z": 5.7, "p": 0.001, "p_adjusted": 0.008},
        row("H1r", "activity", ln, scope={"scenario": "video"}, real=61.2, sim=122.4, effect=0.69, interval=[0.6, 0.8]),
        row("H3", "activity", ln, scope={"scenario": "video"}, real=0.25, sim=0.5, effect=0.69, interval=[0.6, 0.8]),
        row("H1r", "activity", ln, scope={"scenario": "search"}, real=9.5, sim=12.4, effect=0.27, interval=[0.2, 0.3]),
        row("H6", "clock", bits, real=0.003, sim=0.0042, effect=0.0012, interval=[0.0, 0.0025], noise=[0, 0.004]),
        row("G1", "diversity", "split-half covariance, difference", real=0.2, sim=0.02, effect=-0.18)
        | {"interval": [-0.2, -0.16], "noise": [-0.02, 0.02]},
        row(
            "U1", "valence", "log odds ratio", real=0.2, sim=0.14, effect=-0.4, interval=[-1.2, 0.4], noise=[-0.5, 0.5]
        ),
        row("L2", "tail", ln, real=512.0, sim=512.0, effect=0.0, interval=[-0.01, 0.01], reason_missing="given"),
        row("C9", "chains", "difference of shares", reason_missing="no clock"),
    ]
    axes = {
        "activity": axis("gap", "more", "A typical simulated user does 1.5 times as much as a typical real one.", "H1"),
        "clock": axis("within noise", "same", "The daily profile lies 0.0012 bits away.", "H6", rules_out=0.0023),
        "diversity": axis("gap", "less", "Simulated users keep 10 % of the differences between real people.", "G1"),
        "valence": axis("too few users to tell", "less", "14.0 % are negative.", "U1", rules_out=1.05),
        "tail": axis("given, not tested", "same", "It was given to the simulator and is not tested.", "L2"),
        "chains": axis(
            None, None, "The order of scenarios cannot be compared: no clock.", "C9", reason_missing="no clock"
        ),
    }
    evidence = {
        "paths": [{"path": "search>ad>live>shop", "change": "lost", "real": 0.051, "sim": 0.002}],
        "items": [{"item": "Quiet Pets 9", "share": 0.01, "events": 12, "users": 7}],
        "users": [{"user": "user_0007", "real": 12, "sim": 400, "ln_ratio": 3.4}],
    }
    return {"sim": sim, "axes": axes, "metrics": metrics, "evidence": evidence, "weakest_axis": "diversity"}


def sample(*sims: str) -> dict[str, Any]:
    sims = sims or ("sim",)
    side = {
        "users": 150,
        "events_in": 20_010,
        "events_used": 20_000,
        "dropped": {"timestamp": 10},
        "first": "2025-09-01T00:00:00Z",
        "last": "2025-09-30T23:00:00Z",
        "mapping": "omnibehavior",
        "given": [],
    }
    return {
        "schema": "tracelens/result/1",
        "seed": 0,
        "design": "paired",
        "sides": {name: dict(side) for name in ("real", *sims)},
        "comparisons": [comparison(sim) for sim in sims],
        "leaderboard": None,
        "anchors": None,
        "control": None,
        "warnings": ["sim: the mapping declares no zone, days are counted in UTC"],
    }
