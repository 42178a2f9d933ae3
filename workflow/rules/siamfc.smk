# Requires videos to train on, by default GOT-10k sequences. Produces crop shards and the SiamFC
# baseline: trained, scored on GOT-10k val where the run has it, and chosen among what was kept.


checkpoint crop_lists:
    input:
        world=of_world("got10k"),
        names=arguments.crop_source_lists(SETTINGS),
    output:
        index=PLACES.crop_lists,
    log:
        PLACES.log("crop_lists"),
    benchmark:
        PLACES.usage("crop_lists")
    conda:
        "../../envs/chromatrack.yaml"
    params:
        sources=arguments.crop_sources(SETTINGS),
        folder=subpath(output.index, parent=True),
        shard_size=SETTINGS.crops.shard_size,
        version=VERSIONS["crop-lists"],
    shell:
        "chromatrack crop-lists --sources {params.sources:q} --output {params.folder:q}"
        " --shard-size {params.shard_size} > {log:q} 2>&1"


rule crops:
    input:
        world=of_world("got10k"),
        names=PLACES.crop_list("{shard}"),
    output:
        crops=PLACES.crops("{shard}"),
    log:
        PLACES.log("crops/{shard}"),
    benchmark:
        PLACES.usage("crops/{shard}")
    conda:
        "../../envs/chromatrack.yaml"
    resources:
        **needs("crops"),
    params:
        sources=arguments.crop_sources(SETTINGS),
        settings=read_by("crops"),
        version=VERSIONS["crops"],
    shell:
        "chromatrack crops --sources {params.sources:q} --names {input.names:q}"
        " --output {output.crops:q} --settings {params.settings:q} > {log:q} 2>&1"


rule siamfc:
    input:
        crops=crop_shards,
    output:
        last=PLACES.siamfc("{seed}", "last.pt"),
        metrics=PLACES.siamfc("{seed}", "metrics.csv"),
    log:
        PLACES.log("siamfc/seed{seed}"),
    benchmark:
        PLACES.usage("siamfc/seed{seed}")
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        **needs("siamfc"),
        compute=COMPUTE,
        cadence=canonical_json(cadence(SETTINGS.siamfc)),
    params:
        settings=read_by("siamfc"),
        version=VERSIONS["train-siamfc"],
    shell:
        "chromatrack train-siamfc --crops {input.crops:q} --seed {wildcards.seed}"
        " --output {output.last:q} --settings {params.settings:q}"
        " --cadence {resources.cadence:q} --compute {resources.compute:q} > {log:q} 2>&1"


# What was kept beside the last network lies in checkpoints/, which is no output of a rule.
if arguments.siamfc_validations(SETTINGS):

    rule validate_siamfc:
        input:
            world=of_world("got10k"),
            last=PLACES.siamfc("{seed}", "last.pt"),
        output:
            validation=PLACES.siamfc("{seed}", "validation.json"),
        log:
            PLACES.log("siamfc/seed{seed}-validation"),
        benchmark:
            PLACES.usage("siamfc/seed{seed}-validation")
        conda:
            "../../envs/chromatrack.yaml"
        threads: SETTINGS.compute.threads
        resources:
            **needs("validate_siamfc"),
            compute=COMPUTE,
        params:
            networks=PLACES.siamfc("{seed}", "checkpoints"),
            root=str(DATA.got10k_val),
            settings=read_by("validate_siamfc"),
            version=(VERSIONS["validate-siamfc"], VERSIONS["track"]),
        shell:
            "chromatrack validate-siamfc --networks {params.networks:q} --root {params.root:q}"
            " --output {output.validation:q} --settings {params.settings:q}"
            " --compute {resources.compute:q} > {log:q} 2>&1"


rule choose_siamfc:
    input:
        last=PLACES.siamfc("{seed}", "last.pt"),
        validation=(
            PLACES.siamfc("{seed}", "validation.json")
            if SETTINGS.siamfc.select == "best_ao"
            else []
        ),
    output:
        model=PLACES.siamfc("{seed}"),
        choice=PLACES.siamfc("{seed}", "choice.json"),
    log:
        PLACES.log("siamfc/seed{seed}-choice"),
    benchmark:
        PLACES.usage("siamfc/seed{seed}-choice")
    conda:
        "../../envs/chromatrack.yaml"
    params:
        validation="--validation" if SETTINGS.siamfc.select == "best_ao" else [],
        settings=read_by("choose_siamfc"),
        version=VERSIONS["choose-siamfc"],
    shell:
        "chromatrack choose-siamfc --last {input.last:q} {params.validation} {input.validation:q}"
        " --output {output.model:q} --settings {params.settings:q} > {log:q} 2>&1"
