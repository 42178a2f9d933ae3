# Requires trackers and colorization networks, and the benchmarks. Produces boxes, masks and scores.


rule track_otb:
    input:
        world=WORLD,
        checkpoint=tracker_checkpoint,
    output:
        run=f"{RUN}/{{otb}}/{{tracker}}/run.json",
    log:
        f"{RUN}/logs/{{otb}}/{{tracker}}.log",
    benchmark:
        f"{RUN}/logs/{{otb}}/{{tracker}}.tsv"
    wildcard_constraints:
        tracker=one_of(set(TRACKERS) - TESTED_NAMES),
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        compute=COMPUTE,
    params:
        root=str(DATA.otb),
        names=option("--names", SETTINGS.data.otb_list),
        frames=option("--max-frames", SETTINGS.data.otb_max_frames),
        protocol=protocol,
        settings=as_is(to_json(SETTINGS.tracker)),
        version=VERSIONS["track-otb"],
    shell:
        "chromatrack track-otb --checkpoint {input.checkpoint:q} --root {params.root:q}"
        " --output {output.run:q} {params.names:q} {params.frames:q}"
        " --protocol {params.protocol} --settings {params.settings:q}"
        " --compute {resources.compute:q} 2>&1 | tee {log:q}"


# Experiments that only test have one checkpoint for all alphas: they go in one job, which on a GPU
# decodes each frame once and has all of them in one batch.
if TESTED_NAMES:

    rule track_otb_alphas:
        input:
            world=WORLD,
            checkpoint=f"{RUN}/fused/exp{{experiment}}-seed{{seed}}/model.pt",
        output:
            runs=expand(
                "{run}/{{otb}}/exp{{experiment}}-alpha{alpha}-seed{{seed}}/run.json",
                run=RUN,
                alpha=TESTED_ALPHAS,
            ),
        log:
            f"{RUN}/logs/{{otb}}/exp{{experiment}}-seed{{seed}}.log",
        benchmark:
            f"{RUN}/logs/{{otb}}/exp{{experiment}}-seed{{seed}}.tsv"
        wildcard_constraints:
            experiment=one_of(TESTED),
        conda:
            "../../envs/chromatrack.yaml"
        threads: SETTINGS.compute.threads
        resources:
            compute=COMPUTE,
        params:
            root=str(DATA.otb),
            runs=each_alpha,
            options=auxiliary_options,
            alphas=",".join(map(str, TESTED_ALPHAS)),
            names=option("--names", SETTINGS.data.otb_list),
            frames=option("--max-frames", SETTINGS.data.otb_max_frames),
            protocol=protocol,
            settings=as_is(to_json(SETTINGS.tracker)),
            version=VERSIONS["track-otb"],
        shell:
            "chromatrack track-otb --checkpoint {input.checkpoint:q} --root {params.root:q}"
            " --alphas {params.alphas} --output {params.runs:q} {params.options:q}"
            " {params.names:q} {params.frames:q} --protocol {params.protocol}"
            " --settings {params.settings:q} --compute {resources.compute:q} 2>&1 | tee {log:q}"


rule track_classical:
    input:
        world=WORLD,
    output:
        run=f"{RUN}/{{otb}}/{{tracker}}/run.json",
    log:
        f"{RUN}/logs/{{otb}}/{{tracker}}.log",
    benchmark:
        f"{RUN}/logs/{{otb}}/{{tracker}}.tsv"
    wildcard_constraints:
        tracker=CLASSICAL_NAME,
    conda:
        "../../envs/chromatrack.yaml"
    params:
        root=str(DATA.otb),
        names=option("--names", SETTINGS.data.otb_list),
        frames=option("--max-frames", SETTINGS.data.otb_max_frames),
        protocol=protocol,
        version=VERSIONS["track-classical"],
    shell:
        "chromatrack track-classical otb --tracker {wildcards.tracker} --root {params.root:q}"
        " --output {output.run:q} {params.names:q} {params.frames:q}"
        " --protocol {params.protocol} 2>&1 | tee {log:q}"


rule evaluate_otb:
    input:
        run=f"{RUN}/{{otb}}/{{tracker}}/run.json",
    output:
        scores=f"{RUN}/{{otb}}/{{tracker}}/scores.json",
    log:
        f"{RUN}/logs/{{otb}}/{{tracker}}-scores.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        root=str(DATA.otb),
        results=f"{RUN}/{{otb}}/{{tracker}}/boxes",
        attributes=option("--attributes", DATA.otb_attributes),
        names=option("--names", SETTINGS.data.otb_list),
        frames=option("--frames-limit", SETTINGS.data.otb_max_frames),
        protocol=protocol,
        version=VERSIONS["evaluate"],
    shell:
        "chromatrack evaluate otb --annotations {params.root:q} --results {params.results:q}"
        " --output {output.scores:q} --tracker {wildcards.tracker} {params.attributes:q}"
        " {params.names:q} {params.frames:q} --protocol {params.protocol}"
        " > {log:q} 2>&1 || {{ cat {log:q} >&2; exit 1; }}"


# All trackers by one protocol: a table and plots. Nothing depends on it: ask for otb, otb_tre or
# otb_sre of it, or for `otb_starts_all` (docs/otb.md).
rule compare_otb:
    input:
        runs=expand(
            "{run}/{{otb}}/{name}/run.json", run=RUN, name=[*TRACKERS, *CLASSICAL]
        ),
    output:
        scores=f"{RUN}/{{otb}}/trackers.json",
        table=f"{RUN}/{{otb}}/trackers.txt",
        plots=directory(f"{RUN}/{{otb}}/plots"),
    log:
        f"{RUN}/logs/{{otb}}/trackers.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        root=str(DATA.otb),
        results=expand(
            "{run}/{{otb}}/{name}/boxes", run=RUN, name=[*TRACKERS, *CLASSICAL]
        ),
        attributes=option("--attributes", DATA.otb_attributes),
        names=option("--names", SETTINGS.data.otb_list),
        frames=option("--frames-limit", SETTINGS.data.otb_max_frames),
        protocol=protocol,
        version=VERSIONS["evaluate"],
    shell:
        "chromatrack evaluate otb --annotations {params.root:q} --results {params.results:q}"
        " --output {output.scores:q} --plot {output.plots:q} {params.attributes:q}"
        " {params.names:q} {params.frames:q} --protocol {params.protocol}"
        " 2> {log:q} > {output.table:q} || {{ cat {log:q} >&2; exit 1; }}"


rule otb_starts_all:
    input:
        expand("{run}/{otb}/trackers.json", run=RUN, otb=["otb_tre", "otb_sre"]),


rule track_vot:
    input:
        world=WORLD,
        checkpoint=tracker_checkpoint,
    output:
        scores=f"{RUN}/vot/{{tracker}}.json",
    log:
        f"{RUN}/logs/vot/{{tracker}}.log",
    wildcard_constraints:
        tracker=SIAMESE_NAME,
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        compute=COMPUTE,
    params:
        root=str(DATA.vot),
        options=tracker_options,
        frames=option("--max-frames", SETTINGS.data.vot_max_frames),
        challenge=SETTINGS.data.vot_challenge,
        settings=as_is(to_json(SETTINGS.tracker)),
        version=VERSIONS["track-vot"],
    shell:
        "chromatrack track-vot --checkpoint {input.checkpoint:q} --root {params.root:q}"
        " --output {output.scores:q} {params.options:q} {params.frames:q}"
        " --challenge {params.challenge} --settings {params.settings:q}"
        " --compute {resources.compute:q} 2>&1 | tee {log:q}"


rule track_vot_classical:
    input:
        world=WORLD,
    output:
        scores=f"{RUN}/vot/{{tracker}}.json",
    log:
        f"{RUN}/logs/vot/{{tracker}}.log",
    wildcard_constraints:
        tracker=CLASSICAL_NAME,
    conda:
        "../../envs/chromatrack.yaml"
    params:
        root=str(DATA.vot),
        frames=option("--max-frames", SETTINGS.data.vot_max_frames),
        challenge=SETTINGS.data.vot_challenge,
        version=(VERSIONS["track-vot"], VERSIONS["track-classical"]),
    shell:
        "chromatrack track-classical vot --tracker {wildcards.tracker} --root {params.root:q}"
        " --output {output.scores:q} {params.frames:q} --challenge {params.challenge}"
        " 2>&1 | tee {log:q}"


# The same experiment by vot-toolkit itself (docs/vot.md); `./run vot` installs it. Nothing depends
# on it: ask for a file, or for `vot_official_all`.
rule vot_official:
    input:
        world=WORLD,
        checkpoint=vot_tracker_checkpoint,
    output:
        scores=f"{RUN}/vot_official/{{tracker}}.json",
    log:
        f"{RUN}/logs/vot_official/{{tracker}}.log",
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        compute=COMPUTE,
    params:
        root=str(DATA.vot),
        options=vot_tracker_options,
        frames=option("--max-frames", SETTINGS.data.vot_max_frames),
        challenge=SETTINGS.data.vot_challenge,
        settings=as_is(to_json(SETTINGS.tracker)),
        version=(VERSIONS["vot-official"], VERSIONS["track-vot"]),
    shell:
        "chromatrack vot-official {params.options:q} --name {wildcards.tracker}"
        " --root {params.root:q} --output {output.scores:q} {params.frames:q}"
        " --challenge {params.challenge} --settings {params.settings:q}"
        " --compute {resources.compute:q} 2>&1 | tee {log:q}"


rule vot_official_all:
    input:
        expand("{run}/vot_official/{name}.json", run=RUN, name=[*TRACKERS, *CLASSICAL]),


rule track_got10k:
    input:
        world=WORLD,
        checkpoint=tracker_checkpoint,
    output:
        run=f"{RUN}/got10k/{{tracker}}/run.json",
    log:
        f"{RUN}/logs/got10k/{{tracker}}.log",
    wildcard_constraints:
        tracker=SIAMESE_NAME,
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        compute=COMPUTE,
    params:
        root=str(DATA.got10k_val),
        options=tracker_options,
        settings=as_is(to_json(SETTINGS.tracker)),
        version=VERSIONS["track-got10k"],
    shell:
        "chromatrack track-got10k --checkpoint {input.checkpoint:q} --root {params.root:q}"
        " --output {output.run:q} {params.options:q} --settings {params.settings:q}"
        " --compute {resources.compute:q} 2>&1 | tee {log:q}"


rule track_got10k_classical:
    input:
        world=WORLD,
    output:
        run=f"{RUN}/got10k/{{tracker}}/run.json",
    log:
        f"{RUN}/logs/got10k/{{tracker}}.log",
    wildcard_constraints:
        tracker=CLASSICAL_NAME,
    conda:
        "../../envs/chromatrack.yaml"
    params:
        root=str(DATA.got10k_val),
        version=VERSIONS["track-classical"],
    shell:
        "chromatrack track-classical got10k --tracker {wildcards.tracker}"
        " --root {params.root:q} --output {output.run:q} 2>&1 | tee {log:q}"


rule evaluate_got10k:
    input:
        run=f"{RUN}/got10k/{{tracker}}/run.json",
    output:
        scores=f"{RUN}/got10k/{{tracker}}/scores.json",
    log:
        f"{RUN}/logs/got10k/{{tracker}}-scores.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        root=str(DATA.got10k_val),
        results=f"{RUN}/got10k/{{tracker}}/boxes",
        version=VERSIONS["evaluate"],
    shell:
        "chromatrack evaluate got10k --annotations {params.root:q} --results {params.results:q}"
        " --output {output.scores:q} --tracker {wildcards.tracker} > {log:q} 2>&1"
        " || {{ cat {log:q} >&2; exit 1; }}"


rule propagate_davis:
    input:
        world=WORLD,
        checkpoint=segmentation_checkpoint,
    output:
        run=f"{RUN}/davis/{{segmentation}}/run.json",
    log:
        f"{RUN}/logs/davis/{{segmentation}}.log",
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        compute=COMPUTE,
    params:
        root=str(DATA.davis),
        checkpoint=lambda wildcards, input: option(
            "--checkpoint", input.get("checkpoint") or None
        ),
        method=lambda wildcards: SEGMENTATIONS[wildcards.segmentation].method,
        frames=option("--max-frames", SETTINGS.data.davis_max_frames),
        settings=segmentation_settings,
        version=VERSIONS["propagate-davis"],
    shell:
        "chromatrack propagate-davis {params.checkpoint:q} --root {params.root:q}"
        " --output {output.run:q} --method {params.method} {params.frames:q}"
        " --settings {params.settings:q} --compute {resources.compute:q} 2>&1 | tee {log:q}"


rule evaluate_davis:
    input:
        run=f"{RUN}/davis/{{segmentation}}/run.json",
    output:
        scores=f"{RUN}/davis/{{segmentation}}/scores.json",
        table=f"{RUN}/davis/{{segmentation}}/global_results-val.csv",
        objects=f"{RUN}/davis/{{segmentation}}/per-sequence_results-val.csv",
    log:
        f"{RUN}/logs/davis/{{segmentation}}-scores.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        root=str(DATA.davis),
        results=subpath(output.scores, parent=True),
        frames=option("--frames-limit", SETTINGS.data.davis_max_frames),
        version=VERSIONS["evaluate"],
    shell:
        "chromatrack evaluate davis --annotations {params.root:q} --results {params.results:q}"
        " --output {output.scores:q} {params.frames:q} > {log:q} 2>&1"
        " || {{ cat {log:q} >&2; exit 1; }}"


# A grey video coloured by what the network copies: how well it points, to look at.
rule colorize:
    input:
        world=WORLD,
        checkpoint=f"{RUN}/colorization/{{trunk}}-pretrained-seed{SETTINGS.seeds[0]}/model.pt",
    output:
        video=f"{RUN}/colorized/{{trunk}}.mp4",
    log:
        f"{RUN}/logs/colorized/{{trunk}}.log",
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        compute=COMPUTE,
    params:
        root=str(DATA.davis),
        frames=option("--max-frames", SETTINGS.data.davis_max_frames),
        settings=as_is(to_json(replace(SETTINGS.propagation, methods=("soft",)))),
        version=VERSIONS["colorize"],
    shell:
        "chromatrack colorize --checkpoint {input.checkpoint:q} --output {output.video:q}"
        " {params.frames:q} --settings {params.settings:q} --compute {resources.compute:q}"
        " -- {params.root:q} 2>&1 | tee {log:q}"
