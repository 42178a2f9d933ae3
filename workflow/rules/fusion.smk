# Requires the two trained branches. Produces score-map statistics (eq. 4.1) and the combined
# networks: composed for experiments that only test, fine-tuned per alpha for the others.


rule response_statistics:
    input:
        siamfc=f"{RUN}/siamfc/seed{{seed}}/model.pt",
        colorization=f"{RUN}/colorization/{{trunk}}-{{weights}}-seed{{seed}}/model.pt",
        crops=crop_shards,
    output:
        statistics=f"{RUN}/statistics/{{trunk}}-{{weights}}-seed{{seed}}.json",
    log:
        f"{RUN}/logs/statistics/{{trunk}}-{{weights}}-seed{{seed}}.log",
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        compute=COMPUTE,
    params:
        settings=as_is(slice_json(SETTINGS, "fusion", "siamfc")),
        version=VERSIONS["response-statistics"],
    shell:
        "chromatrack response-statistics --siamfc {input.siamfc:q}"
        " --colorization {input.colorization:q} --crops {input.crops:q} --seed {wildcards.seed}"
        " --output {output.statistics:q} --settings {params.settings:q}"
        " --compute {resources.compute:q} 2>&1 | tee {log:q}"


rule compose:
    input:
        unpack(branches),
    output:
        model=f"{RUN}/fused/exp{{experiment}}-seed{{seed}}/model.pt",
    log:
        f"{RUN}/logs/fused/exp{{experiment}}-seed{{seed}}.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        settings=as_is(to_json(SETTINGS.fusion)),
        version=VERSIONS["compose"],
    shell:
        "chromatrack compose --siamfc {input.siamfc:q} --colorization {input.colorization:q}"
        " --statistics {input.statistics:q} --seed {wildcards.seed}"
        " --output {output.model:q} --settings {params.settings:q} 2>&1 | tee {log:q}"


rule fine_tune:
    input:
        unpack(branches),
        crops=crop_shards,
    output:
        model=f"{RUN}/fused/exp{{experiment}}-alpha{{alpha}}-seed{{seed}}/model.pt",
        metrics=f"{RUN}/fused/exp{{experiment}}-alpha{{alpha}}-seed{{seed}}/metrics.csv",
    log:
        f"{RUN}/logs/fused/exp{{experiment}}-alpha{{alpha}}-seed{{seed}}.log",
    benchmark:
        f"{RUN}/logs/fused/exp{{experiment}}-alpha{{alpha}}-seed{{seed}}.tsv"
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        compute=COMPUTE,
    params:
        settings=as_is(slice_json(SETTINGS, "fusion", "siamfc", "fine_tune")),
        version=VERSIONS["fine-tune"],
    shell:
        "chromatrack fine-tune --siamfc {input.siamfc:q} --colorization {input.colorization:q}"
        " --statistics {input.statistics:q} --crops {input.crops:q} --seed {wildcards.seed}"
        " --alpha={wildcards.alpha} --output {output.model:q} --settings {params.settings:q}"
        " --compute {resources.compute:q} 2>&1 | tee {log:q}"
