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


# On a cluster, jobs of a second or two run where snakemake runs.
localrules:
    all,
    shards,
    crop_lists,
    choose_siamfc,
    compose,
    initial_colorization,
    evaluate,
    archive,
    manifest,
    summary,
    table,
    publish,


# Tables that were asked for once are kept up to date, and are in `snakemake --report`.
rule all:
    default_target: True
    input:
        "results/otb2015_summary.csv",
        [path for path in THESIS_TABLES if Path(path).exists()],


onstart:
    hold_run()
    ask_cluster()
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
