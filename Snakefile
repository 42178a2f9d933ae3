# The whole experiment: clips -> labels -> networks -> boxes -> scores -> table and page.
# docs/workflow.md draws the graph; each rules file opens with what it requires and produces.
from snakemake.utils import min_version

min_version("9.5")


configfile: "config.yaml"


include: "workflow/common.smk"
include: "workflow/rules/world.smk"
include: "workflow/rules/clips.smk"
include: "workflow/rules/labels.smk"
include: "workflow/rules/colorization.smk"
include: "workflow/rules/siamfc.smk"
include: "workflow/rules/fusion.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        "results/otb2015_summary.csv",


onstart:
    hold_run()
    # Of these the logger counts the time left: what jobs took before, and what adds further jobs.
    logger.info(
        f"Logs of the jobs: {PLACES.usage_folder}",
        extra={
            "usage": PLACES.usage_folder,
            "checkpoints": [
                rule.name for rule in workflow.rules if rule.is_checkpoint
            ],
        },
    )


onsuccess:
    print(where_results_are())
