# Requires videos to train on, by default GOT-10k sequences. Produces crop shards and the SiamFC
# baseline.

TRAINING_SOURCES = [f"{layout}:{root}" for layout, root in DATA.tracking_train]
TRAINING_LISTS = [
    f"{root}/list.txt" for layout, root in DATA.tracking_train if layout == "got10k"
]


checkpoint crop_lists:
    input:
        world=WORLD,
        names=[] if WORLD else TRAINING_LISTS,
    output:
        index=f"{RUN}/crops/lists/index.txt",
    log:
        f"{RUN}/logs/crop_lists.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        sources=TRAINING_SOURCES,
        folder=subpath(output.index, parent=True),
        shard_size=SETTINGS.crops.shard_size,
        version=VERSIONS["crop-lists"],
    shell:
        "chromatrack crop-lists --sources {params.sources:q} --output {params.folder:q}"
        " --shard-size {params.shard_size} 2>&1 | tee {log:q}"


rule crops:
    input:
        world=WORLD,
        names=f"{RUN}/crops/lists/{{shard}}.txt",
    output:
        crops=f"{RUN}/crops/{{shard}}.h5",
    log:
        f"{RUN}/logs/crops/{{shard}}.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        sources=TRAINING_SOURCES,
        settings=as_is(to_json(SETTINGS.crops)),
        version=VERSIONS["crops"],
    shell:
        "chromatrack crops --sources {params.sources:q} --names {input.names:q}"
        " --output {output.crops:q} --settings {params.settings:q} 2>&1 | tee {log:q}"


rule siamfc:
    input:
        crops=crop_shards,
    output:
        model=f"{RUN}/siamfc/seed{{seed}}/model.pt",
        metrics=f"{RUN}/siamfc/seed{{seed}}/metrics.csv",
        validation=f"{RUN}/siamfc/seed{{seed}}/validation.json",
    log:
        f"{RUN}/logs/siamfc/seed{{seed}}.log",
    benchmark:
        f"{RUN}/logs/siamfc/seed{{seed}}.tsv"
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        compute=COMPUTE,
    params:
        settings=as_is(to_json(SETTINGS.siamfc)),
        validation=(
            option("--validation", DATA.got10k_val)
            if SETTINGS.siamfc.validation_frames and layout.has_got10k_val(SETTINGS)
            else []
        ),
        version=VERSIONS["train-siamfc"],
    shell:
        "chromatrack train-siamfc --crops {input.crops:q} --seed {wildcards.seed}"
        " {params.validation:q} --output {output.model:q} --settings {params.settings:q}"
        " --compute {resources.compute:q} 2>&1 | tee {log:q}"
