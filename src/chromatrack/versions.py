"""Version of what each stage computes.

A rule depends on the version of its stage, not on the text of the code: raise the number when a
change of the code changes results, and what was made by the old code is made again. Everything
else (a comment, a faster way to the same numbers) leaves a week of training alone.
"""

VERSIONS = {
    "world": 2,
    "shards": 1,
    "fetch": 3,
    "labels": 4,
    "lab-statistics": 1,
    "analyze-labels": 2,
    "train-colorization": 5,
    "init-colorization": 3,
    "crop-lists": 2,
    "crops": 2,
    "train-siamfc": 4,
    "validate-siamfc": 3,
    "choose-siamfc": 1,
    "response-statistics": 3,
    "compose": 2,
    "fine-tune": 5,
    "track": 9,
    "tune": 3,
    "vot-official": 6,
    "propagate": 6,
    "colorize": 1,
    "evaluate": 6,
    "strips": 2,
    "score-maps": 4,
    "similarity": 2,
    "report": 11,
    "speed": 1,
}
