# Requires the scores of all trackers. Produces the table, the plots and the page of the run, and
# puts its table where everybody looks for it.


rule pictures:
    input:
        evaluations=expand("{run}/otb/{tracker}/scores.json", run=RUN, tracker=TRACKERS),
        davis=expand("{run}/davis/{name}/scores.json", run=RUN, name=SEGMENTATIONS),
        colorized=expand("{run}/colorized/{trunk}.mp4", run=RUN, trunk=trunks(SETTINGS)),
        labels=label_shards,
    output:
        index=f"{RUN}/report/pictures/pictures.json",
    log:
        f"{RUN}/logs/pictures.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        config=as_is(REPORTED),
        version=VERSIONS["report"],
    shell:
        "chromatrack pictures --settings {params.config:q} --labels {input.labels:q}"
        " --output {output.index:q} 2>&1 | tee {log:q}"


rule manifest:
    input:
        ledgers=ledgers,
        evaluations=expand(
            "{run}/otb/{name}/scores.json", run=RUN, name=[*TRACKERS, *CLASSICAL]
        ),
        vot=expand("{run}/vot/{name}.json", run=RUN, name=[*TRACKERS, *CLASSICAL]),
        got10k=expand("{run}/got10k/{name}/scores.json", run=RUN, name=GOT10K),
        davis=expand("{run}/davis/{name}/scores.json", run=RUN, name=SEGMENTATIONS),
        pictures=f"{RUN}/report/pictures/pictures.json",
        lab=f"{RUN}/labels/statistics.json",
        label_analysis=f"{RUN}/label_analysis/analysis.json",
        single_video=f"{RUN}/single_video/index.json",
    output:
        manifest=f"{RUN}/report/manifest.json",
    log:
        f"{RUN}/logs/manifest.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        config=as_is(REPORTED),
        version=VERSIONS["report"],
    shell:
        "chromatrack manifest --settings {params.config:q} --output {output.manifest:q}"
        " --ledgers {input.ledgers:q} --pictures {input.pictures:q}"
        " --single-video {input.single_video:q} 2>&1 | tee {log:q}"


rule summary:
    input:
        manifest=f"{RUN}/report/manifest.json",
    output:
        table=f"{RUN}/report/otb2015_summary.csv",
    log:
        f"{RUN}/logs/summary.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        version=VERSIONS["report"],
    shell:
        "chromatrack summary --manifest {input.manifest:q} --output {output.table:q}"
        " 2>&1 | tee {log:q}"


rule figures:
    input:
        manifest=f"{RUN}/report/manifest.json",
    output:
        index=f"{RUN}/report/figures/figures.json",
    log:
        f"{RUN}/logs/figures.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        folder=subpath(output.index, parent=True),
        version=VERSIONS["report"],
    shell:
        "chromatrack figures --manifest {input.manifest:q} --output {params.folder:q}"
        " 2>&1 | tee {log:q}"


rule page:
    input:
        manifest=f"{RUN}/report/manifest.json",
        table=f"{RUN}/report/otb2015_summary.csv",
        figures=f"{RUN}/report/figures/figures.json",
    output:
        page=f"{RUN}/report/index.html",
    log:
        f"{RUN}/logs/page.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        version=VERSIONS["report"],
    shell:
        "chromatrack page --manifest {input.manifest:q} --output {output.page:q}"
        " 2>&1 | tee {log:q}"


# The table of the configuration at hand. It takes the page along, so that asking for the table
# leaves everything to look at.
rule publish:
    input:
        table=f"{RUN}/report/otb2015_summary.csv",
        page=f"{RUN}/report/index.html",
    output:
        table="results/otb2015_summary.csv",
    log:
        f"{RUN}/logs/publish.log",
    conda:
        "../../envs/chromatrack.yaml"
    shell:
        "cp {input.table:q} {output.table:q} 2> {log:q}"
