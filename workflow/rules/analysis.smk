# Requires the clips of all shards. Produces the analysis of their colour labels (thesis 5.3.2): tables,
# figures and the index that the page reads.


rule analyze_labels:
    input:
        ledgers=ledgers,
    output:
        index=f"{RUN}/label_analysis/analysis.json",
        consistency=f"{RUN}/label_analysis/consistency.csv",
        clips=f"{RUN}/label_analysis/clips.csv",
    log:
        f"{RUN}/logs/analyze_labels.log",
    benchmark:
        f"{RUN}/logs/analyze_labels.tsv"
    conda:
        "../../envs/chromatrack.yaml"
    params:
        settings=as_is(slice_json(SETTINGS, "labels", "analysis")),
        clips=f"{RUN}/clips/files",
        version=VERSIONS["analyze-labels"],
    shell:
        "chromatrack analyze-labels --ledgers {input.ledgers:q} --clips {params.clips:q}"
        " --output {output.index:q} --settings {params.settings:q} 2>&1 | tee {log:q}"
