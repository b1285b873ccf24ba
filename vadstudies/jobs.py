"""What the two long benchmarks share: jobs finished one by one and kept, figures of one evaluation, a fingerprint of the scenes."""

import hashlib
import sys
import time

import numpy as np
import torch
from tqdm.auto import tqdm

import vadkit
from vadkit import toy
from vadstudies.results import list_results, load_results, save_results


def benchmark_scene(seed, place):
    """A toy scene with one test clip for every kind that is an anomaly there: the behavioural ones first, then the contextual."""
    kinds = [kind for kind in (*toy.KINDS, *toy.CONTEXTUAL) if kind in toy.kinds_for(place)]
    return toy.toy_scene(seed, place, n_test=len(kinds), kinds=kinds)


def fingerprint(scene):
    """Changes when the drawing of toy scenes changes: results of two drawings must not end in one table."""
    return hashlib.sha256(scene.train_clips[0].frames.tobytes() + scene.test_clips[0].frames.tobytes()).hexdigest()[:16]


def figures(predictor, scene, **scoring):
    """Headline figures over the test clips with a behavioural anomaly; AUC (raw) and gap (dB) for each kind, contextual ones too."""
    found = vadkit.evaluate(predictor, scene, **scoring)
    kinds, psnr = np.concatenate([np.array(k) for k in found.kinds]), np.concatenate(found.psnr)
    n = sum(not set(k) & set(toy.CONTEXTUAL) for k in found.kinds)
    headline = vadkit.Evaluation(found.psnr[:n], found.labels[:n], found.kinds[:n], found.clips[:n])
    normal = np.nanmean(psnr[kinds == ""])
    by_kind = {
        k: {"auc": round(a, 4), "gap": round(normal - np.nanmean(psnr[kinds == k]), 4)}
        for k, a in found.by_kind.items()
    }
    return {
        "psnr_normal": headline.psnr_normal, "psnr_abnormal": headline.psnr_normal - headline.psnr_gap, "gap": headline.psnr_gap,
        "auc_raw": headline.auc_raw, "auc_clip": headline.auc_clip, "auc_macro": headline.auc_macro, "by_kind": by_kind,
    }  # fmt: skip


def train(predictor, scene, **options):
    """`vadkit.fit` without a bar of its own; Ctrl-C ends the benchmark, so that no half-trained predictor enters a table."""
    history = vadkit.fit(predictor, scene.train_windows(), progress=False, **options)
    if history.interrupted:
        raise KeyboardInterrupt
    return history


def run_all(name, script, settings, jobs, run, keep=True, restart=False):
    """Do every job that is not done yet, or was done with other arguments, and write `NAME.json` after each -> {key: row}.

    settings: what all jobs have in common; jobs: {key: arguments of `run`}; keep=False: neither read nor write.
    Raises ValueError when the file was made with other settings, scenes or versions.
    """
    versions = {"vadkit": vadkit.__version__, "torch": torch.__version__, "numpy": np.__version__}
    results = {"about": plain({"script": script, "settings": settings, "versions": versions}), "rows": {}}
    if keep and not restart and name in list_results():
        kept = load_results(name)
        if kept.get("about") != results["about"]:
            raise ValueError(
                f"{name}.json was made with other settings, scenes or versions: use --restart to replace it."
            )
        results = kept
    rows = results["rows"]
    todo = [key for key, job in jobs.items() if not plain(job).items() <= rows.get(key, {}).items()]
    for key in tqdm(todo, desc=name):
        began = time.process_time()
        rows[key] = plain({**jobs[key], **run(**jobs[key]), "cpu_seconds": time.process_time() - began})
        if keep:
            save_results(name, results)
    return {key: rows[key] for key in jobs}


def plain(value):
    """The same as it will be read back from JSON: lists for tuples, four decimals."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [plain(v) for v in value]
    return round(float(value), 4) if isinstance(value, (float, np.floating)) else value


def main(benchmark, parser):
    """Run a benchmark's function on its options: bad input is one sentence and exit code 2, Ctrl-C keeps every finished job."""
    torch.set_num_threads(1)
    try:
        benchmark(parser.parse_args())
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. Every finished training is kept: the same command goes on from here.", file=sys.stderr)
        return 130
    return 0
