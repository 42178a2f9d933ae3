# Requires trackers, or colorization networks, and benchmarks. Produces boxes or masks of each tracker,
# its scores, and comparisons; and, where it is asked for, settings of trackers searched on GOT-10k val.
# A benchmark is a file in src/chromatrack/evaluation/sets/; which trackers a run has,
# src/chromatrack/plan/trackers.py says.


rule track:
    input:
        world=asked(arguments.benchmark_data),
        tracker=asked(arguments.tracker_files),
        together=asked(arguments.tracked_together),
    output:
        run=PLACES.run_file("{benchmark}", "{protocol}", "{tracker}"),
    log:
        PLACES.log("evaluation/{benchmark}/{protocol}/{tracker}"),
    benchmark:
        PLACES.usage("evaluation/{benchmark}/{protocol}/{tracker}")
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        **needs("track"),
        compute=COMPUTE,
    params:
        tracker=asked(arguments.tracker_options),
        data=asked(arguments.runs_on),
        settings=asked(arguments.tracker_settings),
        states=asked(arguments.states),
        version=asked(arguments.version_of),
    shell:
        "chromatrack run {wildcards.benchmark} {params.tracker:q} {params.data:q}"
        " {params.settings:q} --output {output.run:q} --protocol {wildcards.protocol}"
        " --compute {resources.compute:q} > {log:q} 2>&1"


# On a GPU all alphas of a checkpoint are in one batch, and each frame is decoded once. The alphas are
# a resource: one more is tracked by `track`, and the others stay.
rule track_alphas:
    input:
        world=asked(arguments.benchmark_data),
        checkpoint=PLACES.composed("{experiment}", "{seed}"),
    output:
        together=PLACES.alphas("{benchmark}", "{protocol}", "{experiment}", "{seed}"),
    log:
        PLACES.log("evaluation/{benchmark}/{protocol}/exp{experiment}-seed{seed}"),
    benchmark:
        PLACES.usage("evaluation/{benchmark}/{protocol}/exp{experiment}-seed{seed}")
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        **needs("track_alphas"),
        compute=COMPUTE,
        alphas=asked(arguments.alphas_together),
    params:
        options=asked(arguments.experiment_options),
        data=asked(arguments.runs_on),
        runs=asked(arguments.runs_of_alphas),
        settings=as_is(to_json(SETTINGS.tracker)),
        version=VERSIONS["track"],
    shell:
        "chromatrack run {wildcards.benchmark} --checkpoint {input.checkpoint:q}"
        " {params.options:q} {params.data:q} --alphas {resources.alphas} --output {params.runs:q}"
        " --together {output.together:q} --protocol {wildcards.protocol}"
        " --settings {params.settings:q} --compute {resources.compute:q} > {log:q} 2>&1"


# Settings of a tracker, never on a test set. What is found is used where its .yaml is laid over.
rule tune:
    input:
        world=of_world("got10k"),
        checkpoint=lambda wildcards: TUNED[wildcards.tuned].checkpoint,
    output:
        result=PLACES.tuned("{tuned}"),
        overlay=PLACES.tuned("{tuned}", "yaml"),
    log:
        PLACES.log("tune/{tuned}"),
    benchmark:
        PLACES.usage("tune/{tuned}")
    wildcard_constraints:
        tuned=one_of(TUNED),
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        **needs("tune"),
        compute=COMPUTE,
    params:
        root=str(DATA.got10k_val),
        alpha=lambda wildcards: arguments.start_of(TUNED[wildcards.tuned]),
        settings=read_by("tune"),
        version=(VERSIONS["tune"], VERSIONS["track"]),
    shell:
        "chromatrack tune got10k --checkpoint {input.checkpoint:q} --root {params.root:q}"
        " {params.alpha:q} --output {output.result:q} --settings {params.settings:q}"
        " --compute {resources.compute:q} > {log:q} 2>&1"


rule evaluate:
    input:
        run=PLACES.run_file("{benchmark}", "{protocol}", "{tracker}"),
        names=asked(arguments.names_file),
    output:
        scores=PLACES.scores("{benchmark}", "{protocol}", "{tracker}"),
    log:
        PLACES.log("evaluation/{benchmark}/{protocol}/{tracker}-scores"),
    benchmark:
        PLACES.usage("evaluation/{benchmark}/{protocol}/{tracker}-scores")
    conda:
        "../../envs/chromatrack.yaml"
    params:
        data=asked(arguments.scored_on),
        results=asked(arguments.results_of),
        version=VERSIONS["evaluate"],
    shell:
        "chromatrack evaluate {wildcards.benchmark} {params.data:q} --results {params.results:q}"
        " --output {output.scores:q} --tracker {wildcards.tracker:q}"
        " --protocol {wildcards.protocol} > {log:q} 2>&1"


# All trackers by one protocol: a table and plots. Nothing depends on it: it is asked for by name.
rule compare:
    input:
        runs=each_tracker(PLACES.run_file),
    output:
        scores=PLACES.comparison("{benchmark}", "{protocol}", "trackers.json"),
        table=PLACES.comparison("{benchmark}", "{protocol}", "trackers.txt"),
        plots=directory(PLACES.comparison("{benchmark}", "{protocol}", "plots")),
    log:
        PLACES.log("evaluation/{benchmark}/{protocol}/trackers"),
    benchmark:
        PLACES.usage("evaluation/{benchmark}/{protocol}/trackers")
    conda:
        "../../envs/chromatrack.yaml"
    resources:
        **needs("compare"),
    params:
        data=asked(arguments.scored_on),
        results=each_tracker(partial(arguments.results_of, SETTINGS)),
        names=each_tracker(lambda benchmark, protocol, tracker: tracker),
        version=VERSIONS["evaluate"],
    shell:
        "chromatrack evaluate {wildcards.benchmark} {params.data:q} --results {params.results:q}"
        " --output {output.scores:q} --plot {output.plots:q} --tracker {params.names:q}"
        " --protocol {wildcards.protocol} > {output.table:q} 2> {log:q}"


# What a server scores is packed for it.
rule archive:
    input:
        run=PLACES.run_file("{benchmark}", "{protocol}", "{tracker}"),
    output:
        archive=PLACES.archive("{benchmark}", "{protocol}", "{tracker}"),
    log:
        PLACES.log("evaluation/{benchmark}/{protocol}/{tracker}-archive"),
    benchmark:
        PLACES.usage("evaluation/{benchmark}/{protocol}/{tracker}-archive")
    conda:
        "../../envs/chromatrack.yaml"
    params:
        data=asked(arguments.packed_of),
        results=asked(arguments.results_of),
        version=VERSIONS["evaluate"],
    shell:
        "chromatrack archive {wildcards.benchmark} {params.data:q} --results {params.results:q}"
        " --output {output.archive:q} > {log:q} 2>&1"


# The official toolkit runs and scores a tracker by itself.
rule vot_official:
    input:
        world=asked(arguments.official_data),
        tracker=asked(arguments.official_files),
    output:
        scores=PLACES.vot_official("{tracker}"),
    log:
        PLACES.log("vot_official/{tracker}"),
    benchmark:
        PLACES.usage("vot_official/{tracker}")
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        **needs("vot_official"),
        compute=COMPUTE,
    params:
        options=asked(arguments.official_options),
        version=(VERSIONS["vot-official"], VERSIONS["track"]),
    shell:
        "chromatrack vot-official {params.options:q} --name {wildcards.tracker:q}"
        " --output {output.scores:q} --compute {resources.compute:q} > {log:q} 2>&1"


rule vot_official_all:
    input:
        expand(
            PLACES.vot_official("{name}"), name=arguments.official_trackers(SETTINGS)
        ),


rule otb_starts_all:
    input:
        [PLACES.comparison("otb", start, "trackers.json") for start in ("tre", "sre")],
