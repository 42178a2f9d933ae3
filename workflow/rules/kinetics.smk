# Requires a clip list and a source of videos. Produces, per shard of the list, a ledger with one row
# per clip, and the clips beside it. Clips are no outputs of a rule: what is earned is never deleted.


checkpoint shards:
    input:
        world=WORLD,
        clip_list=[] if WORLD else str(DATA.kinetics_list),
    output:
        index=f"{RUN}/clips/shards/index.txt",
    log:
        f"{RUN}/logs/shards.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        clip_list=str(DATA.kinetics_list),
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
    params:
        settings=as_is(to_json(layout.clip_settings(SETTINGS))),
        clips=f"{RUN}/clips/files/{{shard}}",
        version=VERSIONS["fetch"],
    shell:
        "chromatrack fetch --shard {input.shard:q} --clips {params.clips:q}"
        " --ledger {output.ledger:q} --settings {params.settings:q} 2>&1 | tee {log:q}"
