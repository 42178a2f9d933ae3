# Requires the clips of a shard. Produces its label cache (equalised luma and colour labels), and the
# Lab statistics of the data set.


rule labels:
    input:
        ledger=f"{RUN}/clips/ledgers/{{shard}}.csv",
    output:
        labels=f"{RUN}/labels/{{shard}}.h5",
    log:
        f"{RUN}/logs/labels/{{shard}}.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        settings=as_is(to_json(SETTINGS.labels)),
        clips=f"{RUN}/clips/files/{{shard}}",
        version=VERSIONS["labels"],
    shell:
        "chromatrack labels --ledger {input.ledger:q} --clips {params.clips:q}"
        " --output {output.labels:q} --settings {params.settings:q} 2>&1 | tee {log:q}"


rule lab_statistics:
    input:
        labels=label_shards,
    output:
        statistics=f"{RUN}/labels/statistics.json",
    log:
        f"{RUN}/logs/lab_statistics.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        version=VERSIONS["lab-statistics"],
    shell:
        "chromatrack lab-statistics --labels {input.labels:q} --output {output.statistics:q}"
        " 2>&1 | tee {log:q}"
