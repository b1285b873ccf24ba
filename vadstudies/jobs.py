"""What the long studies share: scenes and their metrics, and jobs that are kept one by one."""

import argparse
import contextlib
import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import cache

import numpy as np
import torch
from tqdm.auto import tqdm

import vadkit
from vadkit import toy
from vadkit.cli import output_file, run_script, stopped_at_once
from vadkit.locks import alone
from vadkit.maml.history import MetaHistory
from vadkit.training import History
from vadstudies.results import list_results, load_study, results_file, save_results
from vadstudies.workers import add_workers, do_all, versions

# --- Scenes and their metrics


@cache
def study_scene(place: str, seed: int) -> vadkit.Scene:
    """Toy scene with one test clip for every kind of anomaly there, contextual kinds last."""
    kinds = [kind for kind in (*toy.KINDS, *toy.CONTEXTUAL) if kind in toy.kinds_for(place)]
    return toy.toy_scene(seed, place, n_test=len(kinds), kinds=kinds)


def fingerprint(scene: vadkit.Scene) -> str:
    """Hash of a scene's first clips: it changes when toy scenes are rendered in another way.

    Results of two such ways must not end in one table.
    """
    frames = scene.train_clips[0].frames.tobytes() + scene.test_clips[0].frames.tobytes()
    return digest(frames)


def fingerprints(scenes: Iterable[vadkit.Scene]) -> dict[str, str]:
    """Fingerprint of every scene by name."""
    return {scene.name: fingerprint(scene) for scene in scenes}


def digest(content: bytes) -> str:
    """Start of the hash of some bytes."""
    return hashlib.sha256(content).hexdigest()[:16]


def scene_metrics(predictor: Callable, scene: vadkit.Scene, **scoring) -> dict:
    """Evaluate on a `study_scene`: metrics over the clips with a behavioural anomaly, and by kind.

    "by_kind" has raw AUC and gap (dB) of every kind, the contextual ones too. `scoring` goes to
    `vadkit.evaluate`.
    """
    evaluation = vadkit.evaluate(predictor, scene, **scoring)
    # The contextual clips come last, and a next-frame predictor cannot be expected to see them.
    n = sum(not set(kinds) & set(toy.CONTEXTUAL) for kinds in evaluation.kinds)
    behavioural = vadkit.Evaluation(
        evaluation.psnr[:n], evaluation.labels[:n], evaluation.kinds[:n], evaluation.clips[:n]
    )
    return {
        "psnr_normal": behavioural.psnr_normal,
        "psnr_abnormal": behavioural.psnr_normal - behavioural.psnr_gap,
        "gap": behavioural.psnr_gap,
        "auc_raw": behavioural.auc_raw,
        "auc_clip": behavioural.auc_clip,
        "auc_macro": behavioural.auc_macro,
        "by_kind": _metrics_by_kind(evaluation),
    }


def _metrics_by_kind(evaluation):
    psnr = np.concatenate(evaluation.psnr)
    kinds = np.concatenate([np.array(kinds) for kinds in evaluation.kinds])
    normal = np.nanmean(psnr[kinds == ""])
    metrics = {}
    for kind, auc in evaluation.by_kind.items():
        gap = normal - np.nanmean(psnr[kinds == kind])
        metrics[kind] = {"auc": round(auc, 4), "gap": round(gap, 4)}
    return metrics


def train(predictor: torch.nn.Module, scene: vadkit.Scene, **options) -> History:
    """Train with `vadkit.fit`, without a progress bar of its own.

    Ctrl-C ends the study, so that no half-trained predictor enters a table.
    """
    history = vadkit.fit(predictor, scene.train_windows(), progress=False, **options)
    require_finished(history)
    return history


def require_finished(history: History | MetaHistory) -> None:
    """Refuse half a training: KeyboardInterrupt, if that is what ended it.

    `vadkit.fit` and `vadkit.meta_train` keep what was learned and go on, for notebooks.
    """
    if history.interrupted:
        raise KeyboardInterrupt


# --- Jobs


def run_all(
    name: str,
    script: str,
    settings: dict,
    jobs: dict[str, dict],
    run: Callable[..., dict],
    options: argparse.Namespace,
    labels: dict[str, dict] | None = None,
) -> dict[str, dict]:
    """Do every job that is not done yet, and write the results file after each.

    This process alone writes it, whoever does the jobs: one file, whole at any time, in the order
    of `jobs`.

    Parameters
    ----------
    name, script : str
        The results file, such as "capacity/results", and the script that makes it.
    settings : dict
        What all jobs have in common.
    jobs : dict of dict
        The arguments of `run` for each job, by key.
    run : callable
        Does one job; returns what it measured. At the top of a module, so that workers find it.
    options : Namespace
        Of `study_parser`: a `quick` run neither reads nor writes the file, `restart` forgets what
        it holds, `workers` and `scheduler` say where jobs are done.
    labels : dict of dict, optional
        What else is kept of a job, by key. A job is done again when its arguments or labels are
        not those in the file.

    Returns
    -------
    dict of dict
        Arguments, labels and measurements of every job, by key.

    Raises
    ------
    ValueError
        If the file is damaged, or was made with other settings, scenes or versions.
    OSError
        If it cannot be written, or another process is writing it, or no scheduler answers.
    MemoryError
        If the process of one job was killed again and again.
    """
    keep = not options.quick
    with alone(output_file(results_file(name))) if keep else contextlib.nullcontext():
        results = _open_results(name, script, settings, keep and not options.restart)
        rows = results["rows"]
        asked = {key: plain({**(labels or {}).get(key, {}), **job}) for key, job in jobs.items()}
        todo = [key for key in jobs if not _is_done(asked[key], rows.get(key, {}))]
        with contextlib.closing(do_all(run, [jobs[key] for key in todo], options)) as done:
            for number, measured in tqdm(done, desc=name, total=len(todo)):
                key = todo[number]
                rows[key] = asked[key] | plain(measured)
                if keep:
                    save_results(name, results | {"rows": _in_order(rows, jobs)})
    return {key: rows[key] for key in jobs}


def _in_order(rows, jobs):
    """The same file, whichever job was done first; rows of other jobs come last."""
    return {key: rows[key] for key in (*jobs, *rows) if key in rows}


def _is_done(asked, row):
    """Whether a row is of the job as it is now, and has been measured."""
    return asked.items() <= row.items() and "cpu_seconds" in row


def _open_results(name, script, settings, go_on):
    """New results, or those kept so far when they were made in the same way."""
    about = plain({"script": script, "settings": settings, "versions": versions()})
    if not go_on or name not in list_results():
        return {"about": about, "rows": {}}
    kept = load_study(name)
    if kept["about"] != about:
        raise ValueError(
            f"{name}.json was made with other settings, scenes or versions: "
            "use --restart to replace it."
        )
    return kept


def plain(value):
    """Turn a value into what JSON gives back: lists for tuples, four decimals."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [plain(v) for v in value]
    if isinstance(value, (float, np.floating)):
        return round(float(value), 4)
    return value


# --- The command line


def study_parser(description: str) -> argparse.ArgumentParser:
    """Make a parser with the options of every long study: what is kept, and who does the jobs."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="a reduced version on validation scenes, nothing kept"
    )
    parser.add_argument("--restart", action="store_true", help="forget the results kept so far")
    add_workers(parser)
    return parser


def main(
    study: Callable, parser: argparse.ArgumentParser, argv: Sequence[str] | None = None
) -> int:
    """Run a study on the options of its command line, and return the exit code.

    Bad input is one sentence and exit code 2; Ctrl-C keeps every finished job.
    """
    torch.set_num_threads(1)
    options = parser.parse_args(argv)
    kept = "a quick run keeps nothing." if options.quick else KEPT
    return run_script(lambda _: stopped_at_once()(study)(options), kept=kept)


KEPT = "every finished job is kept; the same command goes on from there."
