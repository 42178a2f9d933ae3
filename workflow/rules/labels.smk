# Requires the clips of a shard. Produces its label cache (equalised luma and colour labels), the Lab
# statistics of the data set, and the analysis of labels (thesis 5.3.2): tables, figures and an index.


rule labels:
    input:
        ledger=PLACES.ledger("{shard}"),
    output:
        labels=PLACES.labels("{shard}"),
    log:
        PLACES.log("labels/{shard}"),
    benchmark:
        PLACES.usage("labels/{shard}")
    conda:
        "../../envs/chromatrack.yaml"
    resources:
        **needs("labels"),
    params:
        settings=read_by("labels"),
        clips=PLACES.clips_of("{shard}"),
        version=VERSIONS["labels"],
    shell:
        "chromatrack labels --ledger {input.ledger:q} --clips {params.clips:q}"
        " --output {output.labels:q} --settings {params.settings:q} > {log:q} 2>&1"


rule lab_statistics:
    input:
        labels=label_shards,
    output:
        statistics=PLACES.lab_statistics,
    log:
        PLACES.log("lab_statistics"),
    benchmark:
        PLACES.usage("lab_statistics")
    conda:
        "../../envs/chromatrack.yaml"
    resources:
        **needs("lab_statistics"),
    params:
        version=VERSIONS["lab-statistics"],
    shell:
        "chromatrack lab-statistics --labels {input.labels:q} --output {output.statistics:q}"
        " > {log:q} 2>&1"


rule analyze_labels:
    input:
        ledgers=ledgers,
    output:
        index=PLACES.label_analysis("analysis.json"),
        consistency=PLACES.label_analysis("consistency.csv"),
        clips=PLACES.label_analysis("clips.csv"),
    log:
        PLACES.log("analyze_labels"),
    benchmark:
        PLACES.usage("analyze_labels")
    conda:
        "../../envs/chromatrack.yaml"
    resources:
        **needs("analyze_labels"),
    params:
        settings=read_by("analyze_labels"),
        clips=PLACES.clips,
        version=VERSIONS["analyze-labels"],
    shell:
        "chromatrack analyze-labels --ledgers {input.ledgers:q} --clips {params.clips:q}"
        " --output {output.index:q} --settings {params.settings:q} > {log:q} 2>&1"
