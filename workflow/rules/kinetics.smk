# Requires a clip list and a source of videos. Produces, per shard of the list, a ledger with one row
# per clip, and the clips beside it. Clips are no outputs of a rule: what is earned is never deleted.

CLIP_SETTINGS = layout.clip_settings(SETTINGS)
CLIP_LIST = layout.clip_list(SETTINGS)


checkpoint shards:
    input:
        world=WORLD,
        clip_list=[] if WORLD else str(CLIP_LIST),
    output:
        index=f"{RUN}/clips/shards/index.txt",
    log:
        f"{RUN}/logs/shards.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        clip_list=(
            f"--got10k={CLIP_LIST.parent}"
            if CLIP_SETTINGS.source.kind == "got10k"
            else str(CLIP_LIST)
        ),
        folder=subpath(output.index, parent=True),
        shard_size=SETTINGS.clips.shard_size,
        version=VERSIONS["shards"],
    shell:
        "chromatrack shards {params.clip_list:q} --output {params.folder:q}"
        " --shard-size {params.shard_size} 2>&1 | tee {log:q}"


rule fetch:
    input:
        world=WORLD,
        shard=f"{RUN}/clips/shards/{{shard}}.csv",
    output:
        ledger=f"{RUN}/clips/ledgers/{{shard}}.csv",
    log:
        f"{RUN}/logs/fetch/{{shard}}.log",
    conda:
        "../../envs/chromatrack.yaml"
    resources:
        # How long to wait for a site makes nothing again.
        back_off=to_json(CLIP_SETTINGS.back_off),
        compute=COMPUTE,
    params:
        settings=as_is(to_json(replace(CLIP_SETTINGS, back_off=BackOffSettings()))),
        clips=f"{RUN}/clips/files/{{shard}}",
        gate=f"{RUN}/clips/gate.json",
        version=VERSIONS["fetch"],
    shell:
        "chromatrack fetch --shard {input.shard:q} --clips {params.clips:q}"
        " --ledger {output.ledger:q} --gate {params.gate:q} --settings {params.settings:q}"
        " --back-off {resources.back_off:q} --compute {resources.compute:q} 2>&1 | tee {log:q}"
