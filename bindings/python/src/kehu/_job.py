"""Run the main job: the program customer_insight, which lies beside this file."""
from __future__ import annotations

import os
import shutil
import subprocess

from . import _abi, errors
from ._call import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "customer_insight")
# What it says on the standard error as it goes; these lines are followed by ones of "step: stage 40 %".
STEPS = ("customers", "events", "demands", "statuses", "answers", "reading the store", "training the classifiers", "cross-validating", "channel preference",
         "content preference", "occupation", "risk", "value", "tracking", "themes", "target lists", "writing", "report")


def run(flags: dict[str, Any], progress: Any) -> None:
    """Run it with these flags (None: left out). What was half written is gone when this fails.

    Fails with what it failed with; KehuNotFoundError (this build has no program)."""
    if not os.path.exists(PROGRAM):
        raise errors.KehuNotFoundError(f"this build of kehu has no main job: there is no {PROGRAM}")
    words = [PROGRAM]
    for name, value in flags.items():
        if value is not None:
            words += [f"--{name.replace('_', '-')}", os.fsdecode(value) if isinstance(value, bytes) else str(value)]
    try:
        with Watch(progress) as watching, subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                                           stderr=subprocess.PIPE, encoding="utf-8", errors="replace") as child:
            try:
                said = _follow(child, watching)
            except BaseException:  # Ctrl-C
                child.kill()
                raise
    except BaseException:
        _clear(os.fspath(flags["out"]))
        raise
    if child.returncode != 0:
        raise _failure(said, child.returncode)


def _follow(child: Any, watching: Watch) -> list[str]:
    """Report each line's progress, and stop the program if told so; return the lines that are not about it."""
    said: list[str] = []
    done = 0.0
    for line in child.stderr:
        step, _, rest = line.rstrip("\n").partition(": ")
        if step in STEPS and (not rest or rest.endswith(" %")):
            part = int(rest.split()[-2]) / 100 if rest else 0
            done = max(done, (STEPS.index(step) + part) / len(STEPS))
            if watching._step(None, done, step.encode()):
                child.kill()
        else:
            said.append(line.rstrip("\n"))
    return said


def _failure(said: list[str], status: int) -> errors.KehuError:
    """The error that "customer_insight: STATUS: message" tells of."""
    _, _, message = (said[0] if said else "").partition(": ")
    if status == 2:
        return errors.KehuArgumentError(message)
    name, _, rest = message.partition(": ")
    for code, kind in errors.BY_STATUS.items():
        if kind.status == name:
            return kind(rest, code=code)
    return errors.KehuInternalError(f"the main job ended with status {status}: {' '.join(said)}", code=_abi.KEHU_INTERNAL)


def _clear(folder: str) -> None:
    for entry in os.scandir(folder) if os.path.isdir(folder) else ():
        if entry.name.endswith(".unfinished"):
            shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)
