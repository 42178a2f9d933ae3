# The whole experiment: clips -> labels -> networks -> boxes -> scores -> table and page.
# docs/workflow.md draws the graph; each rules file opens with what it requires and produces.
from snakemake.utils import min_version

min_version("9.5")


configfile: "config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/common.smk"
include: "workflow/rules/world.smk"
include: "workflow/rules/clips.smk"
include: "workflow/rules/labels.smk"
include: "workflow/rules/colorization.smk"
include: "workflow/rules/siamfc.smk"
include: "workflow/rules/fusion.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/report.smk"


# Tables that were asked for once are kept up to date, and are in `snakemake --report`.
rule all:
    default_target: True
    input:
        "results/otb2015_summary.csv",
        [path for path in THESIS_TABLES if Path(path).exists()],


onstart:
    hold_run()
    # Of these the logger counts the time left: what jobs took before, what adds further jobs, and
    # what only asks for others.
    logger.info(
        f"Logs of the jobs: {PLACES.usage_folder}",
        extra={
            "usage": PLACES.usage_folder,
            "checkpoints": [
                rule.name for rule in workflow.rules if rule.is_checkpoint
            ],
            "idle": [rule.name for rule in workflow.rules if not rule.shellcmd],
        },
    )


onsuccess:
    print(where_results_are())
