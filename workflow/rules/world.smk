# Requires nothing. Produces the synthetic world of a demo, in the formats of the real data sets, each
# part by itself; a benchmark that it does not always have is written where the run asks for it.


rule world:
    output:
        manifest=PLACES.world("{part}"),
    log:
        PLACES.log("world/{part}"),
    benchmark:
        PLACES.usage("world/{part}")
    wildcard_constraints:
        part=one_of(READ_BY),
    conda:
        "../../envs/chromatrack.yaml"
    resources:
        **needs("world"),
    params:
        settings=lambda wildcards: world_slice(SETTINGS, wildcards.part),
        version=VERSIONS["world"],
        folder=subpath(output.manifest, parent=True),
    shell:
        "chromatrack world --part {wildcards.part} --output {params.folder:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"


rule world_benchmark:
    output:
        manifest=PLACES.world_benchmark("{benchmark}"),
    log:
        PLACES.log("world_benchmarks/{benchmark}"),
    benchmark:
        PLACES.usage("world_benchmarks/{benchmark}")
    conda:
        "../../envs/chromatrack.yaml"
    resources:
        **needs("world_benchmark"),
    params:
        settings=lambda wildcards: world_slice(SETTINGS, wildcards.benchmark),
        version=VERSIONS["world"],
        folder=subpath(output.manifest, parent=True),
    shell:
        "chromatrack world --benchmark {wildcards.benchmark} --output {params.folder:q}"
        " --settings {params.settings:q} > {log:q} 2>&1"
