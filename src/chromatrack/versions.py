"""Version of what each stage computes.

A rule depends on the version of its stage, not on the text of the code: raise the number when a
change of the code changes results, and what was made by the old code is made again. Everything
else (a comment, a faster way to the same numbers) leaves a week of training alone.
"""

VERSIONS = {
    "world": 1,
    "shards": 1,
    "fetch": 2,
    "labels": 2,
    "lab-statistics": 1,
    "analyze-labels": 1,
    "train-colorization": 2,
    "init-colorization": 1,
    "crop-lists": 1,
    "crops": 1,
    "train-siamfc": 1,
    "response-statistics": 1,
    "compose": 1,
    "fine-tune": 1,
    "track-otb": 1,
    "track-got10k": 1,
    "track-classical": 1,
    "track-vot": 2,
    "vot-official": 1,
    "propagate-davis": 3,
    "colorize": 1,
    "evaluate": 2,
    "report": 3,
}
