# Requires the two trained branches. Produces score-map statistics (eq. 4.1) and the combined
# networks: composed for experiments that only test, fine-tuned per alpha for the others.


rule response_statistics:
    input:
        unpack(measured),
        crops=crop_shards,
    output:
        statistics=PLACES.statistics("{network}"),
    log:
        PLACES.log("statistics/{network}"),
    benchmark:
        PLACES.usage("statistics/{network}")
    wildcard_constraints:
        network=one_of(NETWORKS),
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        **needs("response_statistics"),
        compute=COMPUTE,
    params:
        seed=lambda wildcards: NETWORKS[wildcards.network].seed,
        settings=told_of(of_network, "network"),
        version=remade_with("response-statistics", measured),
    shell:
        "chromatrack response-statistics --siamfc {input.siamfc:q}"
        " --auxiliary {input.auxiliary:q} --crops {input.crops:q} --seed {params.seed}"
        " --output {output.statistics:q} --settings {params.settings:q}"
        " --compute {resources.compute:q} > {log:q} 2>&1"


rule compose:
    input:
        unpack(branches),
    output:
        model=PLACES.composed("{experiment}", "{seed}"),
    log:
        PLACES.log("fused/exp{experiment}-seed{seed}"),
    benchmark:
        PLACES.usage("fused/exp{experiment}-seed{seed}")
    conda:
        "../../envs/chromatrack.yaml"
    params:
        settings=told_of(composed, "experiment"),
        version=remade_with("compose", branches),
    shell:
        "chromatrack compose --siamfc {input.siamfc:q} --auxiliary {input.auxiliary:q}"
        " --statistics {input.statistics:q} --seed {wildcards.seed}"
        " --output {output.model:q} --settings {params.settings:q} > {log:q} 2>&1"


rule fine_tune:
    input:
        unpack(branches),
        crops=crop_shards,
    output:
        model=PLACES.fine_tuned("{experiment}", "{alpha}", "{seed}"),
        metrics=PLACES.fine_tuned("{experiment}", "{alpha}", "{seed}", "metrics.csv"),
    log:
        PLACES.log("fused/exp{experiment}-alpha{alpha}-seed{seed}"),
    benchmark:
        PLACES.usage("fused/exp{experiment}-alpha{alpha}-seed{seed}")
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        **needs("fine_tune"),
        compute=COMPUTE,
        cadence=canonical_json(cadence(SETTINGS.siamfc)),
    params:
        settings=told_of(fine_tuned, "experiment"),
        version=remade_with("fine-tune", branches),
    shell:
        "chromatrack fine-tune --siamfc {input.siamfc:q} --auxiliary {input.auxiliary:q}"
        " --statistics {input.statistics:q} --crops {input.crops:q} --seed {wildcards.seed}"
        " --alpha={wildcards.alpha} --output {output.model:q} --settings {params.settings:q}"
        " --cadence {resources.cadence:q} --compute {resources.compute:q} > {log:q} 2>&1"
