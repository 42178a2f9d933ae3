# Requires label caches, and the clips themselves. Produces colorization networks: pretrained, and with
# random weights for experiment 3; and the single-video test (thesis 5.3.3), one clip memorised with
# each loss and each k. A killed training continues by itself (its work/ is no output of a rule).

LAB_STATISTICS = (
    [PLACES.lab_statistics] if SETTINGS.colorization.normalization == "measured" else []
)


rule colorization:
    input:
        labels=label_shards,
        statistics=LAB_STATISTICS,
    output:
        model=PLACES.colorization("{trunk}-pretrained-seed{seed}"),
        metrics=PLACES.colorization("{trunk}-pretrained-seed{seed}", "metrics.csv"),
    log:
        PLACES.log("colorization/{trunk}-seed{seed}"),
    benchmark:
        PLACES.usage("colorization/{trunk}-seed{seed}")
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads * SETTINGS.compute.devices
    resources:
        **needs("colorization"),
        compute=COMPUTE,
        cadence=canonical_json(cadence(SETTINGS.colorization)),
    params:
        settings=read_by("colorization"),
        statistics=[f"--statistics={path}" for path in LAB_STATISTICS],
        colours=SETTINGS.labels.colours,
        version=VERSIONS["train-colorization"],
    shell:
        "chromatrack train-colorization --labels {input.labels:q} {params.statistics:q}"
        " --trunk {wildcards.trunk} --colours {params.colours} --seed {wildcards.seed}"
        " --output {output.model:q} --settings {params.settings:q}"
        " --cadence {resources.cadence:q} --compute {resources.compute:q} > {log:q} 2>&1"


rule initial_colorization:
    input:
        statistics=LAB_STATISTICS,
    output:
        model=PLACES.colorization("{trunk}-random-seed{seed}"),
    log:
        PLACES.log("colorization/{trunk}-random-seed{seed}"),
    benchmark:
        PLACES.usage("colorization/{trunk}-random-seed{seed}")
    conda:
        "../../envs/chromatrack.yaml"
    params:
        settings=read_by("initial_colorization"),
        statistics=[f"--statistics={path}" for path in LAB_STATISTICS],
        version=VERSIONS["init-colorization"],
    shell:
        "chromatrack init-colorization {params.statistics:q}"
        " --trunk {wildcards.trunk} --seed {wildcards.seed} --output {output.model:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"


rule single_video:
    input:
        ledgers=ledgers,
    output:
        index=PLACES.single_video,
    log:
        PLACES.log("single_video"),
    benchmark:
        PLACES.usage("single_video")
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads * SETTINGS.compute.devices
    resources:
        **needs("single_video"),
        compute=COMPUTE,
        cadence=canonical_json(cadence(SETTINGS.colorization)),
    params:
        settings=read_by("single_video"),
        clips=PLACES.clips,
        seed=SETTINGS.seeds[0],
        version=(VERSIONS["labels"], VERSIONS["train-colorization"]),
    shell:
        "chromatrack memorize-clip --ledgers {input.ledgers:q} --clips {params.clips:q}"
        " --seed {params.seed} --output {output.index:q} --settings {params.settings:q}"
        " --cadence {resources.cadence:q} --compute {resources.compute:q} > {log:q} 2>&1"
