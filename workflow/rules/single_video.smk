# Requires the clips of all shards. Produces the single-video test (thesis 5.3.3): one clip memorised
# with both losses and each k, its curves and pictures.


rule single_video:
    input:
        ledgers=ledgers,
    output:
        index=f"{RUN}/single_video/index.json",
    log:
        f"{RUN}/logs/single_video.log",
    benchmark:
        f"{RUN}/logs/single_video.tsv"
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads * SETTINGS.compute.devices
    resources:
        compute=COMPUTE,
    params:
        settings=as_is(slice_json(SETTINGS, "labels", "colorization", "single_video")),
        clips=f"{RUN}/clips/files",
        seed=SETTINGS.seeds[0],
        version=(VERSIONS["labels"], VERSIONS["train-colorization"]),
    shell:
        "chromatrack memorize-clip --ledgers {input.ledgers:q} --clips {params.clips:q}"
        " --seed {params.seed} --output {output.index:q} --settings {params.settings:q}"
        " --compute {resources.compute:q} 2>&1 | tee {log:q}"
