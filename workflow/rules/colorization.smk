# Requires label caches. Produces colorization networks: pretrained, and with random weights for
# experiment 3. A killed training continues by itself (its work/ folder is no output of a rule).


rule colorization:
    input:
        labels=label_shards,
        statistics=f"{RUN}/labels/statistics.json",
    output:
        model=f"{RUN}/colorization/{{trunk}}-pretrained-seed{{seed}}/model.pt",
        metrics=f"{RUN}/colorization/{{trunk}}-pretrained-seed{{seed}}/metrics.csv",
    log:
        f"{RUN}/logs/colorization/{{trunk}}-seed{{seed}}.log",
    benchmark:
        f"{RUN}/logs/colorization/{{trunk}}-seed{{seed}}.tsv"
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads * SETTINGS.compute.devices
    resources:
        compute=COMPUTE,
    params:
        settings=as_is(to_json(SETTINGS.colorization)),
        colours=SETTINGS.labels.colours,
        version=VERSIONS["train-colorization"],
    shell:
        "chromatrack train-colorization --labels {input.labels:q} --statistics {input.statistics:q}"
        " --trunk {wildcards.trunk} --colours {params.colours} --seed {wildcards.seed}"
        " --output {output.model:q} --settings {params.settings:q}"
        " --compute {resources.compute:q} 2>&1 | tee {log:q}"


rule initial_colorization:
    input:
        statistics=f"{RUN}/labels/statistics.json",
    output:
        model=f"{RUN}/colorization/{{trunk}}-random-seed{{seed}}/model.pt",
    log:
        f"{RUN}/logs/colorization/{{trunk}}-random-seed{{seed}}.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        settings=as_is(to_json(SETTINGS.colorization)),
        version=VERSIONS["init-colorization"],
    shell:
        "chromatrack init-colorization --statistics {input.statistics:q}"
        " --trunk {wildcards.trunk} --seed {wildcards.seed} --output {output.model:q}"
        " --settings {params.settings:q} 2>&1 | tee {log:q}"
